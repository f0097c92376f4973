# SPDX-License-Identifier: Apache-2.0
"""Rules as they are written, to rules as they are applied; every error names rule and key."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from operator import attrgetter

from exporter.config.loading import nearest
from exporter.metrics.declaration import Declaration, MetricType, Stability
from exporter.rules import functions
from exporter.rules.expressions import (
    ELAPSED,
    FUNCTIONS,
    CauseTable,
    Depends,
    Expression,
    ExpressionError,
    Number,
    Scope,
    Text,
)
from exporter.rules.language import CauseSpec, EachCause, FamilySpec, LifecycleSpec, RuleSpec
from exporter.rules.language import SampleSpec as Written
from exporter.rules.patterns import (
    MOST_STEPS,
    UnsafePatternError,
    compile_pattern,
    most_steps,
)
from exporter.rules.reading import RuleError
from exporter.rules.rulebook import Rule, Sample, Step
from exporter.rules.selectors import Names, Selector, SelectorError

_EVERYTHING = ("*",)
_CLOSED = "closed"
# Of fields that have another value for each object: what to do without a label.
_ENDLESS = {
    "name": "the name of the object travels as the exemplar",
    "uid": "the object is told by its name, which travels as the exemplar",
    "message": "a cause table makes one of few values of it",
}
_FIELD = re.compile(r"\$(\w+)")
_OUTCOME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")


def declaration(file: str, name: str, spec: FamilySpec) -> Declaration:
    """A family, as ``metrics`` knows it."""
    for label in spec.unbounded:
        if label not in spec.labels:
            guess = nearest(label, spec.labels)
            raise RuleError(f"{file}: families: {name}: unbounded: no label {label!r}{guess}")
    try:
        return Declaration(
            name,
            MetricType(spec.type),
            spec.help,
            tuple(spec.labels),
            tuple(spec.buckets),
            Stability(spec.stability),
        )
    except ValueError as error:
        raise RuleError(f"{file}: families: {error}") from error


def cause_table(file: str, name: str, spec: Sequence[CauseSpec] | EachCause) -> CauseTable:
    """A cause table with its patterns compiled."""
    if name in FUNCTIONS or not re.fullmatch(r"\w+", name):
        problem = "is a function" if name in FUNCTIONS else "no expression can name it"
        raise RuleError(f"{file}: causes: {name}: {problem}; choose another name")
    rows = spec.rows if isinstance(spec, EachCause) else spec
    compiled = [
        (row.cause, pattern(row.pattern, f"{file}: causes: {name}: {row.cause}: pattern"))
        for row in rows
    ]
    steps = sum(most_steps(row.pattern) for row in rows)
    if steps > MOST_STEPS:
        dearest = max(rows, key=lambda row: most_steps(row.pattern)).cause
        raise RuleError(
            f"{file}: causes: {name}: its rows together, {dearest} the most, can take"
            f" {steps:,.0f} steps to try over one text, more than {MOST_STEPS:,}; write fewer rows"
            " and branches, begin patterns with ^, or divide the table"
        )
    return CauseTable(tuple(compiled), each=isinstance(spec, EachCause))


def max_age(file: str, name: str, spec: LifecycleSpec) -> float:
    """Seconds."""
    seconds = functions.duration(spec.max_age)
    if not seconds:
        raise RuleError(
            f"{file}: lifecycles: {name}: max_age: {spec.max_age!r} is no duration such as 1h"
        )
    return seconds


def pattern(written: str, where: str) -> re.Pattern[str]:
    """A pattern that is safe on any message."""
    try:
        return compile_pattern(written)
    except UnsafePatternError as error:
        raise RuleError(f"{where}: {error}") from error


class Compiler:
    """Of the rules of all files, which share families, cause tables and lifecycles."""

    def __init__(
        self,
        declarations: Mapping[str, Declaration],
        unbounded: Mapping[str, Collection[str]],
        tables: Mapping[str, CauseTable],
        lifecycles: Mapping[str, LifecycleSpec],
    ) -> None:
        self._declarations = declarations
        self._unbounded = unbounded
        self._tables = tables
        self._lifecycles = lifecycles
        self._written: dict[tuple[str, ...], tuple[Text, ...]] = {}

    def rule(self, spec: RuleSpec, file: str, subject: str, place: int) -> Rule:
        """``file`` is where it is written, ``subject`` among the rules of which it stands."""
        where = f"{file}: {spec.id}"
        message = pattern(spec.message, f"{where}: message") if spec.message else None
        groups = message.groupindex.keys() if message else ()
        scope = Scope(groups, self._tables)
        for key in ("outcome", "optional"):
            if getattr(spec, key) and not spec.closes:
                raise RuleError(f"{where}: {key}: is for a rule with `closes`")
        if spec.outcome and not _OUTCOME.fullmatch(spec.outcome):
            raise RuleError(
                f"{where}: outcome: {spec.outcome!r} is no constant such as ready or timed_out"
            )
        samples, depends = self._samples(spec, scope, groups, where)
        return Rule(
            spec.id,
            subject,
            place,
            self._selector(spec, where),
            message,
            samples,
            self._step(spec.opens, scope, f"{where}: opens"),
            self._step(spec.closes, scope, f"{where}: closes"),
            spec.outcome or _CLOSED,
            spec.optional,
            depends,
        )

    def _selector(self, spec: RuleSpec, where: str) -> Selector:
        found: list[Names] = []
        for key in ("components", "kinds", "reasons", "types"):
            try:
                found.append(Names(getattr(spec, key) or _EVERYTHING))
            except SelectorError as error:
                raise RuleError(f"{where}: {key}: {error}") from error
        return Selector(*found)

    def _step(self, lifecycle: str, scope: Scope, where: str) -> Step | None:
        if not lifecycle:
            return None
        spec = self._lifecycles.get(lifecycle)
        if spec is None:
            guess = nearest(lifecycle, self._lifecycles)
            raise RuleError(f"{where}: no lifecycle {lifecycle!r}{guess}")
        try:
            parts = [scope.label(part) for part in spec.key]
        except ExpressionError as error:
            raise RuleError(f"{where}: key of {lifecycle}: {error}") from error
        for written, part in zip(spec.key, parts, strict=True):
            if part.every:
                raise RuleError(f"{where}: key of {lifecycle}: {written} can have several values")
        attributes = [part.attribute for part in parts]
        return Step(
            lifecycle,
            tuple(part.text for part in parts),
            attrgetter(*attributes) if len(attributes) > 1 and all(attributes) else None,
        )

    def _samples(
        self, spec: RuleSpec, scope: Scope, groups: Collection[str], where: str
    ) -> tuple[tuple[Sample, ...], Depends]:
        samples: list[Sample] = []
        depends = Depends.IDENTITY
        for written in spec.samples:
            family = self._declarations.get(written.family)
            if family is None:
                guess = nearest(written.family, self._declarations)
                raise RuleError(f"{where}: family: no family {written.family!r}{guess}")
            labels = _labels(written, family, scope, where)
            for name, label in zip(family.labels, labels, strict=True):
                if name not in self._unbounded[family.name]:
                    _check_bounds(name, written.labels[name], label, groups, where)
            value, read = _value(written, family, scope, where, closes=bool(spec.closes))
            depends = max(depends, read, *(label.depends for label in labels))
            several = [place for place, label in enumerate(labels) if label.every]
            if len(several) > 1:
                raise RuleError(f"{where}: labels: only one label can have several values")
            each = several[0] if several else -1
            texts = tuple(written.labels[name] for name in family.labels)
            samples.append(
                Sample(
                    written.family,
                    # One tuple for all samples of a rule that write the same: computed once.
                    self._written.setdefault((where, *texts), tuple(x.text for x in labels)),
                    tuple(label.values for label in labels),
                    value,
                    written.value == ELAPSED,
                    each,
                    labels[each].every if several else None,
                )
            )
        return tuple(samples), depends


def _labels(
    written: Written, family: Declaration, scope: Scope, where: str
) -> Sequence[Expression]:
    _same_labels(written.labels.keys(), family, where)
    found: list[Expression] = []
    for name in family.labels:
        try:
            found.append(scope.label(written.labels[name]))
        except ExpressionError as error:
            raise RuleError(f"{where}: {name}: {error}") from error
    return found


def _check_bounds(
    name: str, written: str, label: Expression, groups: Collection[str], where: str
) -> None:
    """Raises ``RuleError`` for a label of which every object would make another series."""
    field = _FIELD.search(written)
    if label.values is None and field and field[1] in _ENDLESS.keys() - groups:
        raise RuleError(
            f"{where}: {name}: {written} has no end of values: {_ENDLESS[field[1]]}; where it must"
            f" be a label, its family says so: `unbounded: [{name}]`"
        )


def _same_labels(names: Collection[str], family: Declaration, where: str) -> None:
    for name in names:
        if name not in family.labels:
            has = ", ".join(family.labels) or "none"
            raise RuleError(
                f"{where}: labels: {name}: {family.name} has no such label, it has: {has}"
            )
    missing = [name for name in family.labels if name not in names]
    if missing:
        raise RuleError(f"{where}: labels: {', '.join(missing)} of {family.name} not written")


def _value(
    written: Written, family: Declaration, scope: Scope, where: str, *, closes: bool
) -> tuple[Number | None, Depends]:
    if bool(written.value) != (family.type is MetricType.HISTOGRAM):
        raise RuleError(
            f"{where}: value: {family.name} is a {family.type}: histograms, and only they, take one"
        )
    if written.value == ELAPSED and not closes:
        raise RuleError(f"{where}: value: {ELAPSED} is known to a rule with `closes`")
    if not written.value or written.value == ELAPSED:
        return None, Depends.IDENTITY
    try:
        return scope.value(written.value)
    except ExpressionError as error:
        raise RuleError(f"{where}: value: {error}") from error
