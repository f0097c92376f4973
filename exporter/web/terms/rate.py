# SPDX-License-Identifier: Apache-2.0
"""How many requests are served in a time: a token bucket, as exporter-toolkit has it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """One request in ``interval`` seconds, and ``burst`` of them at once after a pause."""

    interval: float
    burst: int


class Bucket:
    """Fills at a rate, and is emptied by requests."""

    def __init__(self, rate: Rate, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self._clock = clock
        self._filled = float(rate.burst)
        self._at = clock()

    def take(self) -> float:
        """Seconds until the next request is served; 0.0 where this one is."""
        now = self._clock()
        filled = self._filled + (now - self._at) / self.rate.interval
        self._filled = min(filled, float(self.rate.burst))
        self._at = now
        if self._filled < 1.0:
            return (1.0 - self._filled) * self.rate.interval
        self._filled -= 1.0
        return 0.0
