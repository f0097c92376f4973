# SPDX-License-Identifier: Apache-2.0
"""Lifecycles: an opening event and the closing event that ends it, on event time.

opening, none open        the pair begins
opening, one open         it is alive, for another maximum age. ``first``: it goes on as it
                          began; ``newest``: it begins anew (an attempt cut off by a kubelet
                          restart has no end, its retry opens anew)
closing, one open         the pair ends; its duration is 0 at the least, and skewed where the
                          closing lies before the opening (two clocks, or one-second stamps)
closing, none open        unmatched: the opening was never seen, or is abandoned
silent for the maximum    abandoned; the same where there is no room
age
"""

from __future__ import annotations

from collections.abc import Callable

from exporter.rules.keys import Key

MAX_OPEN = 20_000
_PURGES_AN_AGE = 16


class Lifecycle:
    """The open pairs of one kind. ``clock`` gives seconds that do not go back.

    A plain dictionary: an expiring cache that looks at its clock each time costs as much
    as all the rest that is done for an event.
    """

    def __init__(
        self,
        max_age: float,
        clock: Callable[[], float],
        *,
        newest: bool = False,
        primed: bool = True,
        max_open: int = MAX_OPEN,
    ) -> None:
        self.newest = newest
        self.primed = primed
        """Whether a first list may begin pairs."""
        self.opened = 0
        """Pairs that began."""
        self.repeated = 0
        """Openings of a pair that was open."""
        self.closed: dict[str, int] = {}
        """Pairs that ended, by outcome."""
        self.unmatched = 0
        self.skewed = 0
        self.abandoned = 0
        self._max_age = max_age
        self._max_open = max_open
        self._clock = clock
        self._purge_after = clock() + max_age / _PURGES_AN_AGE
        self._open: dict[Key, tuple[float, float, float]] = {}
        """When it began and when it was last told, in Unix seconds; the latter on our clock."""

    def anew(self) -> Lifecycle:
        """One of the same kind, with nothing open and nothing counted."""
        return Lifecycle(
            self._max_age,
            self._clock,
            newest=self.newest,
            primed=self.primed,
            max_open=self._max_open,
        )

    def __len__(self) -> int:
        self._purge(self._clock())
        return len(self._open)

    def open(self, key: Key, at: float, told: float = 0.0) -> None:
        """Opened at ``at``, Unix seconds of the event, which also told of it at ``told``."""
        if not at:  # an event without a time opens nothing that could be measured
            return
        now = self._clock()
        told = max(at, told)
        before = self._open.pop(key, None)
        if before is None:
            self.opened += 1
            self._open[key] = (at, told, now)
        elif now - before[2] < self._max_age:
            self.repeated += 1
            # What was told last stands last.
            self._open[key] = (at if self.newest else before[0], max(told, before[1]), now)
        else:
            self.opened += 1
            self.abandoned += 1
            self._open[key] = (at, told, now)
        if now > self._purge_after:
            self._purge(now)
        if len(self._open) > self._max_open:
            del self._open[next(iter(self._open))]
            self.abandoned += 1

    @property
    def room(self) -> int:
        """So many more can be open without pushing one out."""
        return self._max_open - len(self)

    def close(self, key: Key, at: float, outcome: str, *, optional: bool = False) -> float | None:
        """Seconds since the opening, 0 at the least; None where there is none.

        ``optional``: a closing without an opening is normal. A closing without a time ends
        the pair and measures nothing.
        """
        opened = self._open.pop(key, None)
        # Stamps can be anything: what they make older than the maximum age is not believed.
        if opened and self._clock() - opened[2] < self._max_age and at - opened[1] < self._max_age:
            self.closed[outcome] = self.closed.get(outcome, 0) + 1
            if not at:
                return None
            if at < opened[0]:
                self.skewed += 1
                return 0.0
            return at - opened[0]
        if opened:
            self.abandoned += 1
        if not optional:
            self.unmatched += 1
        return None

    def prime(self, key: Key, at: float, told: float = 0.0) -> None:
        """Open from before we looked: nothing is counted, and what was seen to begin stays."""
        if at and self.room > 0 and key not in self._open:
            self._open[key] = (at, max(at, told), self._clock())

    def _purge(self, now: float) -> None:
        self._purge_after = now + self._max_age / _PURGES_AN_AGE
        dead = []
        for key, (_, _, told) in self._open.items():  # oldest first
            if now - told < self._max_age:
                break
            dead.append(key)
        for key in dead:
            del self._open[key]
        self.abandoned += len(dead)
