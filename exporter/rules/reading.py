# SPDX-License-Identifier: Apache-2.0
"""The text of a rule file to its types; an error names the file, the entry and the key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from exporter.config.loading import nearest
from exporter.config.strict_yaml import YamlError, parse
from exporter.config.typed import TypedError, converted
from exporter.rules.language import (
    CauseSpec,
    EachCause,
    FamilySpec,
    LifecycleSpec,
    RuleFile,
    RuleSpec,
)

_SECTIONS = tuple(field.name for field in msgspec.structs.fields(RuleFile))


class RuleError(ValueError):
    """A rule file that cannot be used."""


def read_rule_file(name: str, text: str) -> RuleFile:
    """The content of a file called ``name``; raises ``RuleError``."""
    try:
        data = parse(text)
    except YamlError as error:
        raise RuleError(f"{name}: {error}") from error
    if data is None:
        return RuleFile()
    if not isinstance(data, dict):
        raise RuleError(f"{name}: is no mapping with the keys {', '.join(_SECTIONS)}")
    for key in data:
        if key not in _SECTIONS:
            raise RuleError(f"{name}: {key}: no such key{nearest(str(key), _SECTIONS)}")
    return RuleFile(
        families=_entries(name, "families", data, FamilySpec),
        causes=_entries(name, "causes", data, list[CauseSpec] | EachCause),
        lifecycles=_entries(name, "lifecycles", data, LifecycleSpec),
        rules=_rules(name, data.get("rules")),
    )


def _entries(name: str, section: str, data: Mapping[str, Any], type_: Any) -> dict[str, Any]:
    entries = data.get(section)
    if entries is None:  # the key alone
        return {}
    if not isinstance(entries, dict):
        raise RuleError(f"{name}: {section}: is no mapping of names")
    for key in entries:
        if not isinstance(key, str):  # YAML reads no, on and 1 as something else
            raise RuleError(f"{name}: {section}: {key}: is no text; put it between quotes")
    return {
        key: _converted(value, type_, f"{name}: {section}: {key}") for key, value in entries.items()
    }


def _rules(name: str, rules: Any) -> list[RuleSpec]:
    if rules is None:
        return []
    if not isinstance(rules, list):
        raise RuleError(f"{name}: rules: is no list")
    found: list[RuleSpec] = []
    ids: set[str] = set()
    for position, rule in enumerate(rules, 1):
        known = rule.get("id") if isinstance(rule, dict) else None
        spec = _converted(rule, RuleSpec, f"{name}: {known or f'rule {position}'}")
        if spec.id in ids:
            raise RuleError(f"{name}: {spec.id}: id: stands twice in this file")
        ids.add(spec.id)
        found.append(spec)
    return found


def _converted(value: Any, type_: Any, where: str) -> Any:
    try:
        return converted(value, type_)
    except TypedError as error:
        raise RuleError(f"{where}: {error}") from error
