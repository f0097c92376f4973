# SPDX-License-Identifier: Apache-2.0
"""What strangers can cause at will is said now and then, with how often it was."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable

_SECONDS = 30.0


class Seldom:
    """Says of each subject when it is due: at once, then at most every ``seconds``.

    It remembers every subject: they must be a closed set.
    """

    def __init__(
        self, seconds: float = _SECONDS, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = seconds
        self._clock = clock
        self._said: dict[Hashable, float] = {}
        self._times: dict[Hashable, int] = {}

    def due(self, subject: Hashable) -> int:
        """It happened once more: 0 if that is not to be said now, else how often it happened
        since it was said last, this time included.
        """
        times = self._times.get(subject, 0) + 1
        self._times[subject] = times
        now = self._clock()
        if now - self._said.get(subject, float("-inf")) < self._seconds:
            return 0
        self._said[subject] = now
        self._times[subject] = 0
        return times
