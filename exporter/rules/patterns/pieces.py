# SPDX-License-Identifier: Apache-2.0
"""A pattern as pieces, each with its place and the characters it takes.

A set of characters is an integer, one bit for each ASCII character and four for all others:
digits, other word characters, white space, the rest. Where four bits are too coarse a set is
too large, never too small: two sets without a common bit have no common character.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import reduce
from operator import or_

from exporter.rules.patterns.syntax import MEMBER, MOST_REPEATS, UnsafePatternError

UNBOUNDED = 1 << 30
"""The count of a repeat without an upper end."""
MANY = 16
"""A repeat that may go round more often than this is looked at as one without an end."""


class Kind(Enum):
    """What a piece of a pattern is."""

    TEXT = auto()
    """One character after the other, each of a set; none for ``$``, ``\\b`` and the like."""
    START = auto()
    """The start of the message: ``^``."""
    SEQUENCE = auto()
    CHOICE = auto()
    REPEAT = auto()
    """Few times: counted out, as if written that often."""
    LOOP = auto()
    """More than ``MANY`` times."""


REPEATS = frozenset({Kind.REPEAT, Kind.LOOP})


@dataclass(slots=True)
class Piece:
    """A piece of a pattern, from ``start`` up to ``end``. Groups are what is in them."""

    kind: Kind
    start: int
    end: int
    sets: list[int] = field(default_factory=list)
    """Of a text, a set for each character."""
    parts: list[Piece] = field(default_factory=list)
    """Of a sequence or a choice; of a repeat the one that is repeated."""
    least: int = 1
    most: int = 1
    loops: bool = field(init=False)
    """Whether it is a loop or has one inside."""
    copies: int = field(init=False)
    """RE2's measure: repeat counts, nested ones multiplied."""
    size: int = field(init=False)
    """Characters, places and choices to try, with repeats written out: one round if unbounded."""
    first: int = field(init=False)
    """Every character it may begin with."""
    taken: int = field(init=False)
    """Every character it may take."""
    can_be_empty: bool = field(init=False)
    """Whether it may take no character at all."""

    def __post_init__(self) -> None:
        self.loops = self.kind is Kind.LOOP or any(part.loops for part in self.parts)
        self.copies = max((part.copies for part in self.parts), default=1)
        self.size = sum(part.size for part in self.parts) or len(self.sets) or 1
        self.first = self.sets[0] if self.sets else 0
        self.taken = reduce(or_, (*self.sets, *(part.taken for part in self.parts)), 0)
        self.can_be_empty = not self.sets
        if self.kind in REPEATS:
            rounds = self.most if self.most < UNBOUNDED else self.least
            self.copies *= max(rounds, 1)
            self.size = (self.size + 1) * (rounds + (self.most == UNBOUNDED))
            self.can_be_empty = not self.least or self.parts[0].can_be_empty
        elif self.kind is Kind.CHOICE:
            self.size += len(self.parts) - 1
            self.can_be_empty = any(part.can_be_empty for part in self.parts)
        for part in self.parts:
            self.first |= part.first
            if self.kind is Kind.SEQUENCE and not part.can_be_empty:
                self.can_be_empty = False
                break


_DIGIT, _LETTER, _BLANK, _REST = (1 << bit for bit in range(128, 132))
ALL = (1 << 132) - 1
"""Every character there is."""


def _of(characters: str) -> int:
    """The set of these characters."""
    found = 0
    for character in characters:
        if character.isascii():
            found |= 1 << ord(character)
        elif character.isalnum():
            found |= _DIGIT if character.isdecimal() else _LETTER
        else:
            found |= _BLANK if character.isspace() else _REST
    return found


