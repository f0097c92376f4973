# SPDX-License-Identifier: Apache-2.0
"""The rules in force: one look-up by what an event is, then few patterns.

Each file is a subject of its own: of its rules the first that matches speaks, and files do
not shadow each other. So somebody's own file adds to the built-in ones.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from cachetools import LRUCache

from exporter.events.record import EventRecord
from exporter.metrics.declaration import Declaration
from exporter.rules.audit.rulebook import AuditRules
from exporter.rules.expressions import Groups, Text
from exporter.rules.keys import KeyOf
from exporter.rules.lifecycles import Lifecycle
from exporter.rules.pairing import End, Pairing
from exporter.rules.samples import Labels, Sample, closed_label_sets
from exporter.rules.selectors import Selector

# client-go tools/record: put before the newest message once ten similar ones were merged.
AGGREGATED = "(combined from similar events): "
NO_GROUPS: Groups = {}
# Looked up once for each label set of the widest family; past that they are found anew.
_REMEMBERED = 20_000
# The API bounds neither reasons nor components: a longer look-up is not worth its room.
_MAX_REMEMBERED_TEXT = 512


@dataclass(frozen=True, slots=True)
class Step:
    """What a rule does to a lifecycle."""

    lifecycle: str
    key: KeyOf


@dataclass(frozen=True, slots=True)
class Rule:
    """A compiled ``RuleSpec``."""

    id: str
    file: str
    place: int
    """Among all rules."""
    selector: Selector
    message: re.Pattern[str] | None
    samples: tuple[Sample, ...] = ()
    opens: Step | None = None
    closes: Step | None = None
    outcome: str = ""
    optional: bool = False
    told_by: tuple[Text, ...] = ()
    """What tells the labels of its samples, beside the event's identity."""
    of_message: bool = False
    """Whether all of that stands in the message."""

    @property
    def pairs(self) -> bool:
        """Whether it opens or closes a lifecycle."""
        return self.opens is not None or self.closes is not None

    @property
    def restarts(self) -> bool:
        """Whether it ends a pair and begins the next of the same lifecycle."""
        return bool(self.opens and self.closes and self.opens.lifecycle == self.closes.lifecycle)


Match = tuple[Rule, Groups]
Rules = Sequence[Sequence[Rule]]
"""Of each file that has any, in the order of the file."""


@dataclass(slots=True)
class RuleBook:
    """The rules, the families they feed, and the lifecycles that are open."""

    declarations: tuple[Declaration, ...] = ()
    files: Mapping[str, Sequence[Rule]] = field(default_factory=dict)
    lifecycles: Mapping[str, Lifecycle] = field(default_factory=dict)
    audit: AuditRules = field(default_factory=AuditRules)
    """Those for audit events, which have families of their own."""
    _by_reason: dict[str, list[Rule]] = field(default_factory=dict, init=False, repr=False)
    _by_pattern: list[Rule] = field(default_factory=list, init=False, repr=False)
    _found: LRUCache[tuple[str, str, str, str], Rules] = field(
        default_factory=lambda: LRUCache(_REMEMBERED), init=False, repr=False
    )

    def __post_init__(self) -> None:
        for rule in self.all():
            for reason in rule.selector.reasons.exact:
                self._by_reason.setdefault(reason, []).append(rule)
            if not rule.selector.reasons.is_exact:
                self._by_pattern.append(rule)

    def anew(self) -> RuleBook:
        """The same rules, with no lifecycle open: a rule book keeps those that are."""
        return replace(self, lifecycles={name: one.anew() for name, one in self.lifecycles.items()})

    def rules_for(self, type_: str, component: str, kind: str, reason: str) -> Rules:
        """The rules to ``match`` such events by; many have none."""
        key = (type_, component, kind, reason)
        found = self._found.get(key)
        if found is None:
            few = (*self._by_reason.get(reason, ()), *self._by_pattern)
            chosen = {rule.id: rule for rule in few if rule.selector.selects(*key)}
            by_file: dict[str, list[Rule]] = {}
            for rule in sorted(chosen.values(), key=lambda rule: rule.place):
                by_file.setdefault(rule.file, []).append(rule)
            found = list(by_file.values())
            if sum(map(len, key)) <= _MAX_REMEMBERED_TEXT:
                self._found[key] = found
        return found

    def all(self) -> Iterable[Rule]:
        """Every rule, in the order of the files."""
        return itertools.chain.from_iterable(self.files.values())

    def outcomes(self) -> dict[str, set[str]]:
        """How the lifecycles can end, as the rules that close them say."""
        found: dict[str, set[str]] = {}
        for rule in self.all():
            if rule.closes:
                found.setdefault(rule.closes.lifecycle, set()).add(rule.outcome)
        return found

    def closed_label_sets(self) -> Iterable[tuple[str, Labels]]:
        """Of counters, the label sets that are known before any event: alerts read them at 0."""
        samples = itertools.chain.from_iterable(rule.samples for rule in self.all())
        return closed_label_sets(self.declarations, samples)

    def match(self, rules: Rules, record: EventRecord) -> list[Match]:
        """The rules that speak, of each file the first that matches."""
        message = record.message.removeprefix(AGGREGATED)
        found: list[Match] = []
        for subject in rules:
            for rule in subject:
                if rule.message is None:
                    found.append((rule, NO_GROUPS))
                    break
                match = rule.message.search(message)
                if match:
                    found.append((rule, match))
                    break
        return found

    def pairing(self, rule: Rule) -> Pairing | None:
        """What the rule does to the lifecycles, if anything."""
        if not rule.pairs:
            return None
        return Pairing(
            self._end(rule.closes),
            self._end(rule.opens),
            outcome=rule.outcome,
            optional=rule.optional,
            restarts=rule.restarts,
        )

    def _end(self, step: Step | None) -> End | None:
        return End(self.lifecycles[step.lifecycle], step.key) if step else None
