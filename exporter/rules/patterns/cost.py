# SPDX-License-Identifier: Apache-2.0
"""What a search can cost at the most, in steps, over all texts of a length.

A step is a character or a place that is tried, or a choice between two ways. The pieces of a
pattern are gone through in their order, with the ways that come to each (``arrivals``): where n
ways come to a piece, it is tried n times. The sum is never less than what a matcher that tries one
way after the other can be made to do, be it a search that finds nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from exporter.rules.patterns.arrivals import (
    Arrivals,
    after_rounds,
    after_word,
    at_a_place,
    at_the_start,
    ending_in,
    one_way,
    searched,
    together,
)
from exporter.rules.patterns.endings import without_ending
from exporter.rules.patterns.growth import Growth, least, most_of
from exporter.rules.patterns.pieces import ALL, MANY, REPEATS, UNBOUNDED, Kind, Piece

_MOST_APART = 4
"""Ways that come to a place by different branches are looked at together if they are more."""


@dataclass(slots=True)
class Cost:
    """Of a pattern."""

    steps: float = 0.0
    pieces: dict[tuple[int, int], Share] = field(default_factory=dict)
    """What each piece has of it, by its place in the pattern."""

    @property
    def dearest(self) -> Sequence[Share]:
        """The pieces, those with the most steps first."""
        return sorted(self.pieces.values(), key=lambda share: -share.steps)


@dataclass(slots=True)
class Share:
    """What one piece of a pattern costs."""

    piece: Piece
    ways: Growth
    """That come to it."""
    steps: float = 0.0


def cost_of(pattern: str, piece: Piece, length: int) -> Cost:
    """Of a search in texts of so many characters. No loop of the pattern may be ambiguous."""
    needed, cut = without_ending(pattern, piece)
    walk, runs = _Walk(pattern), _runs(piece)
    walk.through(needed, [searched(length, runs)])
    for ending in cut:
        walk.through(ending, [one_way(length, runs)])
    walk.cost.steps += 1  # the match is found
    return walk.cost


class _Walk:
    """Through the pieces of one pattern."""

    def __init__(self, pattern: str) -> None:
        self.cost = Cost()
        self._pattern = pattern

    def through(self, piece: Piece, ways: list[Arrivals]) -> list[Arrivals]:
        """The ways behind a piece, of those that come to it."""
        if piece.kind is Kind.TEXT:
            return self._text(piece, ways)
        if piece.kind is Kind.START:
            self._spend(piece, ways)
            return [together([at_the_start(way) for way in ways])]
        if piece.kind is Kind.SEQUENCE:
            for part in _with_whole_words(piece.parts):
                ways = self.through(part, ways)
            return ways
        if piece.kind is Kind.CHOICE:
            return self._choice(piece, ways)
        body = piece.parts[0]
        if body.kind is Kind.TEXT and len(body.sets) == 1:
            return self._rounds_of_a_character(piece, body.sets[0], ways)
        for _ in range(piece.least):
            ways = self.through(body, ways)
        more = piece.most - piece.least
        return self._loop(piece, more, ways) if more > MANY else self._few(piece, more, ways)

    def _text(self, piece: Piece, ways: list[Arrivals]) -> list[Arrivals]:
        if not piece.sets:
            self._spend(piece, ways)
            written = self._pattern[piece.start : piece.end]
            return [at_a_place(way, written) for way in ways]
        found = []
        for way in ways:
            after, tried = after_word(way, piece.sets)
            self._pay(piece, tried)
            found.append(after)
        return found

    def _choice(self, piece: Piece, ways: list[Arrivals]) -> list[Arrivals]:
        self._spend(piece, ways, len(piece.parts) - 1)
        found = [way for part in piece.parts for way in self.through(part, ways)]
        if piece.loops:
            return _few_apart(found)
        # Of each way that comes here only as many go on as there are branches that begin alike.
        limit, one = together(ways).all.times(_ways_through(piece)), together(found)
        if limit.most >= one.all.most:
            return _few_apart(found)
        return [Arrivals({run: least(number, limit) for run, number in one.ending.items()})]

    def _rounds_of_a_character(
        self, piece: Piece, taken: int, ways: list[Arrivals]
    ) -> list[Arrivals]:
        if piece.least:
            word = Piece(Kind.TEXT, piece.start, piece.end, [taken] * piece.least)
            ways = self._text(word, ways)
        if piece.least == piece.most:
            return ways
        most = UNBOUNDED if piece.most == UNBOUNDED else piece.most - piece.least
        ways = [after_rounds(way, piece, taken, most) for way in ways]
        self._spend(piece, ways, 2)
        return ways

    def _loop(self, piece: Piece, more: int, ways: list[Arrivals]) -> list[Arrivals]:
        body = piece.parts[0]
        most = min(more * _longest(body), UNBOUNDED)
        self._spend(piece, ways)
        first = together(self.through(body, ways))
        after = after_rounds(first, piece, body.taken, most)
        # Of its ways to one position no two are alike: at each, a piece is tried once.
        self._spend(piece, [after], body.size + 1)
        return _few_apart([*ways, ending_in(after, _last_characters(body), first)])

    def _few(self, piece: Piece, more: int, ways: list[Arrivals]) -> list[Arrivals]:
        found = list(ways)
        for _ in range(more):
            self._spend(piece, ways)
            ways = self.through(piece.parts[0], ways)
            found += ways
        return _few_apart(found)

    def _spend(self, piece: Piece, ways: Sequence[Arrivals], each: int = 1) -> None:
        for way in ways:
            self._pay(piece, way.all.times(each), way.all)

    def _pay(self, piece: Piece, steps: Growth, ways: Growth | None = None) -> None:
        ways = ways or steps
        share = self.cost.pieces.setdefault((piece.start, piece.end), Share(piece, ways))
        self.cost.steps += steps.most
        share.steps += steps.most
        share.ways = max(share.ways, ways, key=most_of)


def _few_apart(ways: list[Arrivals]) -> list[Arrivals]:
    """The same, those together that no character can take away."""
    if len(ways) <= _MOST_APART:
        return ways
    fixed = [way for way in ways if not way.repeats]
    others = [way for way in ways if way.repeats]
    if len(others) >= _MOST_APART:
        return [together(ways)]
    return [*others, together(fixed)] if fixed else others


def _last_characters(piece: Piece) -> list[int]:
    """What a piece ends with, as far as it is one character after the other."""
    found: list[int] = []
    for part in reversed(_with_whole_words([piece])):
        found[:0] = part.sets
        if part.kind is not Kind.TEXT:
            break
    return found


def _longest(piece: Piece) -> int:
    """Characters that a piece can take; ``UNBOUNDED`` for any number."""
    if piece.kind is Kind.CHOICE:
        return max(_longest(part) for part in piece.parts)
    longest = len(piece.sets) + sum(_longest(part) for part in piece.parts)
    return min(longest * piece.most, UNBOUNDED)


def _ways_through(piece: Piece) -> float:
    """In how many ways one text can go through a piece without loops from one position."""
    if piece.kind is Kind.SEQUENCE:
        found = 1.0
        for part in piece.parts:
            found *= _ways_through(part)
        return found
    if piece.kind is Kind.CHOICE:
        firsts = [ALL if part.can_be_empty else part.first for part in piece.parts]
        branches = list(zip(firsts, map(_ways_through, piece.parts), strict=True))
        return max(sum(ways for other, ways in branches if first & other) for first in firsts)
    if piece.kind in REPEATS:
        once = _ways_through(piece.parts[0])
        return sum(once**rounds for rounds in range(piece.least, piece.most + 1))
    return 1.0


def _runs(piece: Piece) -> set[int]:
    """What the repeats of a pattern take: the sets whose runs matter."""
    own = {piece.parts[0].taken} if piece.kind in REPEATS else set()
    return own.union(*(_runs(part) for part in piece.parts))


def _with_whole_words(parts: Sequence[Piece]) -> list[Piece]:
    """The parts of a sequence; texts that follow one another are one."""
    found: list[Piece] = []
    for part in parts:
        inner = part.kind is Kind.SEQUENCE
        for one in _with_whole_words(part.parts) if inner else [part]:
            last = found[-1] if found else None
            if last and last.sets and one.sets and last.kind is one.kind is Kind.TEXT:
                found[-1] = Piece(Kind.TEXT, last.start, one.end, last.sets + one.sets)
            else:
                found.append(one)
    return found
