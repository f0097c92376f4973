# SPDX-License-Identifier: Apache-2.0
"""What somebody wants to know of rule files before they are used: all that is wrong with them,
what looks like a slip, and what they would do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple

from exporter.rules.audit.conditions import patterns
from exporter.rules.audit.language import AuditRuleSpec
from exporter.rules.language import RuleSpec
from exporter.rules.loading import NamedText, put_together
from exporter.rules.patterns import UnsafePatternError
from exporter.rules.patterns.groups import endless_groups
from exporter.rules.places import Places
from exporter.rules.problems import RuleError
from exporter.rules.reading import Parsed, parse_rule_file

_TYPES = ("Normal", "Warning")
"""Those that Kubernetes has itself."""
_NEAR = 0.88
# A group as it is, or in a function that has as many values.
_GROUP = re.compile(r"(?:lower\()?\$(\w+)\)?")


class Finding(NamedTuple):
    """Something to tell of a place in a file."""

    where: str
    text: str
    fatal: bool
    """Whether the file cannot be used for it."""

    @classmethod
    def of(cls, error: RuleError) -> Finding:
        """An error is one."""
        return cls(error.where, error.problem, fatal=True)

    def __str__(self) -> str:
        return f"{self.where}: {'' if self.fatal else 'warning: '}{self.text}"


@dataclass(frozen=True, slots=True)
class Changes:
    """What a file does to the rules before it."""

    added: Sequence[str]
    replaced: Mapping[str, str]
    """By the rule's id, the file in which it stood."""


@dataclass(frozen=True, slots=True)
class Review:
    """Of rule files."""

    findings: Sequence[Finding]
    """In the order of the files, and in that of their lines."""
    changes: Mapping[str, Changes]
    """By the file's name."""


def review(before: Sequence[NamedText], files: Sequence[NamedText]) -> Review:
    """Of files that would be used after those ``before`` them."""
    problems: list[RuleError] = []
    parsed = [parse_rule_file(*file, problems.append) for file in (*before, *files)]
    put_together(parsed, lambda: 0.0, problems.append)
    homes = {spec.id: one.name for one in parsed[: len(before)] for spec in _rules(one)}
    found = [Finding.of(problem) for problem in problems]
    unbounded = {
        (name, label)
        for one in parsed
        for name, family in one.file.families.items()
        for label in family.unbounded
    }
    changes: dict[str, Changes] = {}
    for one in parsed[len(before) :]:
        found += _slips(one, homes, unbounded)
        ids = [spec.id for spec in _rules(one)]
        changes[one.name] = Changes(
            [rule_id for rule_id in ids if rule_id not in homes],
            {rule_id: homes[rule_id] for rule_id in ids if rule_id in homes},
        )
        homes |= dict.fromkeys(ids, one.name)
    # What stands twice alike in a file is told once.
    return Review(_in_order(list(dict.fromkeys(found)), [*before, *files]), changes)


def _rules(parsed: Parsed) -> Iterable[RuleSpec | AuditRuleSpec]:
    return (*parsed.file.rules, *parsed.file.audit_rules)


def _slips(
    parsed: Parsed, known: Iterable[str], unbounded: AbstractSet[tuple[str, str]]
) -> Iterable[Finding]:
    """What is right, and probably not what was meant."""
    for spec in _rules(parsed):
        where = f"{parsed.name}: {spec.id}"
        near = get_close_matches(spec.id, known, n=1, cutoff=_NEAR)
        if near and near[0] != spec.id:
            text = f"no rule has this id, so it adds one; did you mean {near[0]}?"
            yield Finding(f"{where}: id", text, fatal=False)
        if isinstance(spec, RuleSpec):
            yield from _type_slips(spec, f"{where}: types")
        yield from _endless_labels(spec, unbounded, where)


def _type_slips(spec: RuleSpec, where: str) -> Iterable[Finding]:
    for type_ in spec.types:
        near = get_close_matches(type_.capitalize(), _TYPES, n=1, cutoff=_NEAR)
        if near and near[0] != type_:
            text = f"Kubernetes has no type {type_!r}; did you mean {near[0]}?"
            yield Finding(where, text, fatal=False)


def _endless_labels(
    spec: RuleSpec | AuditRuleSpec, unbounded: AbstractSet[tuple[str, str]], where: str
) -> Iterable[Finding]:
    """Labels that are nearly any text of the message, or of what else a pattern is found in."""
    written = [spec.message] if isinstance(spec, RuleSpec) else [text for _, text in patterns(spec)]
    try:
        groups = frozenset().union(*map(endless_groups, written))
    except (UnsafePatternError, IndexError):
        return  # that is told already
    for place, sample in enumerate(spec.samples):
        for name, label in sample.labels.items():
            group = _GROUP.fullmatch(label)
            if group and group[1] in groups and (sample.family, name) not in unbounded:
                text = f"{label} can be any text; a cause table makes one of few values of it"
                yield Finding(f"{where}: samples[{place}].labels.{name}", text, fatal=False)


def _in_order(found: list[Finding], files: Sequence[NamedText]) -> list[Finding]:
    """By the place where they stand."""
    order = {name: at for at, (name, _) in enumerate(files)}
    texts = dict(files)
    places: dict[str, Places] = {}

    def place(finding: Finding) -> tuple[int, int]:
        # Of names that begin alike the longer is meant.
        name = max((n for n in order if finding.where.startswith(n)), key=len, default="")
        if name not in order:
            return -1, 0
        if name not in places:
            places[name] = Places(name, texts[name])
        return order[name], places[name].line(finding.where)

    return sorted(found, key=place)
