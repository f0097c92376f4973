# SPDX-License-Identifier: Apache-2.0
"""Numbers that grow with the length of a text."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import zip_longest

from exporter.rules.patterns.pieces import Piece


@dataclass(frozen=True, slots=True)
class Growth:
    """How many of something there are in the first n characters of a text, at most.

    That is the sum of ``terms[d]`` times "n + d choose d": the ways to choose d places that do not
    go back, of n + 1. Where two are compared it is for a text of ``length`` characters.
    """

    length: int
    terms: tuple[float, ...]
    loops: tuple[Piece, ...] = ()
    """The repeats that make it grow, the search for a start not among them."""
    most: float = field(init=False)
    """In the whole text."""

    def __post_init__(self) -> None:
        found, choices = 0.0, 1.0
        for places, term in enumerate(self.terms, 1):
            found += term * choices
            choices *= (self.length + places) / places
        object.__setattr__(self, "most", found)

    @property
    def power(self) -> int:
        """Of the length."""
        return len(self.terms) - 1

    def __add__(self, other: Growth) -> Growth:
        pairs = zip_longest(self.terms, other.terms, fillvalue=0.0)
        larger = self if self.most >= other.most else other
        return Growth(self.length, tuple(one + two for one, two in pairs), larger.loops)

    def times(self, number: float) -> Growth:
        """So many of it."""
        if number == 1:
            return self
        return Growth(self.length, tuple(number * term for term in self.terms), self.loops)

    def every(self, distance: int) -> Growth:
        """Of it at each place, where such places lie this far from one another at the least."""
        # n choose-sums of d places are d + 1 of d + 1 places at the most
        more = (0.0, *(term * places / distance for places, term in enumerate(self.terms, 1)))
        return self + Growth(self.length, more, self.loops)

    def made_by(self, loops: tuple[Piece, ...]) -> Growth:
        """The same number, which these repeats make grow."""
        return Growth(self.length, self.terms, loops)

    def summed(self, loop: Piece) -> Growth:
        """What it comes to if it is there anew at each place, by this repeat."""
        return Growth(self.length, (0.0, *self.terms), (*self.loops, loop))


def least(*bounds: Growth) -> Growth:
    """The one that is the least for the whole text."""
    return min(bounds, key=most_of)


def most_of(bound: Growth) -> float:
    """In the whole text."""
    return bound.most
