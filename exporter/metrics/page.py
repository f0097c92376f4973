# SPDX-License-Identifier: Apache-2.0
"""The page: all families as one text, as one reader is to see it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from exporter.metrics.births import Births, Scrapers
from exporter.metrics.series import Family, Series
from exporter.metrics.text import Format

# A line takes one to three microseconds.
_SLICE_SAMPLES = 4000
Foreign = Callable[[Format], bytes]
"""Renders metrics that are kept elsewhere (the process, the interpreter)."""


class Witness(Protocol):
    """Keeps account of what scrapers are shown of the cluster."""

    def showing(self, seen: int) -> object:
        """A page is made at this moment, which shows the values of all births up to ``seen``."""

    def shown(self, moment: Any) -> None:
        """It was sent whole: what ``showing`` gave for it."""


@dataclass(frozen=True, slots=True)
class Showing:
    """What a page shows, and to whom."""

    scraper: str
    connection: object
    births: int
    """The latest of those that stand on it."""
    moments: Sequence[object]
    """The witnesses' own; none where there is no account to keep."""


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
        self.witnesses: Sequence[Witness] = ()

    def prepare(self, format_: Format) -> Iterator[None]:
        """Make most of the lines that ``render`` needs, some milliseconds' worth a step.

        The caller lets others have their turn between the steps; what changes meanwhile is
        left to ``render``.
        """
        made = 0
        for family in self._some(self._events_shown()):
            slice_ = _slice(family)
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
    ) -> tuple[Iterator[bytes], Showing]:
        """The page of this moment in parts, and what it shows (for ``shown``, once it was sent).

        ``scraper`` names the reader, ``connection`` what it asks on (``Scrapers.asked``);
        ``""`` is a person, who is shown true values.
        """
        self._refresh()
        births = self._births.last
        seen = min(self._scrapers.asked(scraper, connection), births) if scraper else births
        # The lines are joined later, but all are of one moment: that of the account. A birth's
        # line says the same at any moment.
        with_events = self._events_shown()
        found = [(f, *f.lines(format_, seen)) for f in self._some(with_events)]
        moments: list[object] = []
        if scraper and with_events:
            moments = [witness.showing(seen) for witness in self.witnesses]
        foreign = self._foreign(format_)
        return _parts(format_, found, foreign), Showing(scraper, connection, births, moments)

    def shown(self, showing: Showing) -> None:
        """A scraper's page was sent whole."""
        self._scrapers.shown(showing.scraper, showing.births, showing.connection)
        for witness, moment in zip(self.witnesses, showing.moments, strict=False):
            witness.shown(moment)

    def _some(self, with_events: bool) -> tuple[Family[Series], ...]:  # noqa: FBT001
        return (*self._events, *self._families) if with_events else self._families


def _slice(family: Family[Series]) -> int:
    return max(_SLICE_SAMPLES // family.declaration.samples, 1)


def _parts(
    format_: Format,
    found: Iterable[tuple[Family[Series], list[bytes], Sequence[Series]]],
    foreign: bytes,
) -> Iterator[bytes]:
    for family, lines, unseen in found:
        yield family.metadata(format_)
        if lines:
            yield b"\n".join(lines)
            yield b"\n"
        # Hundreds of thousands can be born at once: some milliseconds' worth a part, too.
        slice_ = _slice(family)
        for start in range(0, len(unseen), slice_):
            yield b"\n".join([s.zero() for s in unseen[start : start + slice_]]) + b"\n"
    yield foreign
    if format_ is Format.OPENMETRICS:
        yield b"# EOF\n"
