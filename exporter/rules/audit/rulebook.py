# SPDX-License-Identifier: Apache-2.0
"""The rules for audit events in force: what is decided by the kind of a request is decided once.

Each file is a subject of its own: of its rules the first that matches speaks, and files do not
shadow each other. So one request can be several things, each in a file of its own.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cachetools import LRUCache

from exporter.audit.record import AuditRecord
from exporter.metrics.declaration import Declaration
from exporter.rules.audit.checks import FOUND, Check, Look
from exporter.rules.audit.language import AuditRuleSpec
from exporter.rules.audit.selectors import About, Selector
from exporter.rules.expressions import Groups
from exporter.rules.samples import Labels, Sample, closed_label_sets

# Kinds of requests; past that the rules that remain are found anew.
_REMEMBERED = 20_000
# A client can put any text into its URL: a longer kind is not worth its room.
_MAX_REMEMBERED_TEXT = 512

Checks = Sequence[Check]


class Condition(NamedTuple):
    """A condition set: what is decided by the kind of a request, and what is left to look at."""

    selector: Selector
    checks: Checks


@dataclass(frozen=True, slots=True)
class AuditRule:
    """A compiled ``AuditRuleSpec``."""

    id: str
    file: str
    place: int
    """Among all rules for audit events."""
    spec: AuditRuleSpec
    condition: Condition
    exceptions: Sequence[Condition]
    samples: Sequence[Sample]

    @property
    def started(self) -> bool:
        """Whether it is for requests that begin, not for those that are over."""
        return self.spec.stage == "started"

    def remaining(self, about: About) -> Remaining | None:
        """What is left to look at of such requests; None where none of them is meant."""
        if not self.condition.selector.selects(about):
            return None
        left = [each.checks for each in self.exceptions if each.selector.selects(about)]
        if not all(left):
            return None  # all of them are excepted
        return Remaining(self, self.condition.checks, left)


class Remaining(NamedTuple):
    """What is left of a rule where the kind of a request is known."""

    rule: AuditRule
    checks: Checks
    exceptions: Sequence[Checks]

    @property
    def certain(self) -> bool:
        """Whether every request of this kind is meant."""
        # Whether it is a dry run is seen of the request itself.
        return not (self.checks or self.exceptions or self.rule.spec.dry_run)

    def find(self, look: Look) -> Groups | None:
        """The named groups of what was found; None where the request is not meant."""
        groups = _all_found(self.checks, look)
        if groups is None or look.dry_run() is not self.rule.spec.dry_run:
            return None
        for checks in self.exceptions:
            if _all_found(checks, look) is not None:
                return None
        return groups


def _all_found(checks: Checks, look: Look) -> Groups | None:
    groups = FOUND
    for check in checks:
        found = check.find(look)
        if found is None:
            return None
        if isinstance(found, re.Match) and found.re.groupindex:
            groups = {**groups, **found.groupdict("")}
    return groups


Found = tuple[AuditRule, Groups]
Left = Sequence[Sequence[Remaining]]
"""Of each file that has any, in the order of the file."""


@dataclass(slots=True)
class AuditRules:
    """The rules, and the families they feed."""

    declarations: tuple[Declaration, ...] = ()
    files: Mapping[str, Sequence[AuditRule]] = field(default_factory=dict)
    _by_resource: dict[str, list[AuditRule]] = field(default_factory=dict, init=False, repr=False)
    _of_any: list[AuditRule] = field(default_factory=list, init=False, repr=False)
    _left: LRUCache[tuple[About, bool], Left] = field(
        default_factory=lambda: LRUCache(_REMEMBERED), init=False, repr=False
    )

    def __post_init__(self) -> None:
        for rule in self.all():
            named = rule.condition.selector.resources.named
            if named is None:
                self._of_any.append(rule)
            for resource in named or ():
                self._by_resource.setdefault(resource, []).append(rule)

    def all(self) -> Iterable[AuditRule]:
        """Every rule, in the order of the files."""
        return itertools.chain.from_iterable(self.files.values())

    def closed_label_sets(self) -> Iterable[tuple[str, Labels]]:
        """The label sets that are known before any request: alerts read them at 0."""
        samples = itertools.chain.from_iterable(rule.samples for rule in self.all())
        return closed_label_sets(self.declarations, samples)

    def rules_for(self, about: About, *, started: bool) -> Left:
        """What is left to look at of such requests, when they have ``started`` or are over.

        Of most there is nothing.
        """
        key = (about, started)
        left = self._left.get(key)
        if left is None:
            left = self._find(about, started=started)
            if len(about.group) + len(about.resource) + len(about.subresource) <= (
                _MAX_REMEMBERED_TEXT
            ):
                self._left[key] = left
        return left

    def match(self, left: Left, record: AuditRecord) -> list[Found]:
        """The rules that speak, of each file the first that matches."""
        look = Look(record)
        found: list[Found] = []
        for subject in left:
            for remaining in subject:
                groups = remaining.find(look)
                if groups is not None:
                    found.append((remaining.rule, groups))
                    break
        return found

    def _find(self, about: About, *, started: bool) -> Left:
        few = [*self._by_resource.get(about.resource, ()), *self._of_any]
        by_file: dict[str, list[Remaining]] = {}
        for rule in sorted(few, key=lambda rule: rule.place):
            if rule.started is not started:
                continue
            subject = by_file.setdefault(rule.file, [])
            if not rule.spec.dry_run and any(before.certain for before in subject):
                continue  # it would never be asked
            left = rule.remaining(about)
            if left is not None:
                subject.append(left)
        return [subject for subject in by_file.values() if any(r.rule.samples for r in subject)]
