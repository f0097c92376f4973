# SPDX-License-Identifier: Apache-2.0
"""Metrics about the exporter itself: read from the rooms' own numbers when the page is made.

Nothing here costs anything per event. All label sets are closed and stand at 0 from the
start, but for the scope.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from prometheus_client import (
    GC_COLLECTOR,
    PLATFORM_COLLECTOR,
    PROCESS_COLLECTOR,
    CollectorRegistry,
)
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from exporter.attribution import Attribution
from exporter.election import Elector
from exporter.kube.telemetry import Telemetry
from exporter.metrics.births import Births, Scrapers
from exporter.metrics.counter import CounterFamily, GaugeFamily
from exporter.metrics.declaration import Declaration, MetricType
from exporter.metrics.series import Family, Series
from exporter.metrics.text import Format
from exporter.pipeline import Counting, Scope
from exporter.version import VERSION

_PREFIX = "kube_event_metrics_"
_GAUGE, _COUNTER = MetricType.GAUGE, MetricType.COUNTER
_WORKLOAD = ("scope", "kind")


def _declare(name: str, type_: MetricType, help_: str, *labels: str) -> Declaration:
    return Declaration(_PREFIX + name, type_, help_, labels)


ELECTION = (
    _declare("leader", _GAUGE, "Whether this replica leads and shows the metrics of events."),
    _declare("leader_transitions_total", _COUNTER, "How often this replica began to lead."),
    _declare(
        "lease_failures_total", _COUNTER, "Failed requests about the Lease by cause.", "cause"
    ),
)
"""These stand on the page with ``--leader-election`` only."""
DECLARATIONS = (
    _declare("build_info", _GAUGE, "What runs; always 1.", "version", "python"),
    _declare("synced", _GAUGE, "Whether the first list is complete.", "scope"),
    _declare("watch_connected", _GAUGE, "Whether a watch is open.", "scope"),
    _declare(
        "watch_allowed", _GAUGE, "Whether the API server allows listing and watching.", "scope"
    ),
    _declare(
        "last_received_timestamp_seconds",
        _GAUGE,
        "When bytes last came from the API server.",
        "scope",
    ),
    _declare("last_sync_timestamp_seconds", _GAUGE, "When a list was last complete.", "scope"),
    _declare(
        "watch_lag_seconds",
        _GAUGE,
        "Age of the latest counted occurrence when it arrived.",
        "scope",
    ),
    _declare("frames_total", _COUNTER, "Objects and frames received.", "scope", "type"),
    _declare(
        "relists_total",
        _COUNTER,
        "Lists after the first, by cause; most are part of normal operation.",
        "scope",
        "cause",
    ),
    _declare(
        "watch_failures_total", _COUNTER, "Failed requests and streams by cause.", "scope", "cause"
    ),
    _declare(
        "undecodable_total", _COUNTER, "Frames and objects passed over, by cause.", "scope", "cause"
    ),
    _declare(
        "missed_occurrences_total",
        _COUNTER,
        "Occurrences that a relist found and the watch had not shown; they are counted.",
        "scope",
    ),
    _declare("ledger_events", _GAUGE, "Events remembered.", "scope"),
    _declare("ledger_limit", _GAUGE, "Most events that are remembered.", "scope"),
    _declare("ledger_evicted_total", _COUNTER, "Events forgotten for want of room.", "scope"),
    _declare("series", _GAUGE, "Series of a family.", "family"),
    _declare("series_limit", _GAUGE, "Most series of a family."),
    _declare(
        "series_overflow_total",
        _COUNTER,
        "Look-ups of label sets that had no room and were given the overflow series.",
        "family",
    ),
    _declare("series_expired_total", _COUNTER, "Idle series that ended.", "family"),
    _declare("label_values", _GAUGE, "Distinct values of a label in use.", "label"),
    _declare("label_values_limit", _GAUGE, "Most distinct values of a label.", "label"),
    _declare(
        "label_overflow_total",
        _COUNTER,
        "Look-ups of label sets in which a value of this label was beyond its bounds.",
        "label",
    ),
    _declare("workload_synced", _GAUGE, "Whether all objects of a kind were listed.", *_WORKLOAD),
    _declare(
        "workload_watch_allowed",
        _GAUGE,
        "Whether the API server allows listing and watching a kind.",
        *_WORKLOAD,
    ),
    _declare("workload_objects", _GAUGE, "Objects whose owner is known.", *_WORKLOAD),
    _declare("workload_objects_limit", _GAUGE, "Most objects that are remembered.", *_WORKLOAD),
    _declare(
        "workload_objects_evicted_total",
        _COUNTER,
        "Objects forgotten for want of room.",
        *_WORKLOAD,
    ),
    _declare(
        "workload_watch_failures_total",
        _COUNTER,
        "Failed requests and streams by cause.",
        *_WORKLOAD,
        "cause",
    ),
    _declare(
        "workload_misses_total",
        _COUNTER,
        "Look-ups of objects that were not known: their events are counted without a workload.",
        "kind",
    ),
    _declare("scrapers", _GAUGE, "Scrapers that are remembered."),
    *ELECTION,
)
_BY_NAME = {d.name.removeprefix(_PREFIX): d for d in DECLARATIONS}


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
        elector: Elector | None = None,
    ) -> None:
        self._attribution = attribution
        self._elector = elector
        declared = {n: d for n, d in _BY_NAME.items() if elector or d not in ELECTION}
        self._scrapers = scrapers
        self._counting = counting
        self._watched = watched
        self._gauges = {
            name: GaugeFamily(d, births=births) for name, d in declared.items() if d.type is _GAUGE
        }
        self._counters = {
            name: CounterFamily(d, births=births)
            for name, d in declared.items()
            if d.type is _COUNTER
        }
        self._gauge("build_info", 1, VERSION, platform.python_version())
        self._gauge("series_limit", counting.events.limit)
        self.refresh()

    def families(self) -> Iterator[Family[Series]]:
        """In the order of ``DECLARATIONS``."""
        kept = {**self._gauges, **self._counters}
        yield from (kept[name] for name in _BY_NAME if name in kept)

    def refresh(self) -> None:
        """Read the rooms' numbers."""
        self._counting.refresh()
        for watched in self._watched:
            self._refresh_scope(watched.telemetry, watched.scope)
        for family in self._counting.families():
            name = family.declaration.name
            self._gauge("series", len(family), name)
            self._count("series_overflow_total", family.overflowed, name)
            self._count("series_expired_total", family.expired, name)
        bounds = self._counting.bounds
        for label in self._counting.labels():
            self._gauge("label_values", bounds.used(label), label)
            self._gauge("label_values_limit", bounds.limit(label), label)
            self._count("label_overflow_total", bounds.overflowed.get(label, 0), label)
        if self._attribution:
            self._refresh_workloads(self._attribution)
        if self._elector:
            self._refresh_election(self._elector)
        self._gauge("scrapers", len(self._scrapers))

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

    def _refresh_election(self, elector: Elector) -> None:
        self._gauge("leader", int(elector.leading))
        self._count("leader_transitions_total", elector.telemetry.transitions)
        for cause, total in elector.telemetry.failures.items():
            self._count("lease_failures_total", total, cause)

    def _gauge(self, name: str, value: float, *labels: str) -> None:
        self._gauges[name].at(labels).set(value)

    def _count(self, name: str, total: int, *labels: str) -> None:
        self._counters[name].at(labels).rise_to(total)


def process_metrics(format_: Format) -> bytes:
    """Process and interpreter, by prometheus_client."""
    if format_ is Format.OPENMETRICS:
        text: bytes = generate_openmetrics(_PROCESS)  # type: ignore[no-untyped-call]
        return text.removesuffix(b"# EOF\n")
    return generate_latest(_PROCESS)


def _process_registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    for collector in (PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
        registry.register(collector)
    return registry


_PROCESS = _process_registry()
