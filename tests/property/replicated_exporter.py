"""Two exporters of which one leads, and the Prometheus that scrapes both."""

from __future__ import annotations

from exporter.checkpoint.handover import Handover, read, written
from exporter.checkpoint.recorder import Recorder
from exporter.checkpoint.state import Cut
from exporter.events import Ledger
from exporter.metrics.births import Births, Scrapers
from exporter.metrics.page import Page
from exporter.metrics.text import Format
from exporter.pipeline import Counting, Journal
from exporter.rules.loading import load
from tests.property.dying_exporter import RULES, Prometheus, speaking
from tests.property.event_store import Store
from tests.unit.events.records import EPOCH
from tests.unit.metrics.house import samples


class Lease:
    """What its holder wrote last."""

    def __init__(self) -> None:
        self.payload = ""


class Replica:
    """One exporter, with a watch of its own; a standby until it takes over."""

    def __init__(self, cluster: Store, lease: Lease) -> None:
        self.server = Prometheus()
        """Sees it as an instance of its own."""
        self._cluster = cluster
        self._lease = lease
        self._leads = False
        births = Births(lambda: 0.0)
        self._scrapers = Scrapers(births, lambda: 0.0)
        self._counting = Counting(load([("r.yaml", RULES)], lambda: 0.0), births, series_limit=100)
        self._journal = Journal(self._counting, ("",))
        self._occurred = self._journal.standing_by
        self._ledger = Ledger(retention=1e9, limit=1000)
        self._recorder = Recorder(
            {}, self._counting.bounded, self._scrapers.names, lambda: {"": self._version}
        )
        self._page = Page(self._counting.families(), births, self._scrapers)
        self._page.witness = self
        self._ledger.begin_list(server_time=EPOCH + cluster.now)
        for record in cluster.objects.values():
            self._ledger.listed(speaking(record))
        self._ledger.publish_list(cluster.version, 0.0)
        self._version, self._position = cluster.version, len(cluster.history)

    def watch(self, frames: int) -> None:
        """So many of the frames that were not yet delivered to it."""
        for frame in self._cluster.history[self._position : self._position + frames]:
            record = speaking(frame.record)
            if frame.type == "DELETED":
                self._ledger.ended(record, 0.0)
            elif times := self._ledger.changed(record):
                self._occurred(record, times, 1e12)
            self._position += 1
            self._version = record.resource_version

    def scrape(self) -> None:
        """By its Prometheus; a standby has no event families to show."""
        parts, showing = self._page.render(Format.TEXT, "10.0.0.1 Prometheus", id(self))
        body = b"".join(parts).decode()
        self._page.shown(showing)
        if self._leads:
            self.server.receive(dict(samples(body)))

    def showing(self, seen: int) -> Cut | None:
        return self._recorder.cut(seen) if self._leads else None

    def shown(self, cut: Cut | None) -> None:
        if cut is not None:
            self._recorder.shown(cut)
            due = self._recorder.take_due()
            assert due is not None
            self._lease.payload, dropped = written(due, 100_000)
            assert not dropped

    def observes(self) -> None:
        """What the leader wrote."""
        self._journal.seen(self._handover().versions)

    def takes_over(self) -> None:
        """The leader is no more."""
        handover = self._handover()
        if self._lease.payload:
            self._journal.seen(handover.versions)
            self._journal.take_over([each.what for each in handover.held])
        self._occurred = self._journal.leading
        self._leads = True

    def _handover(self) -> Handover:
        found = read(self._lease.payload)
        assert found is not None
        return found
