# SPDX-License-Identifier: Apache-2.0
"""``rules`` lists the rules in force."""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from textwrap import TextWrapper

from exporter.config import Config
from exporter.rules.loading import NamedText, built_in, load, read
from exporter.rules.reading import read_rule_file
from exporter.rules.rulebook import Rule

_WIDTH = 100
_FIRST, _NEXT = " " * 4, " " * 6
# Names stay whole: somebody may look for them.
_WRAPPER = TextWrapper(
    width=_WIDTH,
    initial_indent=_FIRST,
    subsequent_indent=_NEXT,
    break_long_words=False,
    break_on_hyphens=False,
)
# Patterns are long: they go on in the next line after a space or a branch.
_PIECES = re.compile(rf".{{0,{_WIDTH - 10}}}?(?:[ |]|\Z)|.{{{_WIDTH - 10}}}", re.DOTALL)


def list_rules(config: Config) -> int:
    """Print the rules in force, in the order in which they are tried; raises ``RuleError``."""
    built, own = built_in(), read(config.rule_files)
    rules = list(load([*built, *own], time.monotonic).all())
    homes = _homes(rules, {name for name, _ in built}, own)
    width = max(len(rule.id) for rule in rules)
    print(f"{'ID':{width}}  FILE")
    for rule in rules:
        print(f"{rule.id:{width}}  {homes[rule.id]}")
        for line in _lines(rule):
            print(line)
    return 0


def _lines(rule: Rule) -> Iterator[str]:
    yield from _WRAPPER.wrap(_events(rule))
    if rule.message:
        yield from _pattern(rule.message.pattern)
    yield from _WRAPPER.wrap(_effects(rule))


def _pattern(pattern: str) -> Iterator[str]:
    """As it stands between quotes in YAML, in lines."""
    quoted = pattern.replace("'", "''").replace("\n", r"\n")
    line = f"{_FIRST}message "
    for piece in _PIECES.findall(f"'{quoted}'"):
        if len(line + piece.rstrip()) > _WIDTH:
            yield line.rstrip()
            line = _NEXT
        line += piece
    yield line


def _homes(
    rules: Sequence[Rule], built: Collection[str], own: Sequence[NamedText]
) -> Mapping[str, str]:
    """Where each rule is written, by its id; of one that replaces another, where that is too."""
    writers: dict[str, list[str]] = {}
    for name, text in own:
        for spec in read_rule_file(name, text).rules:
            writers.setdefault(spec.id, []).append(name)
    homes = {}
    for rule in rules:
        files = writers.get(rule.id, [])
        if rule.file in built:
            files = [f"built-in {rule.file}" if files else rule.file, *files]
        before = f" (in place of the one in {files[0]})" if len(files) > 1 else ""
        homes[rule.id] = files[-1] + before
    return homes


def _events(rule: Rule) -> str:
    selector = rule.selector
    kinds, components, reasons = (
        ", ".join(names.written)
        for names in (selector.kinds, selector.components, selector.reasons)
    )
    types = "" if selector.types.any else f" ({', '.join(selector.types.written)})"
    return f"{kinds} by {components}: {reasons}{types}"


def _effects(rule: Rule) -> str:
    effects = []
    if rule.closes:
        effects.append(f"closes {rule.closes.lifecycle} as {rule.outcome}")
    if rule.opens:
        effects.append(f"opens {rule.opens.lifecycle}")
    families = dict.fromkeys(sample.family for sample in rule.samples)
    if families:
        effects.append(f"feeds {', '.join(families)}")
    return "; ".join(effects) or "counts nothing"
