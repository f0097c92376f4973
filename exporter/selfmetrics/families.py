# SPDX-License-Identifier: Apache-2.0
"""Metrics about the exporter itself: read from the rooms' own numbers when the page is made.

Nothing here costs anything per event. All label sets are closed and stand at 0 from the
start, but for the scope.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from exporter.attribution import Attribution
from exporter.auditing import Auditing
from exporter.checkpointing import Checkpointing
from exporter.election import Elector
from exporter.failover import Failover
from exporter.kube.telemetry import Telemetry
from exporter.metrics.births import Births, Scrapers
from exporter.metrics.counter import CounterFamily, GaugeFamily
from exporter.metrics.series import Family, Series
from exporter.pipeline import AuditCounting, Counting, Scope
from exporter.selfmetrics.audit import AuditSelfMetrics
from exporter.selfmetrics.declarations import (
    AUDIT_LABEL,
    BY_NAME,
    COUNTER,
    ELECTION,
    GAUGE,
    WEB_AUTH,
)
from exporter.version import BUILD, VERSION
from exporter.web.reviews import Tally


@dataclass(frozen=True, slots=True)
class Watched:
    """One scope, as the self-metrics see it."""

    telemetry: Telemetry
    scope: Scope


class SelfMetrics:
    """The families of ``DECLARATIONS``."""

    def __init__(
        self,
        births: Births,
        scrapers: Scrapers,
        counting: Counting,
        watched: Sequence[Watched],
        *,
        attribution: Attribution | None = None,
        auditing: Auditing | None = None,
        checkpointing: Checkpointing | None = None,
        elector: Elector | None = None,
        failover: Failover | None = None,
        reviews: Tally | None = None,
    ) -> None:
        self._attribution = attribution
        self._auditing = auditing
        self._audit = AuditSelfMetrics(births, auditing) if auditing else None
        self._checkpointing = checkpointing
        self._elector = elector
        self._failover = failover
        self._reviews = reviews
        absent = (*(() if elector else ELECTION), *(() if reviews else WEB_AUTH))
        declared = {n: d for n, d in BY_NAME.items() if d not in absent}
        self._scrapers = scrapers
        self._counting = counting
        self._watched = watched
        self._gauges = {
            name: GaugeFamily(d, births=births) for name, d in declared.items() if d.type is GAUGE
        }
        self._counters = {
            name: CounterFamily(d, births=births)
            for name, d in declared.items()
            if d.type is COUNTER
        }
        self._gauge("build_info", 1, VERSION, platform.python_version(), BUILD)
        self._gauge("series_limit", counting.events.limit)
        self.refresh()

    @property
    def build_info(self) -> Family[Series]:
        """What runs."""
        return self._gauges["build_info"]

    def families(self) -> Iterator[Family[Series]]:
        """In the order of ``DECLARATIONS``."""
        kept = {**self._gauges, **self._counters}
        yield from (kept[name] for name in BY_NAME if name in kept)
        if self._audit:
            yield from self._audit.families()

    def refresh(self) -> None:
        """Read the rooms' numbers."""
        self._counting.refresh()
        if self._audit:
            self._audit.refresh()
        for watched in self._watched:
            self._refresh_scope(watched.telemetry, watched.scope)
        self._refresh_series()
        if self._attribution:
            self._refresh_workloads(self._attribution)
        if self._elector:
            self._refresh_election(self._elector)
        if self._failover:
            self._refresh_failover(self._failover)
        if self._reviews:
            self._refresh_reviews(self._reviews)
        self._gauge("scrapers", len(self._scrapers))
        kept = [part for part in (self._checkpointing, self._auditing) if part and part.enabled]
        if kept:
            self._refresh_checkpoint(kept)

    def _refresh_series(self) -> None:
        counted: list[tuple[Counting | AuditCounting, str]] = []
        if self._watched:  # else their families are not on the page
            counted.append((self._counting, ""))
        if self._auditing:
            counted.append((self._auditing.counting, AUDIT_LABEL))
        for counting, prefix in counted:
            families = list(counting.families())
            for family in families:
                name = family.declaration.name
                self._gauge("series", len(family), name)
                self._count("series_overflow_total", family.overflowed, name)
                self._count("series_expired_total", family.expired, name)
            bounds = counting.bounds
            for label in dict.fromkeys(n for f in counting.bounded() for n in f.declaration.labels):
                self._gauge("label_values", bounds.used(label), prefix + label)
                self._gauge("label_values_limit", bounds.limit(label), prefix + label)
                overflowed = bounds.overflowed.get(label, 0)
                self._count("label_overflow_total", overflowed, prefix + label)

    def _refresh_scope(self, telemetry: Telemetry, scope: Scope) -> None:
        name = telemetry.scope
        self._gauge("synced", int(telemetry.synced), name)
        self._gauge("watch_connected", int(telemetry.connected), name)
        self._gauge("watch_allowed", int(telemetry.allowed), name)
        self._gauge("last_received_timestamp_seconds", telemetry.last_received, name)
        self._gauge("last_sync_timestamp_seconds", scope.last_sync, name)
        self._gauge("watch_lag_seconds", max(scope.lag, 0.0), name)
        for type_, total in telemetry.frames.items():
            self._count("frames_total", total, name, type_)
        for cause, total in telemetry.relists.items():
            self._count("relists_total", total, name, cause)
        for cause, total in telemetry.failures.items():
            self._count("watch_failures_total", total, name, cause)
        for cause, total in telemetry.undecodable.items():
            self._count("undecodable_total", total, name, cause)
        self._count("missed_occurrences_total", scope.missed, name)
        self._gauge("ledger_events", len(scope.ledger), name)
        self._gauge("ledger_limit", scope.ledger.limit, name)
        self._count("ledger_evicted_total", scope.ledger.evicted, name)

    def _refresh_workloads(self, attribution: Attribution) -> None:
        for followed in attribution.followed:
            telemetry, kind = followed.telemetry, followed.kind
            self._gauge("workload_synced", int(telemetry.synced), telemetry.scope, kind)
            self._gauge("workload_watch_allowed", int(telemetry.allowed), telemetry.scope, kind)
            for cause, total in telemetry.failures.items():
                self._count("workload_watch_failures_total", total, telemetry.scope, kind, cause)
        for kind, scope, table in attribution.owners.tables():
            self._gauge("workload_objects", len(table), scope, kind)
            self._gauge("workload_objects_limit", table.limit, scope, kind)
            self._count("workload_objects_evicted_total", table.evicted, scope, kind)
        for kind, misses in attribution.owners.misses.items():
            self._count("workload_misses_total", misses, kind)

    def _refresh_checkpoint(self, kept: Sequence[Checkpointing | Auditing]) -> None:
        committers = [part.committer for part in kept if part.committer]
        working = [committer for committer in committers if not committer.failing]
        self._gauge("checkpoint_active", int(len(working) == len(kept)))
        self._gauge("checkpoint_restored", int(any(part.restored for part in kept)))
        self._count("checkpoint_failures_total", sum(c.failures for c in committers))
        if committers:
            last = min(committer.last_commit for committer in committers)
            self._gauge("checkpoint_last_commit_timestamp_seconds", last)
            self._count("checkpoint_commits_total", sum(c.commits for c in committers))
            self._gauge("checkpoint_size_bytes", sum(c.size() for c in committers))

    def _refresh_election(self, elector: Elector) -> None:
        self._gauge("leader", int(elector.leading))
        self._count("leader_transitions_total", elector.telemetry.transitions)
        for cause, total in elector.telemetry.failures.items():
            self._count("lease_failures_total", total, cause)

    def _refresh_failover(self, failover: Failover) -> None:
        journal = failover.journal
        self._gauge("standby_journal_notes", len(journal))
        self._count("standby_journal_dropped_total", failover.dropped + journal.dropped)
        self._count("handover_left_out_total", failover.not_handed_over)

    def _refresh_reviews(self, tally: Tally) -> None:
        for (kind, result), total in tally.reviews.items():
            self._count("web_reviews_total", total, kind, result)
        for outcome, total in tally.requests.items():
            self._count("web_token_requests_total", total, outcome)

    def _gauge(self, name: str, value: float, *labels: str) -> None:
        self._gauges[name].at(labels).set(value)

    def _count(self, name: str, total: int, *labels: str) -> None:
        self._counters[name].at(labels).rise_to(total)
