# SPDX-License-Identifier: Apache-2.0
"""The syntax of regular expressions, as far as Python and RE2 read it alike.

A reader of our own, not Python's private one: it knows where in the pattern each token stands,
and what it does not know is refused, so that a later Python's new syntax does not pass unseen.
Source: RE2's doc/syntax.txt and Python's library reference, re.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

MOST_REPEATS = 1000
"""RE2's limit for a repeat count, nested ones multiplied."""


class UnsafePatternError(ValueError):
    """A pattern that must not be used; the text says what is wrong, where, and what is right."""


_TOKEN = re.compile(
    r"""
      (?P<text>    [^\\\[(){}|.*+?^$]+ (?![*+?{]) | [^\\\[(){}|.*+?^$] )
    | (?P<escape>  \\x[0-9a-fA-F]{2} | \\. )
    | (?P<set>     \[\^?+\]?+ (?:[^\]\\]|\\.)* \] )
    | (?P<repeat>  (?: [*+?] | \{(?P<least>\d+)(?P<comma>,)?(?P<most>\d*)\} ) (?P<how>[?+]?) )
    | (?P<open>    \((?!\?) | \(\?(?:P<[^>]*> | (?P<flags>[A-Za-z-]*) (?P<end>[:)])) )
    | (?P<close>   \) )
    | (?P<foreign> \(\? (?:<[=!]|P.|.)? | \{,\d*\} )
    | (?P<or>      \| )
    | (?P<any>     \. )
    | (?P<at>      [\^$] )
    | (?P<literal> . )
    """,
    re.VERBOSE | re.DOTALL,
)
MEMBER = re.compile(r"\\x[0-9a-fA-F]{2}|\\.|.", re.DOTALL)
"""What a set between brackets is made of: a character, escaped or not."""
_MOST_RARE = 16
"""Of the characters beyond U+FFFF in a set, which Python tries one after the other."""
_SEVERAL_READINGS = {"[:", "--", "&&", "~~", "||"}
_IN_SETS = "DdSsWwnrtfvax"
_OUTSIDE_SETS = _IN_SETS + "ABb"
_FOREIGN = {
    "(?=": "looks ahead; write what follows as part of the pattern",
    "(?!": "looks ahead; put a rule or row before this one for what must not follow",
    "(?<=": "looks behind; write what stands before as part of the pattern",
    "(?<!": "looks behind; put a rule or row before this one for what must not stand before",
    "(?P=": "refers back to a group; a pattern cannot compare parts of the message",
    "(?>": "is an atomic group; write (?:...)",
    "(?(": "is a condition; write the two cases as a choice: (?:...|...)",
    "(?#": "is a comment; write it in YAML, after a #",
    "\\Z": "is Python's alone; write $",
    "\\z": "is RE2's alone; write $",
    "\\u": "is Python's alone; write the character itself",
    "\\U": "is Python's alone; write the character itself",
    "\\N": "is Python's alone; write the character itself",
}


def scan(pattern: str) -> list[re.Match[str]]:
    """The tokens of a pattern, each of a form that Python and RE2 read alike.

    Raises UnsafePatternError for any other. Whether the tokens make a pattern is not looked at.
    """
    tokens = list(_TOKEN.finditer(pattern))
    for token in tokens:
        check = _CHECKS.get(token.lastgroup or "")
        wrong = check(token) if check else ""
        if wrong:
            raise UnsafePatternError(f"{token[0]!r} at position {token.start()} {wrong}")
    return tokens


def _wrong_form(token: re.Match[str]) -> str:
    """What is wrong with a form that RE2 has not."""
    text = token[0]
    if text[0] == "{":
        return "is plain text in RE2; write {0" + text[1:]
    return _FOREIGN.get(text) or _FOREIGN.get(text[:3]) or "is not known to both RE2 and Python"


def _wrong_repeat(token: re.Match[str]) -> str:
    if token["how"] == "+":
        return "is possessive; leave the last + out"
    if max(int(token["least"] or 0), int(token["most"] or 0)) > MOST_REPEATS:
        return f"repeats more than {MOST_REPEATS} times, RE2's limit; write + or *"
    return ""


def _wrong_flags(token: re.Match[str]) -> str:
    if set(token["flags"] or "") - set("ims-"):
        return "has flags that RE2 has not or reads otherwise; set none but i, m and s"
    return ""


def _wrong_set(token: re.Match[str]) -> str:
    members = MEMBER.findall(token[0], 1, len(token[0]) - 1)
    pairs = {first + second for first, second in itertools.pairwise(members)}
    if members[0] == "[" or pairs & _SEVERAL_READINGS:
        return "is read otherwise by others; write the characters one by one, escaped: \\["
    if sum(member > "\uffff" for member in members) > _MOST_RARE:
        return f"has more than {_MOST_RARE} characters beyond U+FFFF; write few ranges: x-z"
    return next(filter(None, (_wrong_in(member, _IN_SETS) for member in members)), "")


def _wrong_escape(token: re.Match[str]) -> str:
    return _wrong_in(token[0], _OUTSIDE_SETS)


def _wrong_in(text: str, known: str) -> str:
    """What is wrong with a backslash and what follows; nothing for other characters."""
    letter = text[1:2]
    if text[0] != "\\" or letter in known or not (letter.isascii() and letter.isalnum()):
        return ""
    if letter.isdigit():
        return "refers back to a group, or is octal; write \\x.. for a character's code"
    return _FOREIGN.get(text, "is not known to both RE2 and Python")


def _wrong_literal(token: re.Match[str]) -> str:
    return (
        "opens a set that nothing closes; write \\\\[ for the character" if token[0] == "[" else ""
    )


_CHECKS: dict[str, Callable[[re.Match[str]], str]] = {
    "foreign": _wrong_form,
    "repeat": _wrong_repeat,
    "open": _wrong_flags,
    "set": _wrong_set,
    "escape": _wrong_escape,
    "literal": _wrong_literal,
}
