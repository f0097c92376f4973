# SPDX-License-Identifier: Apache-2.0
"""Compiled rules: one dictionary look-up by (component, kind, reason), then few patterns."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from exporter.events.record import EventRecord
from exporter.metrics.declaration import Declaration
from exporter.rules.lifecycles import Lifecycle

# client-go tools/record: put before the newest message once ten similar ones were merged.
AGGREGATED = "(combined from similar events): "


class Groups(Protocol):
    """The named groups of a message: a match, or nothing at all."""

    def __getitem__(self, name: str, /) -> str | Any:
        """The group's text; None where it took no part."""


_NO_GROUPS: Groups = {}
TextOf = Callable[[EventRecord, Groups], str]
NumberOf = Callable[[EventRecord, Groups], float | None]
Key = tuple[str, str, str]


Observation = tuple[str, tuple[str, ...], float | None]
"""Something to add to a family of labels: to a counter where the value is None."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A compiled ``SampleSpec``. ``elapsed``: its value is the time since the opening."""

    family: str
    labels: tuple[TextOf, ...]
    value: NumberOf | None = None
    elapsed: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A compiled ``RuleSpec``."""

    id: str
    message: re.Pattern[str] | None
    samples: tuple[Sample, ...]
    opens: str = ""
    closes: str = ""
    opens_key: tuple[TextOf, ...] = ()
    closes_key: tuple[TextOf, ...] = ()
    measures: bool = False
    """Whether a sample is the time since the opening."""
    pairs: bool = False
    """Whether it opens or closes a lifecycle."""
    steady: bool = False
    """Whether what it reads depends on message and identity alone (``IDENTITY`` of ``loading``)."""


class Reading(msgspec.Struct, frozen=True, gc=False):
    """What an event says by the first of its rules that matches."""

    rule: Rule
    groups: Groups
    observations: Sequence[Observation]
    elapsed: Sequence[tuple[str, tuple[str, ...]]]
    """Family and labels of what takes the time since the opening as its value."""


@dataclass(slots=True)
class RuleBook:
    """The rules in force, the families they feed, and the lifecycles that are open."""

    declarations: tuple[Declaration, ...] = ()
    dispatch: Mapping[Key, Sequence[Rule]] = field(default_factory=dict)
    lifecycles: Mapping[str, Lifecycle] = field(default_factory=dict)

    def rules_for(self, component: str, kind: str, reason: str) -> Sequence[Rule]:
        """The rules to ``read`` such events by; most have none."""
        return self.dispatch.get((component, kind, reason), ())

    def read(self, rules: Sequence[Rule], record: EventRecord) -> Reading | None:
        """What this version of an event says; nothing is changed by asking."""
        message = record.message.removeprefix(AGGREGATED)
        for rule in rules:
            if rule.message is None:
                return _reading(rule, record, _NO_GROUPS)
            match = rule.message.search(message)
            if match:
                return _reading(rule, record, match)
        return None

    def pair(self, reading: Reading, record: EventRecord) -> float | None:
        """Open and close lifecycles; seconds since the opening where the rule measures them."""
        rule = reading.rule
        if rule.opens:
            key = tuple([part(record, reading.groups) for part in rule.opens_key])
            self.lifecycles[rule.opens].open(key, record.occurred())
        if not rule.closes:
            return None
        key = tuple([part(record, reading.groups) for part in rule.closes_key])
        lifecycle = self.lifecycles[rule.closes]
        if rule.measures:
            return lifecycle.close(key, record.occurred())
        lifecycle.drop(key)
        return None


def _reading(rule: Rule, record: EventRecord, groups: Groups) -> Reading:
    known: list[Observation] = []
    elapsed: list[tuple[str, tuple[str, ...]]] = []
    expressions: tuple[TextOf, ...] | None = None
    labels: tuple[str, ...] = ()
    for sample in rule.samples:
        value = sample.value(record, groups) if sample.value else None
        if sample.value and value is None:
            continue
        if sample.labels is not expressions:  # samples of one rule mostly share theirs
            expressions = sample.labels
            labels = tuple([label(record, groups) for label in expressions])
        if sample.elapsed:
            elapsed.append((sample.family, labels))
        else:
            known.append((sample.family, labels, value))
    return Reading(rule, groups, known, elapsed)
