# SPDX-License-Identifier: Apache-2.0
"""Lifecycles: an opening event and the closing event that ends it, on event time.

A later opening of the same key replaces the earlier: an attempt cut off by a kubelet
restart leaves an opening without an end, and the retry opens anew. A closing without an
opening measures nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from cachetools import TTLCache

MAX_OPEN = 20_000


class Lifecycle:
    """The open pairs of one kind. ``clock`` gives seconds that do not go back."""

    def __init__(self, max_age: float, clock: Callable[[], float]) -> None:
        self.unmatched = 0
        """Closings whose opening was never seen, or is forgotten."""
        self.skewed = 0
        """Closings that lie before their opening: two clocks, or one-second stamps."""
        self._open: TTLCache[tuple[str, ...], float] = TTLCache(MAX_OPEN, max_age, timer=clock)

    def __len__(self) -> int:
        return len(self._open)

    def open(self, key: tuple[str, ...], at: float) -> None:
        """Opened at ``at``, Unix seconds of the event."""
        self._open[key] = at

    def close(self, key: tuple[str, ...], at: float) -> float | None:
        """Seconds since the opening, 0 at the least; None where there is none."""
        opened = self._open.pop(key, None)
        if opened is None:
            self.unmatched += 1
            return None
        if at < opened:
            self.skewed += 1
            return 0.0
        return at - opened
