# SPDX-License-Identifier: Apache-2.0
"""The page: all families as one text, as one reader is to see it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from exporter.metrics.births import Births, Scrapers
from exporter.metrics.series import Family, Series
from exporter.metrics.text import Format

# A line takes one to three microseconds.
_SLICE_SAMPLES = 4000
Foreign = Callable[[Format], bytes]
"""Renders metrics that are kept elsewhere (the process, the interpreter)."""


class Page:
    """Renders every family for a scraper, or, with true values, for anybody else.

    ``events`` are the families about the cluster; they stand first, and on those pages only
    for which ``events_shown`` says so. ``refresh`` is called before each rendering: it
    brings the self-metrics up to date.
    """

    def __init__(
        self,
        families: Iterable[Family[Series]],
        births: Births,
        scrapers: Scrapers,
        *,
        events: Iterable[Family[Series]] = (),
        events_shown: Callable[[], bool] = lambda: True,
        refresh: Callable[[], None] = lambda: None,
        foreign: Foreign = lambda _format: b"",
    ) -> None:
        self._families = tuple(families)
        self._events = tuple(events)
        self._events_shown = events_shown
        self._births = births
        self._scrapers = scrapers
        self._refresh = refresh
        self._foreign = foreign

    def prepare(self, format_: Format) -> Iterator[None]:
        """Make most of the lines that ``render`` needs, some milliseconds' worth a step.

        The caller lets others have their turn between the steps; what changes meanwhile is
        left to ``render``.
        """
        made = 0
        for family in self._shown():
            slice_ = max(_SLICE_SAMPLES // family.declaration.samples, 1)
            full = True
            while full:
                lines = family.prepare(format_, slice_)
                full = lines >= slice_
                made += lines * family.declaration.samples
                if made >= _SLICE_SAMPLES:
                    made = 0
                    yield

    def render(
        self, format_: Format, scraper: str = "", connection: object = None
    ) -> tuple[Iterator[bytes], int]:
        """The page's parts, and the births it shows (for ``shown``, once it was sent).

        ``scraper`` names the reader, ``connection`` what it asks on (``Scrapers.asked``);
        ``""`` is a person, who is shown true values.
        """
        self._refresh()
        up_to = self._births.last
        seen = self._scrapers.asked(scraper, connection) if scraper else up_to
        return self._parts(self._shown(), format_, min(seen, up_to)), up_to

    def shown(self, scraper: str, up_to: int, connection: object = None) -> None:
        """The page was sent to ``scraper`` whole."""
        self._scrapers.shown(scraper, up_to, connection)

    def _shown(self) -> tuple[Family[Series], ...]:
        return (*self._events, *self._families) if self._events_shown() else self._families

    def _parts(
        self, families: Iterable[Family[Series]], format_: Format, seen: int
    ) -> Iterator[bytes]:
        for family in families:
            yield from family.render(format_, seen)
        yield self._foreign(format_)
        if format_ is Format.OPENMETRICS:
            yield b"# EOF\n"
