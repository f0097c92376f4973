# SPDX-License-Identifier: Apache-2.0
"""Compiled rules: one dictionary look-up by (component, kind, reason), then few patterns."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

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


class Observation(NamedTuple):
    """Something to add to a family: to a counter where ``value`` is None."""

    family: str
    labels: tuple[str, ...]
    value: float | None


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


@dataclass(slots=True)
class RuleBook:
    """The rules in force, the families they feed, and the lifecycles that are open."""

    declarations: tuple[Declaration, ...] = ()
    dispatch: Mapping[Key, Sequence[Rule]] = field(default_factory=dict)
    lifecycles: Mapping[str, Lifecycle] = field(default_factory=dict)

    def rules_for(self, component: str, kind: str, reason: str) -> Sequence[Rule]:
        """The rules to ``observe`` such events by; most have none."""
        return self.dispatch.get((component, kind, reason), ())

    def observe(self, rules: Sequence[Rule], record: EventRecord) -> Sequence[Observation]:
        """What this version of an event says, by the first of its rules that matches."""
        message = record.message.removeprefix(AGGREGATED)
        for rule in rules:
            if rule.message is None:
                return self._apply(rule, record, _NO_GROUPS)
            match = rule.message.search(message)
            if match:
                return self._apply(rule, record, match)
        return ()

    def _apply(self, rule: Rule, record: EventRecord, groups: Groups) -> Sequence[Observation]:
        if rule.opens:
            key = tuple([part(record, groups) for part in rule.opens_key])
            self.lifecycles[rule.opens].open(key, record.occurred())
        elapsed = None
        if rule.closes:
            key = tuple([part(record, groups) for part in rule.closes_key])
            lifecycle = self.lifecycles[rule.closes]
            if rule.measures:
                elapsed = lifecycle.close(key, record.occurred())
            else:
                lifecycle.drop(key)
        observations = []
        expressions: tuple[TextOf, ...] | None = None
        labels: tuple[str, ...] = ()
        for sample in rule.samples:
            value = None
            if sample.elapsed or sample.value is not None:
                value = elapsed if sample.value is None else sample.value(record, groups)
                if value is None:
                    continue
            if sample.labels is not expressions:  # samples of one rule mostly share theirs
                expressions = sample.labels
                labels = tuple([label(record, groups) for label in expressions])
            observations.append(Observation(sample.family, labels, value))
        return observations
