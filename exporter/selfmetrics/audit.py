# SPDX-License-Identifier: Apache-2.0
"""Metrics about the reception of audit events, read when the page is made."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.auditing import Auditing
from exporter.auditlog import LogTelemetry
from exporter.metrics.births import Births
from exporter.metrics.counter import CounterFamily, GaugeFamily
from exporter.metrics.declaration import MetricType
from exporter.metrics.series import Family, Series
from exporter.selfmetrics.declarations_audit import (
    OF_EACH_SOURCE,
    OF_LOG,
    OF_WEBHOOK,
    PREFIX,
)
from exporter.web.webhook import AuditWebhook


class AuditSelfMetrics:
    """The families of ``declarations_audit``, as far as their source is there."""

    def __init__(self, births: Births, auditing: Auditing) -> None:
        self._auditing = auditing
        declared = [*OF_EACH_SOURCE]
        if auditing.webhook:
            declared += OF_WEBHOOK
        if auditing.follower:
            declared += OF_LOG
        self._families: dict[str, CounterFamily | GaugeFamily] = {
            d.name.removeprefix(PREFIX): (
                CounterFamily(d, births=births)
                if d.type is MetricType.COUNTER
                else GaugeFamily(d, births=births)
            )
            for d in declared
        }
        self.refresh()

    def families(self) -> Iterator[Family[Series]]:
        """In the order of their declarations."""
        yield from self._families.values()

    def refresh(self) -> None:
        """Read the rooms' numbers."""
        self._refresh_sources()
        if self._auditing.webhook:
            self._refresh_webhook(self._auditing.webhook)
        if self._auditing.follower:
            self._refresh_log(self._auditing.follower.telemetry)

    def _refresh_sources(self) -> None:
        auditing = self._auditing
        known, evicted = auditing.identities.known(), auditing.identities.evicted()
        for source, reception in auditing.receptions.items():
            self._set("records_total", reception.records, source)
            self._set("duplicates_total", auditing.counting.duplicates[source], source)
            self._set("uncounted_total", auditing.counting.uncounted[source], source)
            for cause, times in reception.undecodable().items():
                self._set("undecodable_total", times, source, cause)
            self._set("lag_seconds", reception.lag, source)
            self._set("identities", known[source], source)
            self._set("identities_limit", auditing.identities.limit, source)
            self._set("identities_evicted_total", evicted[source], source)

    def _refresh_webhook(self, webhook: AuditWebhook) -> None:
        self._set("webhook_batches_total", webhook.batches)
        self._set("webhook_bytes_total", webhook.bytes)
        for cause, times in webhook.refused.items():
            self._set("webhook_refused_total", times, cause)
        self._set("webhook_connections", webhook.connections)
        self._set("webhook_connections_refused_total", webhook.connections_refused)

    def _refresh_log(self, telemetry: LogTelemetry) -> None:
        self._set("log_readable", int(telemetry.readable))
        self._set("log_position_bytes", telemetry.position_bytes)
        self._set("log_size_bytes", telemetry.size_bytes)
        self._set("log_backlog_bytes", telemetry.backlog_bytes)
        self._set("log_bytes_total", telemetry.bytes)
        self._set("log_rotations_total", telemetry.rotations)
        for cause, times in telemetry.gaps.items():
            self._set("log_gaps_total", times, cause)

    def _set(self, name: str, value: float, *labels: str) -> None:
        family = self._families[name]
        if isinstance(family, CounterFamily):
            family.at(labels).rise_to(int(value))
        else:
            family.at(labels).set(value)
