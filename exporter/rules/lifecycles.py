# SPDX-License-Identifier: Apache-2.0
"""Lifecycles: an opening event and the closing event that ends it, on event time.

A later opening of the same key replaces the earlier: an attempt cut off by a kubelet
restart leaves an opening without an end, and the retry opens anew. A closing without an
opening measures nothing.
"""

from __future__ import annotations

from collections.abc import Callable

MAX_OPEN = 20_000
_PURGES_AN_AGE = 16


class Lifecycle:
    """The open pairs of one kind. ``clock`` gives seconds that do not go back.

    A plain dictionary: an expiring cache that looks at its clock each time costs as much
    as all the rest that is done for an event.
    """

    def __init__(self, max_age: float, clock: Callable[[], float]) -> None:
        self.unmatched = 0
        """Closings whose opening was never seen, or is forgotten."""
        self.skewed = 0
        """Closings that lie before their opening: two clocks, or one-second stamps."""
        self._max_age = max_age
        self._clock = clock
        self._purged = clock()
        self._open: dict[tuple[str, ...], tuple[float, float]] = {}

    def __len__(self) -> int:
        self._purge(self._clock())
        return len(self._open)

    def open(self, key: tuple[str, ...], at: float) -> None:
        """Opened at ``at``, Unix seconds of the event."""
        if not at:  # an event without a time opens nothing that could be measured
            return
        now = self._clock()
        self._open.pop(key, None)  # a new opening is the youngest
        self._open[key] = (at, now)
        if now - self._purged > self._max_age / _PURGES_AN_AGE:
            self._purge(now)
        if len(self._open) > MAX_OPEN:
            del self._open[next(iter(self._open))]

    def close(self, key: tuple[str, ...], at: float) -> float | None:
        """Seconds since the opening, 0 at the least; None where there is none."""
        opened = self._open.pop(key, None)
        if (
            opened is None
            or self._clock() - opened[1] >= self._max_age
            or at - opened[0] >= self._max_age  # stamps can be anything
        ):
            self.unmatched += 1
            return None
        if at < opened[0]:
            self.skewed += 1
            return 0.0
        return at - opened[0]

    def drop(self, key: tuple[str, ...]) -> None:
        """Closed by an event that says itself how long it took."""
        self._open.pop(key, None)

    def _purge(self, now: float) -> None:
        self._purged = now
        dead = []
        for key, (_, opened) in self._open.items():  # oldest first
            if now - opened < self._max_age:
                break
            dead.append(key)
        for key in dead:
            del self._open[key]