_CAPITALS = _of("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_DIGITS = _of("0123456789") | _DIGIT
WORD = _CAPITALS | _CAPITALS << 32 | _DIGITS | _LETTER | _of("_")
"""What ``\\w`` is."""
LINE_END = _of("\n")
_SPACE = _of("\t\n\v\f\r\x1c\x1d\x1e\x1f ") | _BLANK
_CASELESS = _of("iIkKsS")
"""ASCII letters that are, case apart, also letters outside of ASCII."""
_CLASSES = {"d": _DIGITS, "w": WORD, "s": _SPACE}
_CLASSES |= {name.upper(): ALL ^ found for name, found in _CLASSES.items()}
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v", "a": "\a", "b": "\b"}


def _character(member: str) -> str:
    """The character that is written so, escaped or not."""
    if member[0] != "\\":
        return member
    if member[1] == "x":
        return bytes.fromhex(member[2:]).decode("latin-1")
    return _CONTROLS.get(member[1], member[1])


def _caseless(found: int) -> int:
    """The set with both cases of each ASCII letter."""
    return found | (found & _CAPITALS) << 32 | (found >> 32) & _CAPITALS


def _caseless_all(found: int) -> int:
    """The same, with those letters that are outside of ASCII in one case only."""
    found = _caseless(found)
    if found & _CASELESS:
        found |= _LETTER
    return found | _CASELESS | _LETTER | _REST if found >> 128 else found


def _set(text: str, flags: str) -> int:
    """The set between brackets."""
    negated = text[1] == "^"
    members = MEMBER.findall(text, 1 + negated, len(text) - 1)
    classes = listed = 0
    at = 0
    while at < len(members):
        member = members[at]
        at += 1
        if member[0] == "\\" and member[1] in _CLASSES:
            classes |= _CLASSES[member[1]]
        elif members[at : at + 1] == ["-"] and at + 1 < len(members):
            first, last = ord(_character(member)), ord(_character(members[at + 1]))
            at += 2
            listed |= (1 << min(last + 1, 128)) - (1 << min(first, 128))
            if last >= 128:
                listed |= _DIGIT | _LETTER | _BLANK | _REST
        else:
            listed |= _of(_character(member))
    if negated:  # what may lack one character of a kind may have the others
        listed &= (1 << 128) - 1
        return ALL ^ (classes | (_caseless(listed) if "i" in flags else listed))
    return classes | (_caseless_all(listed) if "i" in flags else listed)


@dataclass(slots=True)
class _Group:
    """A group that is still open."""

    start: int
    flags: str
    branches: list[list[Piece]] = field(default_factory=lambda: [[]])

    def closed(self, end: int) -> Piece:
        """The group as one piece."""
        sequences = [
            branch[0] if len(branch) == 1 else Piece(Kind.SEQUENCE, self.start, end, [], branch)
            for branch in self.branches
        ]
        if len(sequences) > 1:
            return Piece(Kind.CHOICE, self.start, end, [], sequences)
        sequences[0].start, sequences[0].end = self.start, end
        return sequences[0]


def tree(tokens: list[re.Match[str]]) -> Piece:
    """The tokens of a pattern that compiles, as pieces; ``.`` is any character, as by DOTALL.

    Raises UnsafePatternError for repeats of repeats beyond RE2's limit.
    """
    groups = [_Group(0, "s")]
    for token in tokens:
        kind, text, start, end = token.lastgroup, token[0], token.start(), token.end()
        group = groups[-1]
        branch = group.branches[-1]
        if kind == "open":
            if token["end"] == ")":
                group.flags += token["flags"]
            else:
                groups.append(_Group(start, _with_flags(group.flags, token["flags"] or "")))
        elif kind == "close":
            groups.pop()
            groups[-1].branches[-1].append(group.closed(end))
        elif kind == "or":
            group.branches.append([])
        elif kind == "repeat":
            branch[-1] = _repeated(branch[-1], token)
        elif text == "\\A" or (text == "^" and "m" not in group.flags):
            branch.append(Piece(Kind.START, start, end))
        else:
            branch.append(Piece(Kind.TEXT, start, end, list(_sets(kind, text, group.flags))))
    return groups[0].closed(tokens[-1].end() if tokens else 0)


def _with_flags(flags: str, change: str) -> str:
    added, _, removed = change.partition("-")
    return "".join(set(flags + added) - set(removed))


def _sets(kind: str | None, text: str, flags: str) -> Iterator[int]:
    """A set for each character that the token takes; none for a place between characters."""
    if kind == "at" or text in {"\\b", "\\B"}:
        return
    if kind == "any":
        yield ALL if "s" in flags else ALL ^ _of("\n")
    elif kind == "set":
        yield _set(text, flags)
    elif kind == "escape" and text[1] in _CLASSES:
        yield _CLASSES[text[1]]
    else:
        for character in _character(text) if kind == "escape" else text:
            yield _caseless_all(_of(character)) if "i" in flags else _of(character)


def _repeated(piece: Piece, token: re.Match[str]) -> Piece:
    """The piece with the quantifier that follows it."""
    if token["least"] is None:
        least, most = {"*": (0, UNBOUNDED), "+": (1, UNBOUNDED), "?": (0, 1)}[token[0][0]]
    else:
        least = int(token["least"])
        most = int(token["most"] or UNBOUNDED) if token["comma"] else least
    kind = Kind.LOOP if most > MANY else Kind.REPEAT
    repeat = Piece(kind, piece.start, token.end(), [], [piece], least, most)
    if repeat.copies > MOST_REPEATS:
        place = f"{token[0]!r} at position {token.start()}"
        raise UnsafePatternError(
            f"{place} repeats, with the repeats inside, more than {MOST_REPEATS} times, RE2's"
            " limit; write + or *"
        )
    return repeat


def placed(pattern: str, piece: Piece) -> str:
    """The piece as it is written, and where, for an error."""
    text = pattern[piece.start : piece.end]
    return f"{text if len(text) <= 60 else text[:57] + '...'!r} at position {piece.start}"
