"""Up to when everything that was written has surely been seen by the exporter, and scraped.

Two things are promised only to a reader that sees: an event that lives and dies while nobody looks
is never counted, and who misses the 1 of an old client's series takes it for a new one's. So both
wait for this, and a run says nothing about what is not promised.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import takewhile

from exporter.demo import ApiServer, SeenRequest

_PAGES = 4
"""A series is born at 0 on one page, again on the next where that has a connection of its own, has
its value on the third, and that is committed before the fourth.
"""


@dataclass(frozen=True, slots=True)
class _Mark:
    """A moment when all had been sent; ``request`` is the last one by whom it still holds."""

    time: float
    revision: int
    pages: int
    request: SeenRequest

    def after(self, requests: deque[SeenRequest]) -> _Mark | None:
        """The mark, if it holds after these. A new request says that a connection broke, and
        what was on its way may never have come.
        """
        news = list(takewhile(lambda request: request is not self.request, reversed(requests)))
        if all(map(self._is_known_to, news)):
            return replace(self, request=requests[-1])
        return None

    def _is_known_to(self, request: SeenRequest) -> bool:
        """Who resumes from a version has come to it; who lists may have lost what it had."""
        version = request.query.get("resourceVersion", "")
        return request.verb == "watch" and version.isdecimal() and int(version) >= self.revision


class Sight:
    """Holds for ``watches`` readers. ``pages``: how many each scraper has been sent, at least."""

    def __init__(self, server: ApiServer, pages: Callable[[], int], *, watches: int) -> None:
        self.until = 0.0
        """Unix seconds."""
        self._server = server
        self._pages = pages
        self._watches = watches
        self._mark: _Mark | None = None

    def look(self, written: float) -> None:
        """To be called often; ``written``: when something was last written, Unix seconds."""
        server = self._server
        mark = self._mark = self._mark and self._mark.after(server.requests)
        if server.open_watches != self._watches:
            return
        if mark is None:
            if server.all_sent(self._watches):
                revision, pages = server.store.revision, self._pages()
                self._mark = _Mark(written, revision, pages, server.requests[-1])
        elif self._pages() >= mark.pages + _PAGES:
            self.until, self._mark = mark.time, None

    def lose(self) -> None:
        """A reader died, and with it what it had not yet committed."""
        self._mark = None
