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


# Lines that are kept joined: few enough that where one in a hundred changed most blocks did not,
# and enough that they are worth a copy of every line.
_BLOCK = 32


class Lines:
    """The lines of the first so many series, in their order; the others are yet to be made.

    Tens of thousands of small objects lie all over memory: to gather them for a page costs more
    than to make those anew that changed. So blocks of them are kept joined.
    """

    def __init__(self, format_: Format, generation: int) -> None:
        self.made: list[bytes] = []
        self.asked = generation
        """The generation in which somebody last wanted them."""
        self._format = format_
        self._stale: list[Lined] = []
        self._blocks: list[bytes | None] = []
        """Each joined, the last one perhaps with lines yet to come; empty where nobody has joined
        them yet, None where one changed since the last page."""

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
                self._blocks[series.index // _BLOCK] = None
        missing = order[end : end + most - len(batch)]
        made += [series.text(format_) for series in missing]
        if missing:
            self._spoil(end)
        return len(batch) + len(missing)

    def first(self, count: int) -> list[bytes]:
        """The first so many lines, several of them joined in one where that is at hand."""
        made, blocks = self.made, self._blocks
        whole = count // _BLOCK
        found: list[bytes] = []
        for number, block in enumerate(blocks[:whole]):
            start = number * _BLOCK
            lines = made[start : start + _BLOCK] if not block else ()
            if block is None:
                blocks[number] = b""  # what changed now may change again by the next page
                found += lines
            else:
                joined = blocks[number] = block or b"\n".join(lines)
                found.append(joined)
        found += made[whole * _BLOCK : count]
        return found

    def keep(self, order: Sequence[Lined]) -> None:
        """Only these series live on; each still has the index it had among all."""
        made = self.made
        self.made = [made[s.index] for s in order if s.index < len(made)]
        self._spoil(0)

    def _spoil(self, start: int) -> None:
        """From that line on all blocks are to be joined anew."""
        kept = self._blocks[: start // _BLOCK]
        missing = -(-len(self.made) // _BLOCK) - len(kept)
        self._blocks = [*kept, *([None] * missing)]
