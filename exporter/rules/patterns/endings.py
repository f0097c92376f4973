# SPDX-License-Identifier: Apache-2.0
"""The end of a pattern, as far as it cannot fail: to come to it is to have found a match.

The search gets there once, however often it has tried what stands before.
"""

from __future__ import annotations

from exporter.rules.patterns.pieces import ALL, REPEATS, UNBOUNDED, Kind, Piece


def without_ending(pattern: str, piece: Piece) -> tuple[Piece, list[Piece]]:
    """What can fail of a pattern, and the pieces that were left out or cut short."""
    cut: list[Piece] = []
    return _needed(pattern, piece, cut, last=True) or _nothing(piece), cut


def _nothing(piece: Piece) -> Piece:
    return Piece(Kind.TEXT, piece.start, piece.end)


def _needed(pattern: str, piece: Piece, cut: list[Piece], *, last: bool) -> Piece | None:
    """What is needed of a piece; None for nothing. Without ``last`` a ``$`` follows it."""
    body = piece.parts[0] if piece.parts else piece
    if piece.kind is Kind.SEQUENCE:
        return _sequence(pattern, piece, cut, last=last)
    if piece.kind is Kind.CHOICE:
        branches = [_needed(pattern, part, cut, last=last) for part in piece.parts]
        return _made_of(piece, [branch or _nothing(piece) for branch in branches])
    if piece.kind not in REPEATS:
        return piece
    takes_all = body.sets == [ALL] and piece.most == UNBOUNDED and piece.least <= 1
    if last or takes_all:
        cut.append(piece)
        least = piece.least
        if not least:
            return None
        return Piece(Kind.REPEAT, piece.start, piece.end, [], piece.parts, least, least)
    if piece.most == 1:
        return _made_of(piece, [_needed(pattern, body, cut, last=False) or _nothing(piece)])
    return piece


def _sequence(pattern: str, piece: Piece, cut: list[Piece], *, last: bool) -> Piece | None:
    parts, ends = list(piece.parts), list[Piece]()
    while parts:
        part = parts.pop()
        if pattern[part.start : part.end] == "$":
            ends.insert(0, part)
            last = False
            continue
        needed = _needed(pattern, part, cut, last=last)
        if needed:
            return _made_of(piece, [*parts, needed, *ends])
        ends, last = [], True
    return _made_of(piece, ends) if ends else None


def _made_of(piece: Piece, parts: list[Piece]) -> Piece:
    return Piece(piece.kind, piece.start, piece.end, [], parts, piece.least, piece.most)
