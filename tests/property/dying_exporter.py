"""An exporter that dies, and the Prometheus that scrapes it: the whole way but for sockets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from exporter.checkpoint.recorder import Recorder
from exporter.checkpoint.state import Cut
from exporter.checkpoint.store import Store as CheckpointStore
from exporter.events import EventRecord, Ledger
from exporter.metrics.births import Births, Scrapers
from exporter.metrics.page import Page
from exporter.metrics.text import Format
from exporter.pipeline import Counting
from exporter.rules.loading import load
from tests.property.event_store import Store
from tests.unit.events.records import EPOCH
from tests.unit.metrics.house import samples

RULES = """
families:
  kube_event_slow_total: {type: counter, help: Slow things., labels: [cause]}
  kube_event_took_seconds: {type: histogram, help: Time., labels: [reason], buckets: [1, 2]}
rules:
  - id: took
    components: ['*']
    reasons: ['*']
    kinds: ['*']
    message: '^took (?P<time>[^ ]+)$'
    samples:
      - {family: kube_event_slow_total, labels: {cause: $reason}}
      - {family: kube_event_took_seconds, labels: {reason: $reason}, value: duration($time)}
"""
ABOUT = "a cluster"


class Process:
    """One life of the exporter: it lists what the store has, watches, and is scraped."""

    def __init__(self, path: Path, cluster: Store) -> None:
        self._cluster = cluster
        self._monotonic = 0.0
        self.file: CheckpointStore = CheckpointStore(path)
        births = Births(self._clock)
        self.scrapers = Scrapers(births, self._clock)
        self._counting = Counting(load([("r.yaml", RULES)], self._clock), births, series_limit=100)
        restored = self.file.load(ABOUT)
        self.ledger = Ledger(retention=1e9, limit=1000, seed=restored.seed)
        for kept in restored.ledgers.values():
            marks = kept.marks
            self.ledger.restore(
                kept.entries,
                since=marks.since,
                evicted_up_to=marks.evicted_up_to,
                clock=marks.clock,
                now=0.0,
            )
        for held in restored.held:
            assert self._counting.add(*held.what)
        self.scrapers.restore(restored.scrapers)
        self._recorder = Recorder({"": self.ledger}, self._counting.bounded, self.scrapers.names)
        self._page = Page(self._counting.families(), births, self.scrapers)
        self._page.witnesses = (self,)
        self.list()

    def _clock(self) -> float:
        return self._monotonic

    def list(self) -> None:
        """What is in the store now; the watch goes on behind it."""
        self.ledger.begin_list(server_time=EPOCH + self._cluster.now)
        for record in self._cluster.objects.values():
            self.ledger.listed(speaking(record))
        for record, times in self.ledger.publish_list(self._cluster.version, self._monotonic):
            self._counting.occurred(record, times)
        self._position = len(self._cluster.history)

    def watch(self, frames: int) -> None:
        """So many of the frames that were not yet delivered."""
        for frame in self._cluster.history[self._position : self._position + frames]:
            record = speaking(frame.record)
            if frame.type == "DELETED":
                self.ledger.ended(record, self._monotonic)
            elif times := self.ledger.changed(record):
                self._counting.occurred(record, times)
            self._position += 1

    def scrape(self, scraper: str, *, sent: bool, late: int = 0) -> dict[str, float]:
        """The samples of a page, of which a commit follows if it is sent; ``late``: so many
        frames arrive between the making of the page and its end.
        """
        parts, showing = self._page.render(Format.TEXT, scraper, id(self))
        body = b"".join(parts).decode()
        self.watch(late)
        if sent:
            self._page.shown(showing)
        return {k: v for k, v in samples(body).items() if "_metrics_" not in k}

    def showing(self, seen: int) -> Cut:
        return self._recorder.cut(seen)

    def shown(self, cut: Cut) -> None:
        self._recorder.shown(cut)
        due = self._recorder.take_due()
        assert due is not None
        self.file.commit(due)

    def die(self) -> None:
        """Without a word: only what was committed is left."""
        self.file.close()


class Prometheus:
    """Samples, and what ``increase()`` makes of them: the first one of a series adds nothing, and
    one that falls adds itself.
    """

    def __init__(self) -> None:
        self.increase: Counter[str] = Counter()
        self._last: dict[str, float] = {}

    def receive(self, page: Mapping[str, float]) -> None:
        for series, value in page.items():
            last = self._last.get(series)
            if last is not None:
                self.increase[series] += int(value if value < last else value - last)
            self._last[series] = value

    def meets_another_instance(self) -> None:
        """The pod has moved: its series are others, whose first samples add nothing."""
        self._last.clear()

    def counted(self, family: str, labels: Iterable[str]) -> Counter[str]:
        """The increases of a family by the value of the one label that tells its series apart."""
        found: Counter[str] = Counter()
        for series, increase in self.increase.items():
            for label in labels:
                if series.startswith(family + "{") and f'="{label}"' in series:
                    found[label] += increase
        return found


def speaking(record: EventRecord) -> EventRecord:
    """The same with a reason and a message that its name tells: many label sets."""
    reason = record.name.partition(".")[0]
    return msgspec.structs.replace(record, reason=reason, message=f"took {len(reason)}s")
