"""The exporter's house without its doors: what ``exporter.app`` composes, on a clock that is set.

The API server's answers and the scrapes come as orders; all that keeps state is the real thing.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from exporter.checkpoint.beginning import begin
from exporter.checkpoint.recorder import Recorder
from exporter.checkpoint.state import Cut, Restored
from exporter.checkpoint.store import Store
from exporter.config import Config
from exporter.events import EventObject, Ledger
from exporter.kube.frames import FrameReader
from exporter.kube.listwatch import ListWatch
from exporter.kube.request import Phase
from exporter.kube.telemetry import Telemetry
from exporter.metrics.births import Births, Scrapers
from exporter.metrics.page import Page
from exporter.metrics.text import Format
from exporter.pipeline import Counting, Journal, Scope
from exporter.rules.loading import load
from exporter.selfmetrics import ProcessMetrics, SelfMetrics, Watched
from exporter.watching import LEDGER_LIMIT
from tests.plateau.figures import Figures

_ABOUT = "the town"
RuleFiles = Sequence[tuple[str, str]]
"""Names and texts."""
_GENERATION_SECONDS = 60.0
_SERIES_SECONDS = 3600.0
_MB, _KB = 1e6, 1e3


class House(ABC):
    """What a leader and a standby have in common: they list, watch and count.

    ``now`` is the cluster's time, Unix seconds; the monotonic clock begins with the process.
    """

    def __init__(self, config: Config, rules: RuleFiles, now: float) -> None:
        self.now = now
        self._began = now
        self._lifetime = max(int(config.series_ttl / _GENERATION_SECONDS), 1)
        self.births = Births(self._monotonic)
        self._rules = load(rules, self._monotonic)
        self.counting = Counting(self._rules, self.births, series_limit=config.series_limit)
        self.ledger = Ledger(
            retention=max(2 * config.event_ttl, _SERIES_SECONDS), limit=LEDGER_LIMIT
        )
        self.scope = Scope(
            self.counting, self.ledger, monotonic=self._monotonic, wall=lambda: self.now
        )
        self.telemetry = Telemetry()
        self._protocol = ListWatch(
            FrameReader(EventObject),
            self.scope,
            self.telemetry,
            note=_note,
            uniform=lambda: 0.5,
            streaming=False,
        )
        self._watching = False

    def listed(self, body: bytes) -> None:
        """A page of a list."""
        self._ask(Phase.LIST)
        self._protocol.page(body, self._monotonic())

    def watched(self, lines: bytes) -> None:
        """Lines of a watch, which is opened if none is open."""
        if not self._watching:
            self._ask(Phase.WATCH)
        self._watching = self._protocol.block(lines, self._monotonic())

    def closed(self) -> None:
        """The server ends the watch."""
        if self._watching:
            self._protocol.ended(self._monotonic(), truncated=False)
        self._watching = False

    def minute(self) -> None:
        """The chores of the exporter, one a minute."""
        self.counting.next_generation(self._lifetime)
        self.ledger.forget(self._monotonic())

    def figures(self) -> Figures:
        """How large everything is."""
        return Figures(
            resident=round(_resident() / _MB, 1),
            blocks=round(sys.getallocatedblocks() / 1e3, 1),
            ledger=len(self.ledger),
            series=sum(map(len, self.counting.families())),
            open=sum(map(len, self._rules.lifecycles.values())),
            waiting=self._waiting(),
            checkpoint=round(self._file_size() / _KB),
            counted=self.counting.total,
        )

    @abstractmethod
    def _waiting(self) -> int:
        """Changes that nobody has seen yet."""

    def _file_size(self) -> int:
        return 0

    def _monotonic(self) -> float:
        return self.now - self._began

    def _ask(self, phase: Phase) -> None:
        """The next request, which must be of this phase, and is granted."""
        asked = self._protocol.next_request().phase
        if asked is not phase:
            raise RuntimeError(f"the exporter asks for a {asked.value} and gets a {phase.value}")
        self._protocol.accepted(self._monotonic(), self.now)


class Leader(House):
    """Is scraped, and keeps a checkpoint, from which it goes on."""

    def __init__(self, config: Config, rules: RuleFiles, now: float) -> None:
        super().__init__(config, rules, now)
        self._scrapers = Scrapers(self.births, self._monotonic)
        store, restored = begin(
            Path(config.checkpoint_path), Store, lambda file: file.load(_ABOUT), _note
        )
        if store is None or restored is None:
            raise RuntimeError(f"no checkpoint at {config.checkpoint_path}")
        self._store = store
        self._restore(restored)
        self._recorder = Recorder({"": self.ledger}, self.counting.bounded, self._scrapers.names)
        own = SelfMetrics(
            self.births, self._scrapers, self.counting, [Watched(self.telemetry, self.scope)]
        )
        self._page = Page(
            (*self.counting.families(), *own.families()),
            self.births,
            self._scrapers,
            refresh=own.refresh,
            foreign=ProcessMetrics(),
        )
        self._page.witnesses = (self,)

    def scraped(self, scraper: str, connection: int, format_: Format, *, sent: bool) -> int:
        """Make a page, all of it; its bytes."""
        parts, showing = self._page.render(format_, scraper, connection)
        size = len(b"".join(parts))
        if sent and scraper:
            self._page.shown(showing)
        return size

    def showing(self, seen: int) -> Cut:
        """As ``checkpoint.committer`` does, but that the commit is done at once."""
        return self._recorder.cut(seen)

    def shown(self, cut: Cut) -> None:
        """Commit."""
        self._recorder.shown(cut)
        due = self._recorder.take_due()
        if due is not None:
            self._store.commit(due)

    def _restore(self, restored: Restored) -> None:
        self.ledger.seed = restored.seed
        for kept in restored.ledgers.values():
            self.ledger.restore(
                kept.entries,
                since=kept.marks.since,
                evicted_up_to=kept.marks.evicted_up_to,
                clock=kept.marks.clock,
                now=self._monotonic(),
            )
        for held in restored.held:
            if not self.counting.add(*held.what):
                raise RuntimeError(f"{held} fits no family")
        self._scrapers.restore(restored.scrapers)

    def _waiting(self) -> int:
        cuts = [*self._recorder._open, *filter(None, [self._recorder._due])]
        kept = sum(len(changes.entries) for cut in cuts for changes in cut.changes.values())
        return kept + len(self.ledger._changed or ())

    def _file_size(self) -> int:
        return self._store.size()


class Standby(House):
    """Counts, shows nothing, and keeps a journal of what the leader has not yet shown."""

    def __init__(self, config: Config, rules: RuleFiles, now: float) -> None:
        super().__init__(config, rules, now)
        self._journal = Journal(self.counting, ("",))
        self.scope.occurred = self._journal.standing_by

    def handed_over(self, version: int) -> None:
        """The leader was scraped."""
        self._journal.seen({"": version})
        self.counting.refresh()  # as its own page does, of which all but the events is shown

    def _waiting(self) -> int:
        return len(self._journal)


def _resident() -> int:
    """Bytes of this process (proc(5), VmRSS)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("no VmRSS in /proc/self/status")


def _note(level: str, message: str, fields: dict[str, object]) -> None:
    """An error here is an error of the play."""
    if level == "error":
        raise RuntimeError(f"{message}: {fields}")
