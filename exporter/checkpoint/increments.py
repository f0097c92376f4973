# SPDX-License-Identifier: Apache-2.0
"""Increments: what was counted and no scraper was shown, of things that come once.

An audit event cannot be listed again as an event can. So what is kept of it is, per series, its
value less what was shown of it, and beside that how far each source was read: the identities of
what came by webhook, the position in the log. All of one moment: that at which a write begins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import msgspec

from exporter.audit.identities import Identities, Remembered
from exporter.checkpoint.state import Labels
from exporter.metrics.series import Amount, Family, Series


class Row(msgspec.Struct, frozen=True, gc=False):
    """What is kept of one series; ``amount`` is None where nothing need be."""

    family: str
    labels: Labels
    amount: Amount


@dataclass(slots=True)
class IncrementsCut:
    """What of the increments is to be written."""

    number: int
    """Of the latest page that was sent."""
    series: Sequence[Series]
    rows: Sequence[Row]
    whole: bool
    """Whether rows that stand there already are to go: they are another process'."""
    identities: Sequence[Remembered]
    oldest: dict[str, int]
    """By source, the oldest generation of identities that is still of use."""
    position: str
    """In the log; ``""`` where there is none."""
    scrapers: Sequence[str] | None
    """None where they are as they were."""


@dataclass(frozen=True, slots=True)
class ShownIncrements:
    """What a page shows: amounts of series that had changed."""

    number: int
    amounts: Sequence[tuple[Series, Amount]]


class Increments:
    """Over ``families``, whose series must not end while something of them was not shown.

    ``position`` tells how far the log was counted, as text; ``scrapers`` the names of those who
    are remembered.
    """

    def __init__(
        self,
        families: Iterable[Family[Series]],
        identities: Identities,
        position: Callable[[], str] = str,
        scrapers: Callable[[], Sequence[str]] = list,
    ) -> None:
        self._families = tuple(families)
        self._identities = identities
        self._position = position
        self._scrapers = scrapers
        self._names: dict[Series, str] = {}
        """Series of which something was not shown, as far as is known, with their family's."""
        self._told: dict[Series, Amount] = {}
        """What scrapers were shown at the most."""
        self._unwritten: dict[Series, str] = {}
        """Whose row is not what it should be, with their family's name."""
        self._unkept: list[Remembered] = []
        self._whole = True
        self._number = self._latest = 0
        self._asked = False
        """Whether a page was sent since something was last written."""
        for family in self._families:
            family.keep_unsaved()
        identities.keep_changes()

    def cut(self, seen: int) -> ShownIncrements:
        """A page is made at this moment, which shows the values of all births up to ``seen``."""
        self._gather()
        self._number += 1
        return ShownIncrements(
            self._number, [(s, s.amount()) for s in self._names if s.birth <= seen]
        )

    def shown(self, page: ShownIncrements) -> None:
        """It was sent."""
        self._asked = True
        late = page.number < self._latest
        self._latest = max(self._latest, page.number)
        for series, amount in page.amounts:
            if late and _size(amount) <= _size(self._told.get(series)):
                continue
            name = self._names.get(series)
            if name is None:
                continue
            self._told[series] = amount
            self._unwritten[series] = name
            if _size(series.amount()) == _size(amount):
                del self._names[series]

    def retain(self) -> None:
        """Before series end: those of which something was not shown stay, the others are forgotten
        once they have ended.
        """
        self._gather()
        self._told = {s: amount for s, amount in self._told.items() if s.index >= 0}
        for series in self._names:
            series.held = True

    def take_due(self) -> IncrementsCut | None:
        """What is to be written of this moment, if there is anything; the caller writes it or puts
        it back.
        """
        self._gather()
        oldest = dict(self._identities.oldest())
        fresh = [*self._unkept, *self._identities.take_new()]
        position = self._position()
        if not (self._unwritten or fresh or self._whole or self._asked):
            return None
        cut = IncrementsCut(
            self._latest,
            list(self._unwritten),
            [
                Row(name, s.values, _less(s.amount(), self._told.get(s)))
                for s, name in self._unwritten.items()
            ],
            self._whole,
            [each for each in fresh if each.generation >= oldest[each.source]],
            oldest,
            position,
            self._scrapers() if self._asked else None,
        )
        self._unwritten, self._unkept = {}, []
        self._whole = self._asked = False
        return cut

    def put_back(self, cut: IncrementsCut) -> None:
        """It could not be written."""
        self._whole = self._whole or cut.whole
        self._asked = self._asked or cut.scrapers is not None
        self._unkept = [*cut.identities, *self._unkept]
        for series, row in zip(cut.series, cut.rows, strict=True):
            self._unwritten.setdefault(series, row.family)

    def _gather(self) -> None:
        for family in self._families:
            name = family.declaration.name
            for series in family.take_unsaved():
                self._names[series] = name
                self._unwritten[series] = name


def _size(amount: Amount) -> int:
    """How much was counted: a number that only rises."""
    if amount is None or isinstance(amount, int):
        return amount or 0
    return int(sum(amount[:-1]))  # of a histogram, its observations


def _less(amount: Amount, told: Amount) -> Amount:
    """What of an amount was not told; None where that is nothing."""
    if _size(amount) <= _size(told):
        return None
    if told is None or amount is None or isinstance(amount, int) or isinstance(told, int):
        return _size(amount) - _size(told) if isinstance(amount, int) else amount
    *counts, total = (had - gone for had, gone in zip(amount, told, strict=True))
    return [*map(int, counts), max(total, 0.0)]
