# SPDX-License-Identifier: Apache-2.0
"""How long to wait before asking again: client-go's reflector's figures.

client-go tools/cache: 0.8 s, doubled to 30 s, jitter 1.0 (a wait is stretched by up to
its own length, so that a fleet does not come back as one), begun anew after two
minutes without a failure.
"""

from __future__ import annotations

from collections.abc import Callable

INITIAL_SECONDS = 0.8
MAX_SECONDS = 30.0
RESET_SECONDS = 120.0
# A server that names its own time is heard, within reason: it may be a broken proxy.
MAX_RETRY_AFTER_SECONDS = 300.0


class Backoff:
    """Waits that grow with every failure. ``uniform`` gives a float in [0, 1)."""

    def __init__(self, uniform: Callable[[], float]) -> None:
        self._uniform = uniform
        self._base = INITIAL_SECONDS
        self._last = float("-inf")

    def after_failure(self, now: float, *, retry_after: float | None = None) -> float:
        """Seconds to wait from now, never less than the server's own Retry-After."""
        if now - self._last > RESET_SECONDS + self._base:
            self._base = INITIAL_SECONDS
        wait = self._base * (1.0 + self._uniform())
        self._base = min(self._base * 2, MAX_SECONDS)
        if retry_after is not None:
            wait = max(wait, min(retry_after, MAX_RETRY_AFTER_SECONDS))
        self._last = now
        return wait
