# SPDX-License-Identifier: Apache-2.0
"""The text of a rule file to its types; an error names the file, the entry and the key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar

import msgspec

from exporter.config.loading import nearest
from exporter.config.strict_yaml import YamlError, parse
from exporter.config.typed import TypedError, converted, without
from exporter.rules.audit.language import AuditRuleSpec
from exporter.rules.language import (
    CauseSpec,
    EachCause,
    FamilySpec,
    LifecycleSpec,
    RuleFile,
    RuleSpec,
)
from exporter.rules.problems import Report, RuleError, at_once, told_to

R = TypeVar("R", RuleSpec, AuditRuleSpec)

_SECTIONS = tuple(field.name for field in msgspec.structs.fields(RuleFile))


class Parsed(NamedTuple):
    """A file, as far as it could be read."""

    name: str
    file: RuleFile
    broken: frozenset[str]
    """Entries that are there and could not be read, as ``families: NAME``."""
    whole: bool
    """Whether every rule could be read."""


def read_rule_file(name: str, text: str) -> RuleFile:
    """The content of a file called ``name``; raises ``RuleError``."""
    return parse_rule_file(name, text, at_once).file


def parse_rule_file(name: str, text: str, report: Report) -> Parsed:
    """The same of a file that may be wrong: what can be read of it."""
    data: Any = None
    whole = False
    with told_to(report):
        data = _mapping(name, text)
        whole = True
    if data is None:
        return Parsed(name, RuleFile(), frozenset(), whole)
    for key in data:
        if key not in _SECTIONS:
            problem = f"no such key{nearest(str(key), _SECTIONS)}"
            report(RuleError(f"{name}: {key}", problem))
    read = _Reader(name, data, report)
    file = RuleFile(
        families=read.entries("families", FamilySpec),
        causes=read.entries("causes", list[CauseSpec] | EachCause),
        lifecycles=read.entries("lifecycles", LifecycleSpec),
        rules=read.rules("rules", RuleSpec),
        audit_rules=read.rules("audit_rules", AuditRuleSpec),
    )
    return Parsed(name, file, frozenset(read.broken), "rules" not in read.broken)


def _mapping(name: str, text: str) -> Mapping[Any, Any] | None:
    try:
        data = parse(text)
    except YamlError as error:
        raise RuleError(name, str(error)) from error
    if data is not None and not isinstance(data, dict):
        raise RuleError(name, f"is no mapping with the keys {', '.join(_SECTIONS)}")
    return data


def rule_name(rule: Any, position: int) -> str:
    """What errors call a rule that may be anything: its id, else its position among the rules."""
    known = rule.get("id") if isinstance(rule, dict) else None
    return known if isinstance(known, str) and known else f"rule {position}"


class _Reader:
    """Takes the sections of a file apart."""

    def __init__(self, name: str, data: Mapping[Any, Any], report: Report) -> None:
        self.broken: set[str] = set()
        self._name = name
        self._data = data
        self._report = report
        self._ids: set[str] = set()

    def entries(self, section: str, type_: Any) -> dict[str, Any]:
        """Those of a section that can be read."""
        entries = self._data.get(section)
        where = f"{self._name}: {section}"
        if entries is None:  # the key alone
            return {}
        if not isinstance(entries, dict):
            self._report(RuleError(where, "is no mapping of names"))
            return {}
        found = {}
        for key, value in entries.items():
            if not isinstance(key, str):  # YAML reads no, on and 1 as something else
                self._report(RuleError(f"{where}: {key}", "is no text; put it between quotes"))
                continue
            spec = self._converted(value, type_, f"{where}: {key}")
            if spec is None:
                self.broken.add(f"{section}: {key}")
            else:
                found[key] = spec
        return found

    def rules(self, section: str, type_: type[R]) -> list[R]:
        """Those of a section that can be read. An id stands once in a file."""
        rules = self._data.get(section)
        if rules is None:
            return []
        if not isinstance(rules, list):
            self._report(RuleError(f"{self._name}: {section}", "is no list"))
            self.broken.add(section)
            return []
        found: list[R] = []
        told: set[str] = set()
        for position, rule in enumerate(rules, 1):
            where = f"{self._name}: {rule_name(rule, position)}"
            spec: R | None = self._converted(rule, type_, where)
            if spec is None:
                self.broken.add(section)
            elif spec.id not in self._ids:
                self._ids.add(spec.id)
                found.append(spec)
            elif spec.id not in told:
                told.add(spec.id)
                self._report(RuleError(f"{where}: id", "stands twice in this file"))
        return found

    def _converted(self, value: Any, type_: Any, where: str) -> Any:
        """None where it cannot be. Of keys that are not known each is told."""
        whole = True
        while True:
            try:
                found = converted(value, type_)
            except TypedError as error:
                place = f"{where}: {error.key}" if error.key else where
                self._report(RuleError(place, error.problem))
                if not error.unknown:
                    return None
                value, whole = without(value, error), False
            else:
                return found if whole else None
