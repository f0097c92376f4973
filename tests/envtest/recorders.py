# SPDX-License-Identifier: Apache-2.0
"""Occurrences as client-go's two recorders write them to a real API server, and their truth."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

from tests.envtest.events import EventWriter

_KEPT = 40
"""Events of each kind that still repeat."""


class Recorders:
    """Each call of ``occur`` writes once; ``truth`` are the occurrences so far, by reason."""

    def __init__(self, writer: EventWriter, rng: random.Random) -> None:
        self.truth: Counter[str] = Counter()
        self._writer = writer
        self._rng = rng
        self._counted: list[tuple[str, str, int]] = []
        self._series: list[tuple[str, str, int]] = []
        self._rare = 0

    def occur(self) -> None:
        """Something new, something that happens once and never again, or a repeat."""
        acts: tuple[Callable[[], None], ...] = (
            self._new,
            self._repeat,
            self._new_series,
            self._tick,
            self._once,
        )
        (act,) = self._rng.choices(acts, (20, 35, 10, 20, 15))
        act()

    def _new(self) -> None:
        reason = f"Legacy{self._rng.randrange(12)}"
        born = self._rng.choice((1, 1, 1, 4))
        self._remember(self._counted, reason, self._writer.create(reason, count=born), born)
        self.truth[reason] += born

    def _repeat(self) -> None:
        """The count jumps where the recorder's own limiter held some back."""
        if self._counted:
            place = self._rng.randrange(len(self._counted))
            reason, name, count = self._counted[place]
            more = self._rng.choice((1, 1, 1, 7))
            self._writer.repeat(name, count + more)
            self._counted[place] = reason, name, count + more
            self.truth[reason] += more

    def _new_series(self) -> None:
        reason = f"Series{self._rng.randrange(6)}"
        self._remember(self._series, reason, self._writer.create_new_style(reason), 1)
        self.truth[reason] += 1

    def _tick(self) -> None:
        """The second occurrence makes it a series of 2; later ones come together."""
        if self._series:
            place = self._rng.randrange(len(self._series))
            reason, name, count = self._series[place]
            more = 1 if count == 1 else self._rng.randrange(1, 9)
            self._writer.repeat_new_style(name, count + more)
            self._series[place] = reason, name, count + more
            self.truth[reason] += more

    def _once(self) -> None:
        """A label set that is never seen again: who misses its birth misses all of it."""
        self._rare += 1
        reason = f"Once{self._rare}"
        self._writer.create(reason, warning=True)
        self.truth[reason] += 1

    def _remember(
        self, kept: list[tuple[str, str, int]], reason: str, name: str, count: int
    ) -> None:
        kept.append((reason, name, count))
        if len(kept) > _KEPT:
            kept.pop(self._rng.randrange(len(kept)))
