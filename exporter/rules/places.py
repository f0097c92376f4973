# SPDX-License-Identifier: Apache-2.0
"""Where in a rule file an error stands, by the words in which it says so."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.config.strict_yaml import YamlError, lines, parse
from exporter.rules.reading import rule_name

# rules, a rule, samples, a sample, labels, a label
_DEPTH = 6


class Places:
    """Those of one file."""

    def __init__(self, name: str, text: str) -> None:
        self._lines = _named(name, text)

    def line(self, where: str) -> int:
        """The line of the innermost entry or key that ``where`` names; 0 if it names none."""
        while where not in self._lines:
            cut = max(where.rfind(mark) for mark in (": ", ".", "["))
            if cut < 0:
                return 0
            where = where[:cut]
        return self._lines[where]


def _named(name: str, text: str) -> dict[str, int]:
    """Lines by what errors call their places."""
    try:
        data = parse(text)
        found = dict(lines(text, _DEPTH))
    except YamlError:
        return {}
    rules = data.get("rules") if isinstance(data, dict) else None
    ids = [
        rule_name(rule, at) for at, rule in enumerate(rules if isinstance(rules, list) else (), 1)
    ]
    return {_words(name, path, ids): line for path, line in found.items()}


def _words(name: str, path: tuple[str | int, ...], ids: Sequence[str]) -> str:
    section, *rest = map(str, path)
    entry, inside = rest[:1], path[2:]
    if section == "rules" and len(path) > 1 and isinstance(path[1], int):
        section, entry = ids[path[1]], []
    steps = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in inside]
    key = ["".join(steps).removeprefix(".")] if steps else []
    return ": ".join([name, section, *entry, *key])
