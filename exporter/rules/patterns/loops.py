# SPDX-License-Identifier: Apache-2.0
"""Loops that one text can go through in several ways: choices that nothing settles."""

from __future__ import annotations

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


def check_loops(pattern: str, piece: Piece) -> None:
    """Raises UnsafePatternError for a loop that one text can go through in several ways."""
    _Check(pattern).piece(piece, None, None)


class _Check:
    """Goes through the pieces of one pattern."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern

    def piece(self, piece: Piece, rest: _Rest | None, loop: Piece | None) -> None:
        """Look at a piece that has ``rest`` behind it and is in ``loop``, if any."""
        if piece.kind is Kind.SEQUENCE:
            for part in reversed(piece.parts):
                self.piece(part, rest, loop)
                rest = _Rest(part, rest)
        elif piece.kind is Kind.CHOICE:
            for part in piece.parts:
                self.piece(part, rest, loop)
            if loop and rest:
                self._branches(piece, rest, loop)
        elif piece.kind in REPEATS:
            body = piece.parts[0]
            again = _Rest(replace(piece, least=0), rest)
            if piece.kind is Kind.LOOP:
                if body.can_be_empty:
                    self._refuse(piece, "a round may be empty")
                # Leaving the outermost loop is a matter of cost: here a round follows a round.
                self.piece(body, again if loop else _Rest(again.piece, None), loop or piece)
            else:
                self.piece(body, again, loop)
            if loop and rest and piece.least < piece.most:
                self._rounds(piece, _Rest(body, again), rest, loop)

    def _branches(self, choice: Piece, rest: _Rest, loop: Piece) -> None:
        ahead = [(part, _next(_Rest(part, rest))) for part in choice.parts]
        for (one, first), (other, second) in combinations(ahead, 2):
            if _unsettled(first, second):
                pair = f"{placed(self._pattern, one)} and {placed(self._pattern, other)}"
                self._refuse(loop, f"{pair} may begin alike")

    def _rounds(self, repeat: Piece, again: _Rest, rest: _Rest, loop: Piece) -> None:
        if _unsettled(_next(again), _next(rest)):
            self._refuse(loop, f"{placed(self._pattern, repeat)} may go on or stop")

    def _refuse(self, loop: Piece, why: str) -> NoReturn:
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
