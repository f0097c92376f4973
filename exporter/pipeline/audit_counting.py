# SPDX-License-Identifier: Apache-2.0
"""Counting of audit records: each request once, when it is over. No I/O and no clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TypedDict

from msgspec.structs import replace

from exporter.audit import AuditRecord, Identities, UserClass, denial_of
from exporter.audit.record import PANIC
from exporter.audit.resources import resource_class
from exporter.metrics.births import Births
from exporter.metrics.bounds import LabelBounds
from exporter.metrics.counter import CounterFamily, CounterSeries
from exporter.metrics.histogram import HistogramFamily, HistogramSeries
from exporter.metrics.series import Amount, Family, Series
from exporter.pipeline.audit_exemplars import LONGEST, audit_id, detail_of, who
from exporter.pipeline.audit_names import Names, believed
from exporter.pipeline.audit_operations import AuditOperations, user_name
from exporter.rules import reserved_audit as declared
from exporter.rules.audit.rulebook import AuditRules, Left
from exporter.rules.audit.selectors import About
from exporter.rules.reserved_audit import CLOSED

# verb, group, resource, subresource, code, class of user, whether impersonated
_Identity = tuple[str, str, str, str, int, UserClass, bool]
_FIRST_FAILURE = 400


class _Shared(TypedDict):
    births: Births
    bounds: LabelBounds
    limit: int


class _Known:
    """What requests of one identity change."""

    __slots__ = ("duration", "requests", "rules")

    def __init__(
        self, requests: CounterSeries, duration: HistogramSeries | None, rules: Left
    ) -> None:
        self.requests = requests
        self.duration = duration
        """None where they last as long as their client likes."""
        self.rules = rules
        """What their kind leaves of the rules; of most nothing."""


class AuditCounting:
    """Audit records into families.

    ``identities`` tells what was counted before. What strangers are refused is counted under the
    names of resources and namespaces that others have used (``audit_names``).

    With ``user_labels`` there are families by the name of who asks.
    """

    def __init__(
        self,
        births: Births,
        identities: Identities,
        *,
        series_limit: int,
        rules: AuditRules,
        user_labels: bool = False,
    ) -> None:
        self.identities = identities
        self.bounds = LabelBounds()
        self.total = 0
        """Requests counted since the start."""
        self.duplicates: Counter[str] = Counter()
        """Records that had come before, by source."""
        self.uncounted: Counter[str] = Counter()
        """Stages of requests that are counted by another of their stages, by source."""
        shared: _Shared = {"births": births, "bounds": self.bounds, "limit": series_limit}
        self._requests = CounterFamily(declared.REQUESTS, describe=audit_id, **shared)
        self._durations = HistogramFamily(declared.DURATION, births=births, describe=audit_id)
        self._panics = CounterFamily(declared.PANICS, births=births, describe=audit_id)
        long_running, denied, deprecated = (
            declared.with_user(d) if user_labels else d for d in declared.NAMED
        )
        self._long_running = CounterFamily(long_running, describe=who, **shared)
        self._denied = CounterFamily(denied, describe=who, **shared)
        self._deprecated = CounterFamily(deprecated, describe=who, **shared)
        self._failed_open = CounterFamily(declared.FAILED_OPEN, describe=who, **shared)
        self._violations = CounterFamily(declared.POLICY_VIOLATIONS, describe=who, **shared)
        self._pod_security = CounterFamily(declared.POD_SECURITY, describe=who, **shared)
        self._user_requests: CounterFamily | None = None
        if user_labels:
            self._user_requests = CounterFamily(declared.USER_REQUESTS, describe=audit_id, **shared)
        self._operations = AuditOperations(rules, describe=who, user_labels=user_labels, **shared)
        self._by_name: Mapping[str, Family[Series]] = {
            family.declaration.name: family for family in self.families()
        }
        self._known: dict[_Identity, _Known] = {}
        self._names = Names()
        for value in CLOSED[declared.PANICS.name]["resource_class"]:
            self._panics.at((value,))

    def families(self) -> Iterator[Family[Series]]:
        """All families, in the order they are shown."""
        yield self._requests
        yield self._durations
        yield self._long_running
        yield self._denied
        yield self._panics
        yield self._deprecated
        yield self._failed_open
        yield self._violations
        yield self._pod_security
        if self._user_requests is not None:
            yield self._user_requests
        yield from self._operations.families()

    def bounded(self) -> Iterator[Family[Series]]:
        """Those whose label values come from the cluster."""
        return (family for family in self.families() if family.limit)

    def add(self, family: str, labels: tuple[str, ...], amount: Amount) -> bool:
        """What another process had counted and shown to nobody; whether it fits a family."""
        known = self._by_name.get(family)
        if known is None:
            return False
        named = declared.with_user(known.declaration).labels
        names = known.declaration.labels
        if names[-1:] == (declared.USER_LABEL,) and len(labels) == len(names) - 1:
            labels = (*labels, "")  # it was counted without --audit.user-labels
        elif len(labels) == len(named) > len(names):
            labels = labels[:-1]  # it was counted with it
        try:
            known.at(labels).add(amount)
        except ValueError:
            return False
        return True

    def next_generation(self, lifetime: int) -> None:
        """Another period has passed: end idle series, forget the label values only they had."""
        self._known.clear()
        self._operations.hold()
        families = list(self.bounded())
        if sum([family.next_generation(lifetime) for family in families]):
            self.bounds.retain((f.declaration.labels, f.label_values()) for f in families)

    def reached(self, record: AuditRecord, source: str) -> None:
        """A request has reached a stage: counted if it ends there, or is a long one and begins.

        ``source`` is one of those of the identities.
        """
        if record.ends:
            if self.identities.is_new(record, source):
                self._ended(record)
            else:
                self.duplicates[source] += 1
        elif record.begins:
            if self.identities.is_new(record, source):
                self._began(record)
            else:
                self.duplicates[source] += 1
        else:
            self.uncounted[source] += 1

    def _began(self, record: AuditRecord) -> None:
        group, resource, subresource, namespace = self._names.of(record)
        labels = (record.verb, group, resource, subresource, _class(record), namespace)
        self._long_running.at(labels + self._user(record)).inc(1, detail_of(record))
        rules = self._operations.rules.rules_for(About.of(record), started=True)
        if rules:
            self._operate(rules, record)

    def _ended(self, record: AuditRecord) -> None:
        self.total += 1
        identity = (
            record.verb,
            record.group,
            record.resource,
            record.subresource,
            record.code,
            record.user_class,
            record.impersonated,
        )
        known = self._known.get(identity) or self._meet(identity, record)
        if record.namespace not in self._names.namespaces:
            self._names.met_namespace(record)
        known.requests.inc(1, record.audit_id[:LONGEST])
        if known.duration is not None:
            seconds = record.duration()
            if seconds is not None:
                known.duration.observe(seconds, 1, record.audit_id[:LONGEST])
        if record.code >= _FIRST_FAILURE:
            self._failed(record)
        if record.notes is not None:
            self._noted(record)
        if known.rules:
            self._operate(known.rules, record)
        if self._user_requests is not None:
            labels = (*self._user(record), _class(record), record.verb)
            self._user_requests.at(labels).inc(1, record.audit_id[:LONGEST])

    def _operate(self, rules: Left, record: AuditRecord) -> None:
        found = self._operations.rules.match(rules, record)
        if not found:
            return
        shown = record
        if not believed(record):
            shown = replace(record, **self._names.of(record)._asdict())
        self._operations.add(found, shown, detail_of(record))

    def _user(self, record: AuditRecord) -> tuple[str, ...]:
        """The label value of families by name, where there are any."""
        return () if self._user_requests is None else (user_name(record),)

    def _failed(self, record: AuditRecord) -> None:
        if record.stage == PANIC:
            series = self._panics.at((resource_class(record.group, record.resource),))
            series.inc(1, record.audit_id[:LONGEST])
        cause = denial_of(record)
        if cause is not None:
            group, resource, subresource, namespace = self._names.of(record)
            labels = (str(cause), record.verb, group, resource, subresource, _class(record))
            named = (*labels, namespace, *self._user(record))
            self._denied.at(named).inc(1, detail_of(record))

    def _noted(self, record: AuditRecord) -> None:
        notes, detail = record.notes, detail_of(record)
        if notes is None:
            return
        group, resource, _, namespace = self._names.of(record)
        if notes.deprecated:
            api = (group, record.version, resource)
            labels = (*api, notes.removed_release, _class(record), *self._user(record))
            self._deprecated.at(labels).inc(1, detail)
        for webhook in notes.failed_open:
            self._failed_open.at(webhook).inc(1, detail)
        for policy, binding in notes.policy_violations:
            self._violations.at((policy, binding, namespace)).inc(1, detail)
        if notes.pod_security_level:
            level = notes.pod_security_level
            self._pod_security.at((level, resource, namespace)).inc(1, detail)

    def _meet(self, identity: _Identity, record: AuditRecord) -> _Known:
        """What requests of this identity change; remembered if the series are theirs alone."""
        group, resource, subresource, _ = self._names.of(record)
        code = str(record.code) if record.code else ""
        labels = (record.verb, group, resource, subresource, code, _class(record))
        requests = self._requests.at(labels)
        duration = None
        if not record.long_running:
            class_ = resource_class(record.group, record.resource)
            duration = self._durations.at((record.verb, str(class_)))
        rules = self._operations.rules.rules_for(About(*identity), started=False)
        known = _Known(requests, duration, rules)
        about = (record.group, record.resource, record.subresource)
        if requests.values == labels and (group, resource, subresource) == about:
            self._known[identity] = known
            self._names.met(record)
        return known


def _class(record: AuditRecord) -> str:
    return str(record.counted_class)
