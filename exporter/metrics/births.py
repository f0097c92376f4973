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

That a page was sent does not say that it was read: it can lie in a kernel's buffer when
the scraper gives up. HTTP/1.1 takes one request after the other on a connection (no
scraper sends them ahead), so the next request on the same connection proves that the
page before it was read whole. A request on another connection proves nothing. What was
shown at 0 is then shown at 0 again, which costs a scrape of delay and loses nothing,
while showing 0 after a value would count it twice: ``seen`` only rises.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from cachetools import TTLCache

# A new series may wait this long for the first scrape of a scraper never met before.
NEWCOMER_SECONDS = 300.0
# A Prometheus that was down for a day still finds what it has not seen born at 0.
SCRAPER_TTL_SECONDS = 86_400.0
MAX_SCRAPERS = 100
# Pages that a scraper which keeps its connections can lose in a row, and still be shown
# what was born on them at 0. One that never keeps any can lose one.
LOST_PAGES = 5
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


@dataclass(slots=True)
class _Reader:
    """What one scraper was shown, as numbers of births; they only rise."""

    connection: object
    """Of its last page."""
    last: int
    """Stood on its last page."""
    previous: int
    """Stood on its last two pages."""
    seen: int
    """Was read at 0, as far as anything proves it."""
    doubt: int = 0
    """Pages on other connections that still count as lost; 0 for who keeps no connection."""


class Scrapers:
    """What each scraper has seen. ``clock`` gives seconds that do not go back.

    Two scrapers that look like one, behind one address, are both shown every 0 as long as
    they take turns.
    """

    def __init__(self, births: Births, clock: Callable[[], float]) -> None:
        self._births = births
        self._clock = clock
        self._readers: TTLCache[str, _Reader] = TTLCache(
            MAX_SCRAPERS, SCRAPER_TTL_SECONDS, timer=clock
        )

    def __len__(self) -> int:
        return len(self._readers)

    def names(self) -> list[str]:
        """Of those that are remembered."""
        return list(self._readers)

    def restore(self, names: Iterable[str]) -> None:
        """Scrapers that another process knew: they have seen nothing of this one, and however
        late they come, they are shown all of it at 0 first.
        """
        for name in names:
            if len(self._readers) < MAX_SCRAPERS:
                self._readers[name] = _Reader(None, last=0, previous=0, seen=0)

    def asked(self, scraper: str, connection: object = None) -> int:
        """``scraper`` asks for a page: it is shown the births up to here with their values.

        ``connection`` equals that of another request on the same connection and of no other.
        """
        reader = self._readers.get(scraper)
        if reader is None:
            return self._old()
        if reader.connection == connection:
            reader.seen = reader.last
            reader.doubt = LOST_PAGES
        elif not reader.doubt:
            # Who never asks twice on a connection must be shown values at some time.
            reader.seen = max(reader.seen, reader.previous)
        return reader.seen

    def shown(self, scraper: str, up_to: int, connection: object = None) -> None:
        """``scraper`` was sent a whole page in which births up to ``up_to`` stood.

        When as many scrapers as can be are alive, a new one stays a newcomer: junk does not
        push out who is known.
        """
        reader = self._readers.get(scraper)
        if reader is None:
            if len(self._readers) >= MAX_SCRAPERS:
                return
            old = min(self._old(), up_to)
            reader = _Reader(connection, last=up_to, previous=old, seen=old)
        elif up_to >= reader.last:  # else a page that was asked for earlier, on its way for long
            if connection != reader.connection:
                reader.doubt = max(reader.doubt - 1, 0)
            reader.connection = connection
            reader.previous, reader.last = reader.last, up_to
        self._readers[scraper] = reader

    def _old(self) -> int:
        return self._births.before(self._clock() - NEWCOMER_SECONDS)
