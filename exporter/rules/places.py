# SPDX-License-Identifier: Apache-2.0
"""Where in a rule file an error stands, by the words in which it says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from exporter.config.strict_yaml import YamlError, lines, parse
from exporter.rules.reading import rule_name

# rules, a rule, samples, a sample, labels, a label
_DEPTH = 6
_RULES = ("rules", "audit_rules")


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
    ids = {section: _ids(data, section) for section in _RULES}
    return {_words(name, path, ids): line for path, line in found.items()}


def _ids(data: object, section: str) -> list[str]:
    rules = data.get(section) if isinstance(data, dict) else None
    return [
        rule_name(rule, at) for at, rule in enumerate(rules if isinstance(rules, list) else (), 1)
    ]


def _words(name: str, path: tuple[str | int, ...], ids: Mapping[str, Sequence[str]]) -> str:
    section, *rest = map(str, path)
    entry, inside = rest[:1], path[2:]
    if section in ids and len(path) > 1 and isinstance(path[1], int):
        section, entry = ids[section][path[1]], []
    steps = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in inside]
    key = ["".join(steps).removeprefix(".")] if steps else []
    return ": ".join([name, section, *entry, *key])
