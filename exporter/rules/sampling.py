# SPDX-License-Identifier: Apache-2.0
"""What a rule adds as it is written, to what it adds as it is applied."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from exporter.config.loading import nearest
from exporter.metrics.declaration import Declaration, MetricType
from exporter.rules.audit.language import CountSpec
from exporter.rules.expressions import (
    ELAPSED,
    Expression,
    ExpressionError,
    Number,
    Scope,
)
from exporter.rules.families import AUDIT_PREFIX, is_of_audit
from exporter.rules.language import SampleSpec
from exporter.rules.problems import Report, RuleError, told_to
from exporter.rules.samples import Sample

_FIELD = re.compile(r"\$(\w+)")


class Families(NamedTuple):
    """Those of all files, by their names."""

    declarations: Mapping[str, Declaration]
    unbounded: Mapping[str, Collection[str]]
    """Of each, the labels that may be another one for each object."""
    broken: Collection[str]
    """Those that are there and could not be read: what feeds them is not looked at."""


class Setting(NamedTuple):
    """What the samples of a rule are written in."""

    scope: Scope
    groups: Collection[str]
    """Of the rule's patterns."""
    where: str
    report: Report
    """Is told what is wrong with them."""
    closes: bool = False
    """Whether the rule closes a lifecycle."""
    audit: bool = False
    """Whether it is a rule for audit events."""


class Sampling:
    """Makes the samples of rules, which feed these families."""

    def __init__(self, families: Families) -> None:
        self._families = families

    def samples(
        self, specs: Sequence[CountSpec], setting: Setting
    ) -> tuple[tuple[Sample, ...], Sequence[Expression]]:
        """Those of a rule, and all their labels."""
        samples: list[Sample] = []
        read: list[Expression] = []
        for place, written in enumerate(specs):
            if written.family in self._families.broken:
                continue
            own = setting._replace(where=f"{setting.where}: samples[{place}]")
            with told_to(setting.report):
                family = self._family(written, own)
                labels = self._labels(written, family, own)
                value = _value(written, family, own) if isinstance(written, SampleSpec) else None
                read += labels
                samples.append(_sample(written, labels, value, own.where))
        return tuple(samples), read

    def _family(self, written: CountSpec, setting: Setting) -> Declaration:
        where = f"{setting.where}.family"
        family = self._families.declarations.get(written.family)
        if family is None:
            guess = nearest(written.family, self._families.declarations)
            raise RuleError(where, f"no family {written.family!r}{guess}")
        if is_of_audit(family.name) != setting.audit:
            of_rule = "audit_rules feed" if setting.audit else "only audit_rules feed"
            raise RuleError(where, f"{of_rule} families whose names begin with {AUDIT_PREFIX}")
        return family

    def _labels(
        self, written: CountSpec, family: Declaration, setting: Setting
    ) -> Sequence[Expression]:
        where = f"{setting.where}.labels"
        _check_names(written.labels.keys(), family, where)
        found: list[Expression] = []
        for name in family.labels:
            text = written.labels[name]
            with told_to(setting.report):
                try:
                    label = setting.scope.label(text)
                except ExpressionError as error:
                    raise RuleError(f"{where}.{name}", str(error)) from error
                if name not in self._families.unbounded[family.name]:
                    _check_bounds(name, text, label, setting._replace(where=f"{where}.{name}"))
                found.append(label)
        return found


def _sample(
    written: CountSpec,
    labels: Sequence[Expression],
    value: Number | None,
    where: str,
) -> Sample:
    several = [place for place, label in enumerate(labels) if label.every]
    if len(several) > 1:
        raise RuleError(f"{where}.labels", "only one label can have several values")
    each = several[0] if several else -1
    return Sample(
        written.family,
        tuple(label.text for label in labels),
        tuple(label.values for label in labels),
        value,
        isinstance(written, SampleSpec) and written.value == ELAPSED,
        each,
        labels[each].every if several else None,
    )


def _check_bounds(name: str, written: str, label: Expression, setting: Setting) -> None:
    """Raises ``RuleError`` for a label of which every object would make another series."""
    endless = setting.scope.fields.endless
    field = _FIELD.search(written)
    if label.values is None and field and field[1] in endless.keys() - setting.groups:
        raise RuleError(
            setting.where,
            f"{written} has no end of values: {endless[field[1]]}; where it must be a label, its"
            f" family says so: `unbounded: [{name}]`",
        )


def _check_names(names: Collection[str], family: Declaration, where: str) -> None:
    for name in names:
        if name not in family.labels:
            has = ", ".join(family.labels) or "none"
            raise RuleError(f"{where}.{name}", f"{family.name} has no such label, it has: {has}")
    missing = [name for name in family.labels if name not in names]
    if missing:
        raise RuleError(where, f"{', '.join(missing)} of {family.name} not written")


def _value(written: SampleSpec, family: Declaration, setting: Setting) -> Number | None:
    place = f"{setting.where}.value"
    if bool(written.value) != (family.type is MetricType.HISTOGRAM):
        raise RuleError(
            place, f"{family.name} is a {family.type}: histograms, and only they, take one"
        )
    if written.value == ELAPSED and not setting.closes:
        raise RuleError(place, f"{ELAPSED} is known to a rule with `closes`")
    if not written.value or written.value == ELAPSED:
        return None
    try:
        return setting.scope.value(written.value)
    except ExpressionError as error:
        raise RuleError(place, str(error)) from error
