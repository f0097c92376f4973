# SPDX-License-Identifier: Apache-2.0
"""Loops that can share one text: the longest chain of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, NoReturn

from exporter.rules.patterns.pieces import ALL, UNBOUNDED, Kind, Piece, placed
from exporter.rules.patterns.syntax import UnsafePatternError

_LONGEST_CHAIN = 2


class _Cycle(NamedTuple):
    """A way round in a loop: its own body, or a loop inside it."""

    body: Piece
    taken: int
    """Characters of its rounds."""
    before: tuple[Piece, ...]
    """What stands between the start of the outermost loop and this one."""
    after: tuple[Piece, ...]


class _Open(NamedTuple):
    """A chain of loops that a later loop may lengthen."""

    chain: tuple[Piece, ...]
    cycle: _Cycle
    since: tuple[Piece, ...]
    """What was passed since the last loop of the chain."""


_ANY = Piece(Kind.TEXT, 0, 0, [ALL])
_SEARCH = Piece(Kind.LOOP, 0, 0, parts=[_ANY], least=0)
"""The places before the match, as a loop."""


def longest_chain(pattern: str, piece: Piece) -> int:
    """How many loops the longest chain of the pattern has, the search for a start included.

    Raises UnsafePatternError for one of more than two.
    """
    chains = _Chains(pattern)
    piece = _without_rest(pattern, piece)
    if piece.loops:
        chains.behind(piece, [_Open((_SEARCH,), _Cycle(_ANY, ALL, (), ()), ())])
    return chains.longest


class _Chains:
    """Follows the chains through the pieces of one pattern."""

    def __init__(self, pattern: str) -> None:
        self.longest = 1
        self._pattern = pattern

    def behind(self, piece: Piece, open_: list[_Open]) -> list[_Open]:
        """The chains that end in this piece's loops, as they are open behind it."""
        if not piece.loops:
            return []
        if piece.kind is Kind.LOOP:
            return self._lengthened(piece, open_)
        if piece.kind is Kind.CHOICE:
            return [new for part in piece.parts for new in self.behind(part, open_)]
        parts = piece.parts  # of a repeat, as many rounds as a chain can have loops
        if piece.kind is Kind.REPEAT:
            parts = parts * min(piece.most, _LONGEST_CHAIN + 1)
        made: list[_Open] = []
        for part in parts:
            new = self.behind(part, open_ + made)
            open_, made = _passed(open_, part), _passed(made, part) + new
        return made

    def _lengthened(self, loop: Piece, open_: list[_Open]) -> list[_Open]:
        """The longest chain that has this loop as its end, open for more."""
        cycles = list(_cycles(loop.parts[0], (), ()))
        best: tuple[Piece, ...] = ()
        for opened in open_:
            if len(opened.chain) > len(best) and any(_chained(opened, one) for one in cycles):
                best = opened.chain
        chain = (*best, loop)
        self.longest = max(self.longest, len(chain))
        if len(chain) > _LONGEST_CHAIN:
            self._refuse_chain(chain)
        return [_Open(chain, cycle, cycle.after) for cycle in cycles]

    def _refuse_chain(self, chain: tuple[Piece, ...]) -> NoReturn:
        searched = chain[0] is _SEARCH
        loops = ", ".join(placed(self._pattern, loop) for loop in chain if loop is not _SEARCH)
        raise UnsafePatternError(
            f"{loops}: these repeats can share a text in too many ways"
            + (", with every place of the message tried as the start" if searched else "")
            + f" (the cost grows with the message's length to the power of {len(chain)});"
            + (" begin the pattern with ^, or" if searched else "")
            + " let a repeat not take the character that ends it, such as '[^,]*,' for '.*,'"
        )


def _without_rest(pattern: str, piece: Piece) -> Piece:
    """The pattern without a ``.*`` at its end, or before ``$``: to reach it is to have a match."""
    parts = piece.parts if piece.kind is Kind.SEQUENCE else [piece]
    if parts and pattern[parts[-1].start : parts[-1].end] == "$":
        parts = parts[:-1]
    if not parts:
        return piece
    last = parts[-1]
    if last.kind is Kind.SEQUENCE:
        parts = [*parts[:-1], _without_rest(pattern, last)]
    elif last.kind is Kind.LOOP and last.most == UNBOUNDED and last.least <= 1:
        parts = parts[:-1] if last.parts[0].sets == [ALL] else parts
    return Piece(Kind.SEQUENCE, piece.start, piece.end, [], parts)


def _can_take(piece: Piece, characters: int) -> bool:
    """Whether the piece can be passed with these characters only, some having been taken."""
    if piece.kind is Kind.TEXT:
        return all(one & characters for one in piece.sets)
    if piece.kind is Kind.SEQUENCE:
        return all(_can_take(part, characters) for part in piece.parts)
    if piece.kind is Kind.CHOICE:
        return any(_can_take(part, characters) for part in piece.parts)
    if piece.kind is Kind.START:
        return False
    return not piece.least or _can_take(piece.parts[0], characters)


def _all_taken(piece: Piece) -> int:
    """Every character that the piece may take."""
    found = 0
    for one in piece.sets:
        found |= one
    for part in piece.parts:
        found |= _all_taken(part)
    return found


def _cycles(body: Piece, before: tuple[Piece, ...], after: tuple[Piece, ...]) -> Iterator[_Cycle]:
    """The ways round in a loop of this body, and in the loops inside it."""
    yield _Cycle(body, _all_taken(body), before, after)
    if body.loops:
        yield from _inner_cycles(body, before, after)


def _inner_cycles(
    piece: Piece, before: tuple[Piece, ...], after: tuple[Piece, ...]
) -> Iterator[_Cycle]:
    if piece.kind is Kind.LOOP:
        yield from _cycles(piece.parts[0], before, after)
    elif piece.kind is Kind.SEQUENCE:
        for at, part in enumerate(piece.parts):
            around = (*before, *piece.parts[:at]), (*piece.parts[at + 1 :], *after)
            yield from _inner_cycles(part, *around)
    else:
        for part in piece.parts:
            yield from _inner_cycles(part, before, after)


def _chained(opened: _Open, cycle: _Cycle) -> bool:
    """Whether a text can be split at any place between the chain's last loop and this one."""
    shared = opened.cycle.taken & cycle.taken
    between = (opened.cycle.body, *opened.since, *cycle.before, cycle.body)
    return bool(shared) and all(_can_take(piece, shared) for piece in between)


def _passed(open_: list[_Open], piece: Piece) -> list[_Open]:
    """The chains that a later loop may still lengthen behind this piece."""
    return [
        one._replace(since=(*one.since, piece))
        for one in open_
        if _can_take(piece, one.cycle.taken)
    ]
