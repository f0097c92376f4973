"""A matcher that goes as Python's does, one way after the other, and counts its steps.

Slower than Python's by far, and without its short cuts: its steps are an upper bound of the
work, and the same on every machine, which a clock's figures are not.
"""

from __future__ import annotations

from dataclasses import dataclass

from exporter.rules.patterns.pieces import ALL, LINE_END, UNBOUNDED, WORD, Kind, Piece, tree
from exporter.rules.patterns.syntax import scan

Instruction = tuple[str, int, int]
"""Take a character of a set; go on elsewhere, or at either of two; be at some place."""
_PLACES = {"$": "end", "^": "line", "\\b": "edge"}


@dataclass(frozen=True, slots=True)
class Run:
    """A search: whether there was a match, and after how many steps it ended."""

    found: bool
    steps: int


class Matcher:
    """Searches for an ASCII pattern of characters, sets, groups, repeats and places."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._program: list[Instruction] = []
        self._write(tree(scan(pattern)))
        self._program.append(("found", 0, 0))

    def __len__(self) -> int:
        return len(self._program)

    def search(self, text: str, most_steps: int) -> Run:
        """Try every start, all ways; give up, as if nothing were found, after ``most_steps``."""
        bits = [1 << ord(character) for character in text]
        steps = 0
        for start in range(len(bits) + 1):
            untried = [(0, start)]
            while untried:
                at, place = untried.pop()
                steps += 1
                if steps == most_steps:
                    return Run(found=False, steps=steps)
                what, first, second = self._program[at]
                while what == "jump":  # no step: Python's matcher has none
                    at = first
                    what, first, second = self._program[at]
                if what == "found":
                    return Run(found=True, steps=steps)
                if what == "either":
                    untried += [(second, place), (first, place)]
                elif what == "take":
                    if place < len(bits) and bits[place] & first:
                        untried.append((at + 1, place + 1))
                elif _is_at(what, bits, place):
                    untried.append((at + 1, place))
        return Run(found=False, steps=steps)

    def _write(self, piece: Piece) -> None:
        """Append the instructions of a piece."""
        written = self._pattern[piece.start : piece.end]
        if piece.kind is Kind.START or written in _PLACES:
            self._program.append(
                ("start" if piece.kind is Kind.START else _PLACES[written], ALL, 0)
            )
        elif piece.kind is Kind.TEXT:
            self._program += [("take", one, 0) for one in piece.sets]
        elif piece.kind is Kind.SEQUENCE:
            for part in piece.parts:
                self._write(part)
        elif piece.kind is Kind.CHOICE:
            self._choose(piece.parts)
        else:
            self._repeat(piece, lazy=written[-1] == "?" and written[-2] in "*+?}")

    def _choose(self, branches: list[Piece]) -> None:
        if len(branches) == 1:
            self._write(branches[0])
            return
        here = self._reserve()
        self._write(branches[0])
        leave = self._reserve()
        self._program[here] = ("either", here + 1, len(self._program))
        self._choose(branches[1:])
        self._program[leave] = ("jump", len(self._program), 0)

    def _repeat(self, piece: Piece, *, lazy: bool) -> None:
        body = piece.parts[0]
        for _ in range(piece.least):
            self._write(body)
        choices = []
        if piece.most == UNBOUNDED:
            choices.append(self._reserve())
            self._write(body)
            self._program.append(("jump", choices[0], 0))
        else:
            for _ in range(piece.most - piece.least):
                choices.append(self._reserve())
                self._write(body)
        for here in choices:
            ways = (len(self._program), here + 1) if lazy else (here + 1, len(self._program))
            self._program[here] = ("either", *ways)

    def _reserve(self) -> int:
        self._program.append(("either", 0, 0))
        return len(self._program) - 1


def _is_at(what: str, bits: list[int], place: int) -> bool:
    """Whether this is such a place."""
    before, after = (bits[at] if 0 <= at < len(bits) else 0 for at in (place - 1, place))
    if what == "edge":
        return bool(before & WORD) != bool(after & WORD)
    if what == "line":
        return place == 0 or before == LINE_END
    return place == (0 if what == "start" else len(bits))
