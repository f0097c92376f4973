# SPDX-License-Identifier: Apache-2.0
"""A family's series: bounded in number, born in order, each with its line kept rendered.

A line is made anew only when its value changed, so that a scrape costs what changed
and a join. Series stand in the order of their births; what a scraper has not seen yet
is therefore the tail, and is shown at 0.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import ClassVar, Generic, TypeVar, cast

from exporter.metrics.births import Births
from exporter.metrics.bounds import OVERFLOW, LabelBounds
from exporter.metrics.declaration import Declaration
from exporter.metrics.lines import Lines
from exporter.metrics.text import Format, Pairs, label_text, metadata

Describe = Callable[[object], Pairs]
"""Makes exemplar labels of the detail an observation carried; called when a line is rendered."""


Amount = int | Sequence[float] | None
"""Of a counter its value; of a histogram the count of each bucket, and the sum."""


class Series(ABC):
    """One label set of a family. ``birth`` is its place in the sequence of all births."""

    __slots__ = ("birth", "changed", "dirty", "held", "index", "touched", "values")

    def __init__(self, values: tuple[str, ...], birth: int, dirty: list[Series]) -> None:
        self.values = values
        self.birth = birth
        self.index = -1
        self.touched = 0
        self.held = False
        """Told anew what it said already: alive in this generation, its text the same."""
        self.changed = False
        self.dirty = dirty

    @abstractmethod
    def carry(self, labels: str) -> None:
        """Show these labels too, behind its own."""

    @abstractmethod
    def text(self, format_: Format) -> bytes:
        """Its sample lines as they are now, without the last line break."""

    @abstractmethod
    def zero(self) -> bytes:
        """Its sample lines as a scraper sees them first."""

    def amount(self) -> Amount:
        """All that was added to it; None where nothing was, or nothing can be."""
        return None

    def add(self, amount: Amount) -> None:
        """Add what a series of another process was given; ``ValueError`` where it does not fit."""
        raise ValueError(f"{amount!r} cannot be added to {type(self).__name__}")

    @abstractmethod
    def reset(self) -> None:
        """To what it was born with."""

    def mark(self) -> None:
        """Its text is out of date."""
        if not self.changed:
            self.changed = True
            self.dirty.append(self)


S_co = TypeVar("S_co", bound=Series, covariant=True)
_BIRTH = attrgetter("birth")
# A format that nobody asked for in so many generations is no longer kept rendered.
_UNREAD_GENERATIONS = 10
_ALL = sys.maxsize


class Family(ABC, Generic[S_co]):
    """All series of one declaration, at most ``limit`` and one for the overflow.

    ``limit`` and ``bounds`` stand together or not at all; ``ValueError`` otherwise.
    """

    born_at_zero: ClassVar[bool] = True
    """Whether its series are first shown by their ``zero``."""

    def __init__(
        self,
        declaration: Declaration,
        *,
        births: Births,
        bounds: LabelBounds | None = None,
        limit: int = 0,
        describe: Describe | None = None,
    ) -> None:
        if bool(limit) != (bounds is not None):
            raise ValueError(f"{declaration.name}: series and label values are bounded together")
        self.declaration = declaration
        self.describe = describe
        self.limit = limit
        """Most series; 0 for a family whose label values are ours, a closed set."""
        self.overflowed = 0
        """Look-ups of new label sets that fell into the overflow series."""
        self.expired = 0
        self._births = births
        self._bounds = bounds
        self._series: dict[tuple[str, ...], S_co] = {}
        self._order: list[S_co] = []
        self._dirty: list[Series] = []
        self._unsaved: set[Series] | None = None
        self._lines: dict[Format, Lines] = {}
        self._metadata = {f: metadata(declaration, f) for f in Format}
        self._generation = 0
        self._carried = ""

    def __len__(self) -> int:
        return len(self._order)

    def at(self, values: tuple[str, ...]) -> S_co:
        """The series of these label values, in the declaration's order; born if need be."""
        series = self._series.get(values)
        return self._admit(values) if series is None else series

    def carry(self, labels: Pairs) -> None:
        """Have all series show these labels too, which are no part of what tells them apart.

        Raises ``ValueError`` for one that the family has already.
        """
        for name, _ in labels:
            if name in self.declaration.labels:
                raise ValueError(f"{name} is a label of {self.declaration.name} already")
        self._carried = label_text([n for n, _ in labels], [v for _, v in labels])
        if not self._carried:
            return  # a comma with nothing behind it is no OpenMetrics
        for series in self._order:
            series.carry(self._carried)
            series.mark()

    def label_values(self) -> Iterable[tuple[str, ...]]:
        """Of the living series."""
        return self._series.keys()

    def unseen(self, seen: int) -> Iterator[tuple[tuple[str, ...], Amount, int]]:
        """Label values, amounts and births of the series that were born after ``seen``."""
        for series in self._order[bisect_right(self._order, seen, key=_BIRTH) :]:
            amount = series.amount()
            if amount is not None:
                yield series.values, amount, series.birth

    def living(self) -> Iterator[S_co]:
        """Its series, in the order of their births."""
        return iter(self._order)

    def take_changed(self) -> list[S_co]:
        """The living series that changed since this, or a page, was last asked for."""
        changed = [s for s in self._dirty if s.index >= 0]
        self._settle()
        return cast("list[S_co]", changed)

    def keep_unsaved(self) -> None:
        """From now on ``take_unsaved`` has what changes."""
        self._unsaved = set()

    def take_unsaved(self) -> set[S_co]:
        """The series that changed since this was last asked for, whoever else has asked."""
        self._settle()
        unsaved, self._unsaved = self._unsaved, set()
        return cast("set[S_co]", unsaved)

    def begin_again(self, *, at_zero: bool) -> None:
        """All series are born anew, ``at_zero`` or with what they have."""
        for series in self._order:
            if at_zero:
                series.reset()
            series.birth = self._births.next()
            series.mark()

    def prepare(self, format_: Format, most: int) -> int:
        """Make up to ``most`` lines that ``render`` would have to make; how many it were."""
        self._settle()
        lines = self._lines.get(format_)
        if lines is None:
            lines = self._lines[format_] = Lines(format_, self._generation)
        return lines.make(self._order, most)

    def metadata(self, format_: Format) -> bytes:
        """Its HELP and TYPE lines."""
        return self._metadata[format_]

    def lines(self, format_: Format, seen: int) -> tuple[list[bytes], list[S_co]]:
        """The lines of its series at this moment, some of them joined, and the series after them.

        Both are for the caller to keep. ``seen`` is the latest birth the reader knows; younger
        series are shown by their ``zero``, which is the same whenever it is made.
        """
        self.prepare(format_, _ALL)
        lines = self._lines[format_]
        lines.asked = self._generation
        known = len(self._order)
        if self.born_at_zero:
            known = bisect_right(self._order, seen, key=_BIRTH)
        return lines.first(known), self._order[known:]

    def next_generation(self, lifetime: int) -> int:
        """Another period has passed; series untouched for more than ``lifetime`` of them end.

        Returns how many did. A closed set of series, one without a limit, has no end.
        """
        self._settle()
        self._generation += 1
        unread = self._generation - _UNREAD_GENERATIONS
        self._lines = {f: lines for f, lines in self._lines.items() if lines.asked > unread}
        ended = self._end(self._generation - lifetime) if self.limit else 0
        self.expired += ended
        return ended

    def _end(self, oldest: int) -> int:
        """End what was not touched since a generation; the lines of the others stay as they are."""
        for series in self._order:
            if series.held:
                series.held = False
                series.touched = self._generation - 1
        kept = [s for s in self._order if s.touched >= oldest]
        ended = len(self._order) - len(kept)
        if ended:
            for lines in self._lines.values():
                lines.keep(kept)
            for series in self._order:
                series.index = -1
            self._order = kept
            self._series = {s.values: s for s in kept}
            for index, series in enumerate(kept):
                series.index = index
        return ended

    @abstractmethod
    def _born(self, values: tuple[str, ...], birth: int) -> S_co:
        """A new series at 0."""

    def _admit(self, values: tuple[str, ...]) -> S_co:
        names = self.declaration.labels
        if len(values) != len(names):
            raise ValueError(f"{self.declaration.name}: {values!r} are no values for {names!r}")
        if self._bounds is not None:
            values = self._bounds.bound(names, values)
            series = self._series.get(values)
            if series is None and len(self._series) - (
                (OVERFLOW,) * len(names) in self._series
            ) >= (self.limit):
                self.overflowed += 1
                values = (OVERFLOW,) * len(names)
                series = self._series.get(values)
            if series is not None:
                return series
            self._bounds.admit(names, values)
        series = self._born(values, self._births.next())
        if self._carried:
            series.carry(self._carried)
        series.index = len(self._order)
        series.touched = self._generation
        self._series[values] = series
        self._order.append(series)
        return series

    def _is_full(self) -> bool:
        overflow = (OVERFLOW,) * len(self.declaration.labels)
        return len(self._series) - (overflow in self._series) >= self.limit

    def _settle(self) -> None:
        """What changed is alive in this generation, and its lines are out of date."""
        for series in self._dirty:
            series.changed = False
            series.touched = self._generation
        for lines in self._lines.values():
            lines.changed(self._dirty)
        if self._unsaved is not None:
            self._unsaved.update(self._dirty)
        self._dirty.clear()
