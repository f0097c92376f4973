# SPDX-License-Identifier: Apache-2.0
"""``rules`` lists the rules in force."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from textwrap import TextWrapper

from exporter.config import Config
from exporter.rules.audit.conditions import patterns
from exporter.rules.audit.language import AuditConditions
from exporter.rules.audit.rulebook import AuditRule
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
    book = load([*built, *own], time.monotonic)
    names = {name for name, _ in built}
    # Those of events and those of audit events ask nothing of each other.
    both: list[Rule | AuditRule] = [*book.all(), *book.audit.all()]
    rules = sorted(both, key=lambda rule: rule.file not in names)
    homes = _homes(rules, names, own)
    width = max(len(rule.id) for rule in rules)
    print(f"{'ID':{width}}  FILE")
    for rule in rules:
        print(f"{rule.id:{width}}  {homes[rule.id]}")
        for line in _lines(rule):
            print(line)
    return 0


def _lines(rule: Rule | AuditRule) -> Iterator[str]:
    if isinstance(rule, AuditRule):
        yield from _of_audit(rule)
        return
    yield from _WRAPPER.wrap(_events(rule))
    if rule.message:
        yield from _pattern("message", rule.message.pattern)
    yield from _WRAPPER.wrap(_effects(rule))


def _of_audit(rule: AuditRule) -> Iterator[str]:
    spec = rule.spec
    when = "requests that begin" if rule.started else "requests that are over"
    dry = ", dry runs" if spec.dry_run else ""
    yield from _WRAPPER.wrap(f"{when}{dry}; {_closed(spec)}".removesuffix("; "))
    yield from _asked(spec)
    for place, exception in enumerate(spec.exceptions):
        where = f"except[{place}] "
        if closed := _closed(exception):
            yield from _WRAPPER.wrap(where + closed)
        yield from _asked(exception, where)
    families = dict.fromkeys(sample.family for sample in rule.samples)
    yield from _WRAPPER.wrap(f"feeds {', '.join(families)}" if families else "counts nothing")


def _closed(spec: AuditConditions) -> str:
    """The conditions that are lists of words, as they are written."""
    keys = ("verbs", "api_groups", "resources", "user_classes", "codes")
    lists = {key: getattr(spec, key) for key in keys}
    return "; ".join(
        f"{key} {', '.join(str(word) or repr(word) for word in words)}"
        for key, words in lists.items()
        if words
    )


def _asked(spec: AuditConditions, where: str = "") -> Iterator[str]:
    """The conditions that are patterns, and those on the body."""
    for key, pattern in patterns(spec):
        if not key.startswith("body"):
            yield from _pattern(where + key, pattern)
    for body in spec.body:
        values = ", ".join(json.dumps(value) for value in body.values)
        is_ = f" is {values}" if values else ""
        yield from _WRAPPER.wrap(f"{where}body {', '.join(body.paths)}{is_}")
        if body.pattern:
            yield from _pattern(f"{where}body", body.pattern)


def _pattern(key: str, pattern: str) -> Iterator[str]:
    """As it stands between quotes in YAML, in lines."""
    quoted = pattern.replace("'", "''").replace("\n", r"\n")
    line = f"{_FIRST}{key} "
    for piece in _PIECES.findall(f"'{quoted}'"):
        if len(line + piece.rstrip()) > _WIDTH:
            yield line.rstrip()
            line = _NEXT
        line += piece
    yield line


def _homes(
    rules: Sequence[Rule | AuditRule], built: Collection[str], own: Sequence[NamedText]
) -> Mapping[str, str]:
    """Where each rule is written, by its id; of one that replaces another, where that is too."""
    writers: dict[str, list[str]] = {}
    for name, text in own:
        file = read_rule_file(name, text)
        ids = [*(spec.id for spec in file.rules), *(spec.id for spec in file.audit_rules)]
        for rule_id in ids:
            writers.setdefault(rule_id, []).append(name)
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
