# SPDX-License-Identifier: Apache-2.0
"""Births: each scraper is shown each new series once at 0, and at its value from then on.

``increase()`` does not see the first sample of a series: born at 1, an occurrence is
lost. So a series carries the sequence number of its birth, and a scraper the number
up to which it has seen all births:

    show 0  if  series.birth > scraper.seen  else the value

Per scraper, so that both of a pair of Prometheus servers see the 0. A scraper is known
by Prometheus' own request header (or a known agent's User-Agent) and its address. One
never met before is taken to have seen what was born more than a few minutes ago: a
Prometheus that joins late must not read the whole past as new.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from cachetools import TTLCache

# A new series may wait this long for the first scrape of a scraper never met before.
NEWCOMER_SECONDS = 300.0
# A Prometheus that was down for a day still finds what it has not seen born at 0.
SCRAPER_TTL_SECONDS = 86_400.0
MAX_SCRAPERS = 100
_MARK_SECONDS = 5.0


class Births:
    """The sequence of births. ``clock`` gives seconds that do not go back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.last = 0
        """Sequence number of the latest birth."""
        self._clock = clock
        self._marks: deque[tuple[float, int]] = deque()

    def next(self) -> int:
        """The number of a birth that happens now."""
        now = self._clock()
        if not self._marks or now - self._marks[-1][0] >= _MARK_SECONDS:
            while len(self._marks) > 1 and self._marks[1][0] < now - NEWCOMER_SECONDS:
                self._marks.popleft()
            self._marks.append((now, self.last))
        self.last += 1
        return self.last

    def before(self, moment: float) -> int:
        """The latest birth that is certainly older than ``moment``."""
        born = 0
        ends = [*(number for _, number in self._marks), self.last][1:]
        for (time, number), end in zip(self._marks, ends, strict=True):
            if time > moment:
                break
            # up to number before time, up to end within the next seconds
            born = end if time + _MARK_SECONDS <= moment else number
        return born


class Scrapers:
    """What each scraper has seen."""

    def __init__(self, births: Births, clock: Callable[[], float]) -> None:
        self._births = births
        self._clock = clock
        self._seen: TTLCache[str, int] = TTLCache(MAX_SCRAPERS, SCRAPER_TTL_SECONDS, timer=clock)

    def __len__(self) -> int:
        return len(self._seen)

    def seen(self, scraper: str) -> int:
        """The births up to here are shown to ``scraper`` with their values."""
        known = self._seen.get(scraper)
        if known is not None:
            return known
        return self._births.before(self._clock() - NEWCOMER_SECONDS)

    def shown(self, scraper: str, up_to: int) -> None:
        """``scraper`` was sent a whole page in which births up to ``up_to`` stood."""
        self._seen[scraper] = max(up_to, self._seen.get(scraper, 0))
