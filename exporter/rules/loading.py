# SPDX-License-Identifier: Apache-2.0
"""Rule files to a rule book; every error names file, rule and key."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from importlib import resources
from typing import Any

import msgspec
import yaml

from exporter.events.record import EventRecord
from exporter.metrics.declaration import Declaration, MetricType
from exporter.rules import functions
from exporter.rules.language import FamilySpec, LifecycleSpec, RuleFile, RuleSpec, SampleSpec
from exporter.rules.lifecycles import Lifecycle
from exporter.rules.rulebook import Groups, Key, NumberOf, Rule, RuleBook, Sample, TextOf

# The fields of a record, by the names that rules use for them.
_FIELDS = {
    "namespace": "object_namespace",
    "name": "object_name",
    "uid": "object_uid",
    "field_path": "field_path",
    "kind": "kind",
    "reason": "reason",
    "type": "type",
    "component": "component",
    "node": "host",
}
# The fields that are equal for all events of one look-up in the rule book and one namespace.
IDENTITY = frozenset({"type", "reason", "kind", "namespace", "component"})
_NUMBERS: dict[str, Callable[[str], float | None]] = {
    "duration": functions.duration,
    "quantity": functions.quantity,
}
_EXPRESSION = re.compile(r"(?:(?P<function>\w+)\()?\$(?P<name>\w+)\)?\Z")
_PLACE_OF_RULE = re.compile(r"\$\.rules\[(\d+)\]")
_OTHER = "other"


class RuleError(ValueError):
    """A rule file that cannot be used."""


def built_in() -> list[tuple[str, str]]:
    """(name, text) of the built-in catalogue's files."""
    folder = resources.files("exporter.rules") / "catalogue"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".yaml")), key=lambda f: f.name)
    return [(f.name, f.read_text("utf-8")) for f in files]


def load(files: Iterable[tuple[str, str]], clock: Callable[[], float]) -> RuleBook:
    """Compile (name, text) files to a rule book; raises ``RuleError``."""
    declarations: dict[str, Declaration] = {}
    lifecycles: dict[str, LifecycleSpec] = {}
    declared_in: dict[str, str] = {}
    dispatch: dict[Key, list[Rule]] = {}
    for name, text in files:
        file = _parse(name, text)
        for section, names in (("families", file.families), ("lifecycles", file.lifecycles)):
            for declared in names:
                if declared in declared_in:
                    where = declared_in[declared]
                    raise RuleError(f"{name}: {section}: {declared}: is declared in {where}")
                declared_in[declared] = name
        compiler = _Compiler(name, file, declarations, lifecycles)
        for rule_spec in file.rules:
            rule = compiler.rule(rule_spec)
            for component in rule_spec.components:
                for kind in rule_spec.kinds:
                    for reason in rule_spec.reasons:
                        dispatch.setdefault((component, kind, reason), []).append(rule)
    running = {n: Lifecycle(spec.max_age_seconds, clock) for n, spec in lifecycles.items()}
    return RuleBook(tuple(declarations.values()), dispatch, running)


def _parse(name: str, text: str) -> RuleFile:
    data: Any = None
    try:
        data = yaml.safe_load(text) or {}
        return msgspec.convert(data, RuleFile)
    except (yaml.YAMLError, msgspec.ValidationError, ValueError, RecursionError) as error:
        raise RuleError(f"{name}: {_rule_named(str(error), data)}{error}") from error


def _rule_named(error: str, data: Any) -> str:
    """The id of the rule that a validation error knows by its place only."""
    place = _PLACE_OF_RULE.search(error)
    rule = data["rules"][int(place[1])] if place else None
    return f"{rule['id']}: " if isinstance(rule, dict) and "id" in rule else ""


