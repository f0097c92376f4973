# SPDX-License-Identifier: Apache-2.0
"""A family's lines in one format, kept rendered: only what changed is made anew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from exporter.metrics.text import Format


class Lined(Protocol):
    """A series, as its lines know it."""

    index: int
    """Its place among the living series; negative once it has ended."""

    def text(self, format_: Format) -> bytes:
        """Its sample lines as they are now, without the last line break."""


class Lines:
    """The lines of the first so many series, in their order; the others are yet to be made."""

    def __init__(self, format_: Format, generation: int) -> None:
        self.made: list[bytes] = []
        self.asked = generation
        """The generation in which somebody last wanted them."""
        self._format = format_
        self._stale: list[Lined] = []

    def changed(self, series: Iterable[Lined]) -> None:
        """Their lines are out of date."""
        self._stale.extend(series)

    def make(self, order: Sequence[Lined], most: int) -> int:
        """Make up to ``most`` of the lines that are missing or out of date; how many it were."""
        made, format_, stale = self.made, self._format, self._stale
        batch = stale[-most:]
        del stale[-most:]
        end = len(made)
        for series in batch:
            if 0 <= series.index < end:
                made[series.index] = series.text(format_)
        missing = order[end : end + most - len(batch)]
        made += [series.text(format_) for series in missing]
        return len(batch) + len(missing)

    def keep(self, order: Sequence[Lined]) -> None:
        """Only these series live on; each still has the index it had among all."""
        made = self.made
        self.made = [made[s.index] for s in order if s.index < len(made)]
