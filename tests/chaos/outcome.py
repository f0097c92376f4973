"""What came of a run: the truth beside what Prometheus has seen, and whether they are one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tests.chaos.killing import Killer
from tests.chaos.setup import Setup
from tests.chaos.truth import EVENTS, METRICS, Counts, Labels

_SHOWN = 12
"""Differences that a message spells out."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One label set of which a Prometheus has not seen the truth."""

    prometheus: str
    metric: str
    labels: Labels
    truth: int
    seen: int
    history: str = ""
    """Its samples."""

    def __str__(self) -> str:
        """One line."""
        spelled = ", ".join(f'{name}="{value}"' for name, value in self.labels)
        return (
            f"{self.prometheus}: {self.metric}{{{spelled}}}: occurred {self.truth}, "
            f"seen {self.seen}" + (f"\n    {self.history}" if self.history else "")
        )


@dataclass(slots=True)
class Outcome:
    """Of one run."""

    setup: Setup
    occurrences: int = 0
    label_sets: int = 0
    """Compared with each Prometheus, over all metrics."""
    pages: int = 0
    """Whole ones, over all scrapers and exporters."""
    kills: int = 0
    kills_in_page: int = 0
    ended_in_order: int = 0
    put_off: int = 0
    """Times that a kill would have met the window that is not promised."""
    faults: Counter[str] = field(default_factory=Counter)
    writes: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)

    @property
    def lost(self) -> int:
        """Occurrences that a Prometheus lacks."""
        return sum(max(d.truth - d.seen, 0) for d in self.differences if d.metric == EVENTS)

    @property
    def doubled(self) -> int:
        """Occurrences that a Prometheus has seen more often than they were."""
        return sum(max(d.seen - d.truth, 0) for d in self.differences if d.metric == EVENTS)

    def took_lives(self, killers: Iterable[Killer]) -> None:
        """What they did in all."""
        for killer in killers:
            self.kills += killer.kills
            self.kills_in_page += killer.in_page
            self.put_off += killer.put_off

    def compare(
        self,
        prometheus: str,
        truth: Counts,
        seen: Counts,
        history: Callable[[str, Labels], str] = lambda _metric, _labels: "",
    ) -> None:
        """Note what differs; of the first of it the ``history`` too."""
        for metric in METRICS:
            for labels in sorted(truth[metric].keys() | seen[metric].keys()):
                occurred, counted = truth[metric][labels], seen[metric][labels]
                if occurred != counted:
                    told = history(metric, labels) if len(self.differences) < _SHOWN else ""
                    self.differences.append(
                        Difference(prometheus, metric, labels, occurred, counted, told)
                    )

    def summary(self) -> str:
        """One line, for people who wait."""
        verdict = "exact" if not self.differences else f"{len(self.differences)} DIFFERENCES"
        return (
            f"{self.setup.variant}, seed {self.setup.seed}: {verdict}; "
            f"{self.occurrences} occurrences, {self.label_sets} label sets, {self.pages} pages, "
            f"{self.kills} kills ({self.kills_in_page} in a page, {self.put_off} put off), "
            f"{self.ended_in_order} ends in order, {self.faults.total()} faults, "
            f"lost {self.lost}, doubled {self.doubled}"
        )

    def report(self) -> str:
        """All there is to say of a run that failed, the way to repeat it included."""
        shown = [str(difference) for difference in self.differences[:_SHOWN]]
        more = len(self.differences) - len(shown)
        return "\n".join(
            (
                self.summary(),
                f"again: {self.setup.command()}",
                f"faults: {_told(self.faults)}",
                f"writes: {_told(self.writes)}",
                *shown,
                *([f"and {more} more"] if more else []),
            )
        )


def _told(counts: Counter[str]) -> str:
    return ", ".join(f"{kind} {number}" for kind, number in sorted(counts.items()))
