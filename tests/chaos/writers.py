"""Those who write events: old label sets often, new ones all the time, some only once."""

from __future__ import annotations

import random
from collections.abc import Callable

from exporter.demo import LegacyRecorder, ObjectRef, SeriesRecorder
from exporter.demo.recorders import NameSource
from tests.chaos.acts import NORMAL, WARNING, Act, Acts
from tests.chaos.cast import UNSCHEDULABLE
from tests.chaos.objects import Objects
from tests.chaos.store import TalliedStore
from tests.chaos.truth import Truth

_RECENT = 300
_REMEMBERED = 3000
"""Acts that may repeat: recorders forget more than 4096."""
_OPERATORS = 20
_RARE = 1500
"""Distinct reasons that occur once; the exporter keeps 2000 apart."""
_UNPLACED = 20


class Scheduler:
    """A scheduler that cannot place pods: each becomes a series, most of it in memory only."""

    def __init__(self, recorder: SeriesRecorder, rng: random.Random) -> None:
        self._recorder = recorder
        self._rng = rng
        self._pods: list[ObjectRef] = []

    def fail(self, now: float, pod: Callable[[], ObjectRef]) -> None:
        """It cannot place a pod, often one that it could not place before."""
        if len(self._pods) < _UNPLACED or self._rng.random() < 0.3:
            self._pods = [*self._pods, pod()][-_UNPLACED:]
        self._record(now, self._rng.choice(self._pods))

    def tick(self, now: float, _seen: float) -> None:
        """Write what is due."""
        self._recorder.tick(now)

    def _record(self, now: float, pod: ObjectRef) -> None:
        self._recorder.record(
            now, pod, WARNING, "FailedScheduling", UNSCHEDULABLE, action="Scheduling"
        )


class OldScheduler(Scheduler):
    """One of before client-go 0.25.13, whose series begin at 1.

    Only who sees the 1 can know that. Real ones write the next count minutes later; these
    wait until the 1 was surely seen.
    """

    _began = 0.0

    def fail(self, now: float, pod: Callable[[], ObjectRef]) -> None:
        """It cannot place one of its pods; of a new one it says so twice, so there is a series."""
        if not self._pods:
            self._began = now
            self._pods = [pod() for _ in range(_UNPLACED)]
            for each in self._pods * 2:
                self._record(now, each)
        self._record(now, self._rng.choice(self._pods))

    def tick(self, now: float, seen: float) -> None:
        """Write what is due, if what was written until ``seen`` is enough."""
        if self._pods and self._began < seen:
            self._recorder.tick(now)
            self._pods = []


class Writers:
    """All who write into one store."""

    def __init__(
        self,
        store: TalliedStore,
        rng: random.Random,
        truth: Truth,
        started: float,
        *,
        limited: bool,
    ) -> None:
        names = NameSource()
        self.objects = Objects(rng)
        self._rng = rng
        self._acts = Acts(store, rng, truth, self.objects, names, limited=limited)
        self._past: list[Act] = []
        self._rare = iter(range(_RARE))
        self._operators = [
            LegacyRecorder(store, f"operator-{n}", truth=truth.recorded, names=names)
            for n in range(_OPERATORS)
        ]

        def recorder(component: str, first_count: int) -> SeriesRecorder:
            return SeriesRecorder(
                store,
                component,
                started=started,
                truth=truth.recorded,
                names=names,
                finish=3.0,
                refresh=5.0,
                first_count=first_count,
            )

        self._schedulers = (
            Scheduler(recorder("default-scheduler", 2), rng),
            OldScheduler(recorder("old-scheduler", 1), rng),
        )

    def past(self, now: float, occurrences: int) -> None:
        """What happened before anybody looked; nothing of it was held back."""
        for _ in range(occurrences):
            self._do(self._acts.plain(), now)

    def write(self, now: float) -> None:
        """Something happens."""
        kinds = ("again", "anew", "rare", "unplaced", "unplaced by an old one")
        (kind,) = self._rng.choices(kinds, (50, 36, 4, 7, 3))
        match kind:
            case "again" if self._past:
                recent = self._rng.random() < 0.7
                self._rng.choice(self._past[-_RECENT:] if recent else self._past)(now)
            case "rare":
                self._write_rare(now)
            case "unplaced":
                self._schedulers[0].fail(now, self.objects.pod)
            case "unplaced by an old one":
                self._schedulers[1].fail(now, self.objects.pod)
            case _:
                self._do(self._acts.any(), now)

    def tick(self, now: float, seen: float) -> None:
        """What is due; ``seen``: until when all that was written has surely been seen."""
        for scheduler in self._schedulers:
            scheduler.tick(now, seen)

    def say(self, now: float, reason: str) -> None:
        """One event of its own kind."""
        self._operators[0].record(now, self.objects.pod(), NORMAL, reason, "so it is said")

    def _do(self, act: Act, now: float) -> None:
        act(now)
        self._past.append(act)
        del self._past[:-_REMEMBERED]

    def _write_rare(self, now: float) -> None:
        number = next(self._rare, None)
        if number is not None:
            operator = self._operators[number % _OPERATORS]
            operator.record(now, self.objects.pod(), WARNING, f"Rare{number}", "it happened")
