# SPDX-License-Identifier: Apache-2.0
"""Patterns that are safe on any message, whoever writes it.

Python's matcher tries one way after the other. A pattern that lets it walk through the same text
in many ways can take hours over one hostile message; RE2 would not, but there is none in the
standard library. So a pattern is used only if its cost is known to be bounded. It must also be of
the syntax that Python and RE2 share (``syntax``).

The rules. They may refuse what is harmless, never accept what is not:

1. **Nothing ambiguous goes round** (``loops``). Inside a loop (a repeat of more than ``MANY``
   rounds) every choice must be settled by the characters that follow: the branches of ``|``, and
   going on with a repeat or leaving it, must differ in one of the next characters, the loop's
   next round included. Nor may a round be empty. Else each round doubles the ways: ``(a+)+``,
   ``(a|a)*``.
2. **All of it is little** (``cost``). Over the longest text that a pattern is searched in, the
   search tries ``MOST_STEPS`` characters and choices at the most, whatever the text is: each
   place of it tried as the start, and all ways gone through.

   What multiplies are repeats that can share a text, so that it can be split between them at any
   place: ``.*a.*`` on a text of that letter, and ``[^,]*,.*`` not, because its comma ends the
   first for good. The search for a start is one more such repeat, which ``^`` takes away. Two of
   them make n squared ways over n characters, which is too much, unless what stands between is
   so long a word that few of them can be in a text. (How many share a text is, for automata, the
   degree of ambiguity: Weber and Seidl, 1991.)
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NoReturn

from exporter.events.record import LONGEST_MESSAGE
from exporter.rules.patterns.cost import Cost, cost_of
from exporter.rules.patterns.loops import check_loops
from exporter.rules.patterns.pieces import placed, tree
from exporter.rules.patterns.syntax import UnsafePatternError, scan

__all__ = [
    "LONGEST_MESSAGE",
    "LONGEST_PATTERN",
    "MOST_STEPS",
    "UnsafePatternError",
    "compile_pattern",
    "most_steps",
]

LONGEST_PATTERN = 1000
"""Characters of a pattern."""
MOST_STEPS = 1_000_000
"""Of one search. Python's matcher takes 1 to 10 ms for as many, by what they are."""
_LARGEST = 20_000
"""Characters, places and choices of a pattern with its repeats written out: ten texts' length."""
_REMEMBERED = 1024


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """The pattern compiled, ``.`` matching line ends too, for a search in messages.

    Raises UnsafePatternError for a pattern that does not compile, is not of the syntax that
    Python and RE2 share, or can cost too much.
    """
    if len(pattern) > LONGEST_PATTERN:
        raise UnsafePatternError(
            f"the pattern has {len(pattern)} characters, more than {LONGEST_PATTERN}: divide it"
            " into several rules or rows"
        )
    try:
        scan(pattern)
        compiled = re.compile(pattern, re.DOTALL)
        if most_steps(pattern) > MOST_STEPS:
            _refuse(pattern, _cost(pattern))
    except re.error as error:
        raise UnsafePatternError(f"the pattern does not compile: {error}") from error
    except RecursionError:
        raise UnsafePatternError("the pattern's groups are too deep in one another") from None
    return compiled


@lru_cache(_REMEMBERED)
def most_steps(pattern: str) -> float:
    """What a search for a pattern that compiles costs at the most.

    Raises UnsafePatternError where nobody can say.
    """
    return _cost(pattern).steps


def _cost(pattern: str) -> Cost:
    piece = tree(scan(pattern))
    check_loops(pattern, piece)
    if piece.size > _LARGEST:
        raise UnsafePatternError(
            f"the pattern has {piece.size:,} characters and choices with its repeats written out,"
            f" more than {_LARGEST:,}: write + or *, or fewer rounds"
        )
    return cost_of(pattern, piece, LONGEST_MESSAGE)


def _refuse(pattern: str, cost: Cost) -> NoReturn:
    """Say which pieces cost the most, why, and what would be right."""
    first, *others = cost.dearest
    power, loops = first.ways.power, first.ways.loops
    limit = f"more than {MOST_STEPS:,} steps over a message of {LONGEST_MESSAGE:,} characters"
    if power > 1:
        searched = power > len(loops)
        raise UnsafePatternError(
            ", ".join(dict.fromkeys(placed(pattern, loop) for loop in loops))
            + ": these repeats can share a text in too many ways" * (len(loops) > 1)
            + ": this repeat can go over a text too often" * (len(loops) == 1)
            + ", with every place of the message tried as the start" * searched
            + f" ({limit}: they grow with its length to the power of {power});"
            + " begin the pattern with ^, or \\b before a word, or" * searched
            + " let a repeat not take the character that ends it, such as '[^,]*,' for '.*,',"
            " or give it an end, such as '.{0,99}'"
        )
    pieces = ", ".join(placed(pattern, share.piece) for share in (first, *others[:2]))
    raise UnsafePatternError(
        f"{pieces}: tried too often ({limit}); begin the pattern with ^, let branches begin"
        " differently, give repeats fewer rounds, or divide it into several rules or rows"
    )
