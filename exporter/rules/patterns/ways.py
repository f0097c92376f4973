# SPDX-License-Identifier: Apache-2.0
"""Choices that the next characters do not settle: how many ways they make through one text."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import combinations
from typing import NamedTuple, NoReturn

from exporter.rules.patterns.pieces import REPEATS, Kind, Piece, placed
from exporter.rules.patterns.syntax import UnsafePatternError

_AHEAD = 16
"""Characters that are looked at to settle a choice."""


class _Rest(NamedTuple):
    """What follows in a pattern: a piece, then more."""

    piece: Piece
    more: _Rest | None


def ways_through(pattern: str, piece: Piece) -> tuple[int, list[Piece]]:
    """How many ways one text may go through the pattern, and the choices that make them.

    Loops count as one way each: theirs is the matter of chains. Raises UnsafePatternError for a
    loop with more than one way inside.
    """
    ways = _Ways(pattern)
    return ways.of(piece, None, None), ways.choices


class _Ways:
    """Counts the ways through the pieces of one pattern."""

    def __init__(self, pattern: str) -> None:
        self.choices: list[Piece] = []
        self._pattern = pattern

    def of(self, piece: Piece, rest: _Rest | None, loop: Piece | None) -> int:
        """The ways through a piece that has ``rest`` behind it and is in ``loop``, if any."""
        ways = 1
        if piece.kind is Kind.SEQUENCE:
            for part in reversed(piece.parts):
                ways *= self.of(part, rest, loop)
                rest = _Rest(part, rest)
        elif piece.kind is Kind.CHOICE:
            ways = max(self.of(part, rest, loop) for part in piece.parts)
            if rest:  # at the end of the pattern nothing fails that could be tried again
                ways *= self._branches(piece, rest, loop)
        elif piece.kind in REPEATS:
            body = piece.parts[0]
            again = _Rest(replace(piece, least=0), rest)
            if piece.kind is Kind.LOOP:
                if body.can_be_empty:
                    self._refuse_loop(piece, "a round may be empty")
                # Leaving the outermost loop is the chains' matter: here a round follows a round.
                self.of(body, again if loop else _Rest(again.piece, None), loop or piece)
            else:
                ways = self.of(body, again, loop) ** piece.most
            settled = piece.least == piece.most or (piece.kind is Kind.LOOP and not loop)
            if rest and not settled and _unsettled(_next(_Rest(body, again)), _next(rest)):
                if loop:
                    self._refuse_loop(loop, f"{placed(self._pattern, piece)} may go on or stop")
                self.choices.append(piece)
                ways *= piece.most - piece.least + 1
        return ways

    def _branches(self, choice: Piece, rest: _Rest, loop: Piece | None) -> int:
        """The number of branches that may take the same text, at most."""
        ahead = [(part, _next(_Rest(part, rest))) for part in choice.parts]
        rivals = Counter({id(part): 1 for part in choice.parts})
        for (one, first), (other, second) in combinations(ahead, 2):
            if _unsettled(first, second):
                if loop:
                    pair = f"{placed(self._pattern, one)} and {placed(self._pattern, other)}"
                    self._refuse_loop(loop, f"{pair} may begin alike")
                rivals.update((id(one), id(other)))
        most = max(rivals.values())
        if most > 1:
            self.choices.append(choice)
        return most

    def _refuse_loop(self, loop: Piece, why: str) -> NoReturn:
        raise UnsafePatternError(
            f"{placed(self._pattern, loop)} repeats what can take one text in several ways: {why};"
            " let each round begin, go on and end in one way only, such as '(?:[^,]+,)*'"
        )


def _unsettled(one: list[int], other: list[int]) -> bool:
    """Whether the next characters leave open which of the two ways a text goes."""
    return all(first & second for first, second in zip(one, other, strict=False))


def _next(rest: _Rest | None) -> list[int]:
    """The sets of the next characters, as far as they stand one after the other."""
    found: list[int] = []
    while rest and len(found) < _AHEAD:
        piece, rest = rest
        if piece.kind is Kind.TEXT:
            found += piece.sets
        elif piece.kind is Kind.SEQUENCE:
            for part in reversed(piece.parts):
                rest = _Rest(part, rest)
        elif piece.kind in REPEATS and piece.least:
            if piece.most > 1:
                rest = _Rest(replace(piece, least=piece.least - 1, most=piece.most - 1), rest)
            rest = _Rest(piece.parts[0], rest)
        elif piece.kind is not Kind.START:
            last = _first(_Rest(piece, rest))
            return [*found, last] if last else found
    return found


def _first(rest: _Rest | None) -> int:
    """Every character that may come next."""
    found = 0
    while rest:
        piece, rest = rest
        found |= piece.first
        if not piece.can_be_empty:
            break
    return found
