# SPDX-License-Identifier: Apache-2.0
"""Named groups, and whether what they take has an end."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet

from exporter.rules.patterns.pieces import MANY
from exporter.rules.patterns.syntax import scan


def endless_groups(pattern: str) -> AbstractSet[str]:
    """The named groups of a pattern that compiles in which something repeats more than ``MANY``
    times: they can take nearly any text, where others are one of some words.
    """
    found: set[str] = set()
    around: list[str] = []
    for token in scan(pattern):
        if token.lastgroup == "open" and token["end"] != ")":
            named = token[0].startswith("(?P<")
            around.append(token[0][4:-1] if named else "")
        elif token.lastgroup == "close":
            around.pop()
        elif token.lastgroup == "repeat" and _is_many(token):
            found.update(around)
    return found - {""}


def _is_many(repeat: re.Match[str]) -> bool:
    if repeat["least"] is None:
        return repeat[0][0] in "*+"
    endless = repeat["comma"] and not repeat["most"]
    return bool(endless) or int(repeat["most"] or repeat["least"]) > MANY
