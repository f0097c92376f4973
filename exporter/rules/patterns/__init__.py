# SPDX-License-Identifier: Apache-2.0
"""Patterns that are safe on any message, whoever writes it.

Python's matcher tries one way after the other. A pattern that lets it walk through the same text
in many ways can take hours over one hostile message; RE2 would not, but there is none in the
standard library. So a pattern is used only if its cost is known to be bounded: the steps over a
message of n characters are at most in proportion to n squared, n being ``LONGEST_MESSAGE`` at most.
It must also be of the syntax that Python and RE2 share (``syntax``).

The rules. They may refuse what is harmless, never accept what is not:

1. **Nothing ambiguous goes round.** Inside a loop (a repeat of more than ``MANY`` rounds) every
   choice must be settled by the characters that follow: the branches of ``|``, and going on with
   a repeat or leaving it, must differ in one of the next characters, the loop's next round
   included. Nor may a round be empty. Else each round doubles the ways: ``(a+)+``, ``(a|a)*``.
2. **At most two loops share a text.** Two loops that follow one another are a chain if a text can
   be split between them at any place: there are characters that both take, and what stands
   between them can be made of these alone. ``.*a.*`` is a chain; ``[^,]*,.*`` is none, because its
   comma ends the first loop for good. A chain of k loops costs n to the k. The search tries each
   place of the message as a start: one more loop before all others, which ``^`` takes away.
   A ``.*`` at the very end does not count: to reach it is to have a match.
   (Shown for automata by Weber and Seidl, 1991: what chains count is the degree of ambiguity.)
3. **Few ways besides.** Outside of loops, choices that rule 1 would not settle multiply the ways:
   their product, times n for each loop of the longest chain, must be within ``MOST_STEPS``.
"""

from __future__ import annotations

import re

from exporter.events.record import LONGEST_MESSAGE
from exporter.rules.patterns.chains import longest_chain
from exporter.rules.patterns.pieces import Piece, placed, tree
from exporter.rules.patterns.syntax import UnsafePatternError, scan
from exporter.rules.patterns.ways import ways_through

__all__ = ["LONGEST_MESSAGE", "LONGEST_PATTERN", "UnsafePatternError", "compile_pattern"]

LONGEST_PATTERN = 1000
"""Characters of a pattern: a factor of the cost that no rule below counts."""
MOST_STEPS = 4 * LONGEST_MESSAGE**2
"""Ways through a message at most, by the rules above."""


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """The pattern compiled, ``.`` matching line ends too, for a search in messages.

    Raises UnsafePatternError for a pattern that does not compile, is not of the syntax that
    Python and RE2 share, or can take more than quadratic time.
    """
    if len(pattern) > LONGEST_PATTERN:
        raise UnsafePatternError(
            f"the pattern has {len(pattern)} characters, more than {LONGEST_PATTERN}: divide it"
            " into several rules or rows"
        )
    try:
        tokens = scan(pattern)
        compiled = re.compile(pattern, re.DOTALL)
        _check_cost(pattern, tree(tokens))
    except re.error as error:
        raise UnsafePatternError(f"the pattern does not compile: {error}") from error
    except RecursionError:
        raise UnsafePatternError("the pattern's groups are too deep in one another") from None
    return compiled


def _check_cost(pattern: str, piece: Piece) -> None:
    """The rules of this module."""
    ways, choices = ways_through(pattern, piece)
    if ways * LONGEST_MESSAGE ** longest_chain(pattern, piece) > MOST_STEPS:
        places = ", ".join(placed(pattern, choice) for choice in choices[:3])
        raise UnsafePatternError(
            f"{places}: choices that the next characters do not settle, which makes {ways} ways"
            " through the same text; let the branches begin differently, and what may be left out"
            " differ from what follows it"
        )