class _Compiler:
    """One file's rules, and the families and lifecycles of it and the files before it."""

    def __init__(
        self,
        name: str,
        file: RuleFile,
        declarations: dict[str, Declaration],
        lifecycles: dict[str, LifecycleSpec],
    ) -> None:
        self.name = name
        self._declarations = declarations
        self._lifecycles = lifecycles
        self._written: dict[tuple[str, ...], tuple[TextOf, ...]] = {}
        self._causes = {
            table: [(row.cause, self._pattern(row.pattern, table, "causes")) for row in rows]
            for table, rows in file.causes.items()
        }
        lifecycles.update(file.lifecycles)
        declarations.update((n, self._declaration(n, spec)) for n, spec in file.families.items())

    def _declaration(self, name: str, spec: FamilySpec) -> Declaration:
        try:
            type_ = MetricType(spec.type)
            if type_ is MetricType.GAUGE:
                raise ValueError("type: rules count and measure, no rule sets a gauge")
            return Declaration(name, type_, spec.help, tuple(spec.labels), tuple(spec.buckets))
        except ValueError as error:
            raise RuleError(f"{self.name}: families: {name}: {error}") from error

    def rule(self, spec: RuleSpec) -> Rule:
        message = self._pattern(spec.message, spec.id, "message") if spec.message else None
        groups = message.groupindex.keys() if message else ()
        opens_key, closes_key = (
            self._lifecycle_key(lifecycle, spec.id, key, groups)
            for key, lifecycle in (("opens", spec.opens), ("closes", spec.closes))
        )
        for sample in spec.samples:
            if sample.value == "$elapsed" and not spec.closes:
                raise self._error(spec.id, "value", "$elapsed is known to a rule that closes")
        samples = tuple(self._sample(s, spec.id, groups) for s in spec.samples)
        return Rule(
            spec.id,
            message,
            samples,
            spec.opens,
            spec.closes,
            opens_key,
            closes_key,
            measures=any(sample.elapsed for sample in samples),
            pairs=bool(spec.opens or spec.closes),
            steady=all(_steady(sample, groups) for sample in spec.samples),
        )

    def _lifecycle_key(
        self, lifecycle: str, rule: str, key: str, groups: Iterable[str]
    ) -> tuple[TextOf, ...]:
        """A lifecycle's key as this rule reads it: what is a field in one is a group in another."""
        if not lifecycle:
            return ()
        spec = self._lifecycles.get(lifecycle)
        if spec is None:
            raise self._error(rule, key, f"no lifecycle {lifecycle!r}")
        return tuple(self.text(part, rule, "key", groups) for part in spec.key)

    def _sample(
        self,
        spec: SampleSpec,
        rule: str,
        groups: Iterable[str],
    ) -> Sample:
        declaration = self._declarations.get(spec.family)
        if declaration is None:
            raise self._error(rule, "family", f"no family {spec.family!r}")
        if set(spec.labels) != set(declaration.labels):
            raise self._error(rule, "labels", f"{spec.family} has {', '.join(declaration.labels)}")
        if bool(spec.value) != (declaration.type is MetricType.HISTOGRAM):
            raise self._error(rule, "value", "histograms, and only histograms, take a value")
        labels = self._labels(spec, rule, declaration, groups)
        if spec.value == "$elapsed":
            return Sample(spec.family, labels, elapsed=True)
        value = self._number(spec.value, rule, groups) if spec.value else None
        return Sample(spec.family, labels, value)

    def _labels(
        self, spec: SampleSpec, rule: str, declaration: Declaration, groups: Iterable[str]
    ) -> tuple[TextOf, ...]:
        """One tuple for all samples of a rule that write the same: they are computed once."""
        written = (rule, *(spec.labels[label] for label in declaration.labels))
        if written not in self._written:
            self._written[written] = tuple(
                self.text(spec.labels[label], rule, label, groups) for label in declaration.labels
            )
        return self._written[written]

    def text(self, expression: str, rule: str, key: str, groups: Iterable[str]) -> TextOf:
        """An expression that gives text."""
        parsed = _EXPRESSION.match(expression)
        if parsed is None:
            if "$" in expression or "(" in expression:
                raise self._error(rule, key, f"{expression!r} is no $name and no function($name)")
            return lambda _record, _groups: expression
        source = self._source(parsed["name"], rule, key, groups)
        function = parsed["function"]
        if not function:
            return source
        if function == "registry":
            return lambda record, found: functions.registry(source(record, found))
        rows = self._causes.get(function)
        if rows is None:
            raise self._error(rule, key, f"no function or cause table {function!r}")
        return lambda record, found: _first_cause(rows, source(record, found))

    def _number(self, expression: str, rule: str, groups: Iterable[str]) -> NumberOf:
        parsed = _EXPRESSION.match(expression)
        function = _NUMBERS.get(parsed["function"] or "") if parsed else None
        if parsed is None or function is None:
            known = ", ".join(f"{name}($group)" for name in _NUMBERS)
            raise self._error(rule, "value", f"is $elapsed, {known}; not {expression!r}")
        source = self._source(parsed["name"], rule, "value", groups)
        return lambda record, found: function(source(record, found))

    def _source(self, name: str, rule: str, key: str, groups: Iterable[str]) -> TextOf:
        if name in groups:
            return lambda _record, found: found[name] or ""
        attribute = _FIELDS.get(name)
        if attribute is None:
            raise self._error(rule, key, f"${name} is neither a field nor a group of the message")

        def field(record: EventRecord, _found: Groups) -> str:
            value: str = getattr(record, attribute)
            return value

        return field

    def _pattern(self, pattern: str, rule: str, key: str) -> re.Pattern[str]:
        try:
            return re.compile(pattern, re.DOTALL)
        except re.error as error:
            raise self._error(rule, key, str(error)) from error

    def _error(self, rule: str, key: str, problem: str) -> RuleError:
        return RuleError(f"{self.name}: {rule}: {key}: {problem}")


def _steady(spec: SampleSpec, groups: Iterable[str]) -> bool:
    """Whether all that a sample reads is of the event's identity or its message."""
    read = [_EXPRESSION.match(text) for text in (*spec.labels.values(), spec.value)]
    return all(
        found is None or found["name"] in groups or found["name"] in (*IDENTITY, "elapsed")
        for found in read
    )


def _first_cause(rows: list[tuple[str, re.Pattern[str]]], text: str) -> str:
    for cause, pattern in rows:
        if pattern.search(text):
            return cause
    return _OTHER
