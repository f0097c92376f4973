"""How one exporter fares: it watches the town, is cut off, is killed, and comes back."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle

from tests.plateau.orders import AnyOrder, Begin, Closed, Listed, Watched
from tests.plateau.subject import Subject
from tests.plateau.town import Town

# What a watch gets whose resourceVersion was compacted away.
_EXPIRED = (
    b'{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",'
    b'"message":"too old resource version","reason":"Expired","code":410}}\n'
)
_WATCH_SECONDS = 420.0
_CUT_OFF_SECONDS = 400.0
"""Longer than the town's history."""


class Timer:
    """Says that it is time, after so many seconds, in turns."""

    def __init__(self, start: float, *seconds: float) -> None:
        self._turns = cycle(seconds)
        self._next = start + next(self._turns)

    def due(self, now: float) -> bool:
        """Whether it is; once."""
        if now < self._next:
            return False
        self._next = now + next(self._turns)
        return True


class Watcher:
    """``begin`` makes the first order of each of its lives; ``cut_off`` and ``dies`` say when.

    ``dead_for``: seconds, in turns.
    """

    def __init__(
        self,
        subject: Subject,
        town: Town,
        begin: Callable[[float], Begin],
        *,
        now: float,
        cut_off: Timer,
        dies: Timer | None = None,
        dead_for: tuple[float, ...] = (20.0, 300.0, 60.0, 600.0),
    ) -> None:
        self.subject = subject
        self.version = 0
        """It was shown everything up to this resourceVersion."""
        self.crashes: list[float] = []
        """When it was killed."""
        self._town = town
        self._begin = begin
        self._cut_off = cut_off
        self._dies = dies
        self._dead_for = cycle(dead_for)
        self._closes = Timer(now, _WATCH_SECONDS)
        self._away = True
        self._back_at = now

    def advance(self, now: float, lines: bytes) -> None:
        """It is ``now``, and these are the news."""
        if self._away:
            if now >= self._back_at:
                self._come_back(now)
        elif self._dies and self._dies.due(now):
            self.subject.measure(now)  # so that it dies at the same point of each run
            self.subject.kill()
            self.crashes.append(now)
            self._leave(now + next(self._dead_for))
        elif self._cut_off.due(now):
            self._leave(now + _CUT_OFF_SECONDS)
        else:
            self._tell(Watched(now, lines))
            if self._closes.due(now):
                self._tell(Closed(now))

    def _leave(self, back_at: float) -> None:
        self._away, self._back_at = True, back_at

    def _come_back(self, now: float) -> None:
        self._away = False
        if self.subject.alive:
            self._tell(Watched(now, _EXPIRED))
        else:
            self.subject.begin(self._begin(now))
        for page in self._town.pages():
            self._tell(Listed(now, page))

    def _tell(self, order: AnyOrder) -> None:
        self.subject.tell(order)
        self.version = self._town.version
