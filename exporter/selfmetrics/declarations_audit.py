# SPDX-License-Identifier: Apache-2.0
"""What the metrics about the reception of audit events are."""

from __future__ import annotations

from exporter.metrics.declaration import Declaration, MetricType

PREFIX = "kube_event_metrics_audit_"
_GAUGE, _COUNTER = MetricType.GAUGE, MetricType.COUNTER


def _declare(name: str, type_: MetricType, help_: str, *labels: str) -> Declaration:
    return Declaration(PREFIX + name, type_, help_, labels)


OF_EACH_SOURCE = (
    _declare("records_total", _COUNTER, "Audit events read.", "source"),
    _declare("duplicates_total", _COUNTER, "Of these, those that had come before.", "source"),
    _declare(
        "uncounted_total",
        _COUNTER,
        "Of these, stages of requests that are counted by another of their stages.",
        "source",
    ),
    _declare(
        "undecodable_total",
        _COUNTER,
        "Lines and items passed over, by cause.",
        "source",
        "cause",
    ),
    _declare(
        "lag_seconds",
        _GAUGE,
        "Time from the stage of the latest audit event to its arrival, by both hosts' clocks.",
        "source",
    ),
    _declare("identities", _GAUGE, "Audit events remembered, to know them again.", "source"),
    _declare("identities_limit", _GAUGE, "Most audit events that are remembered.", "source"),
    _declare(
        "identities_evicted_total", _COUNTER, "Audit events forgotten for want of room.", "source"
    ),
)
"""These stand on the page where audit events come in at all."""
OF_WEBHOOK = (
    _declare("webhook_batches_total", _COUNTER, "Batches that were counted and are safe."),
    _declare("webhook_bytes_total", _COUNTER, "Bytes of these batches."),
    _declare(
        "webhook_refused_total",
        _COUNTER,
        "Batches that were not taken, by cause; an API server sends one several times.",
        "cause",
    ),
    _declare("webhook_connections", _GAUGE, "Open connections."),
    _declare("webhook_connections_refused_total", _COUNTER, "Connections closed for want of room."),
)
"""These with ``--audit.webhook.listen-address`` only."""
OF_LOG = (
    _declare("log_readable", _GAUGE, "Whether the log can be read."),
    _declare("log_position_bytes", _GAUGE, "How far the file is read that is being read."),
    _declare("log_size_bytes", _GAUGE, "Size of the log."),
    _declare("log_backlog_bytes", _GAUGE, "Bytes not read yet, in rotated files too."),
    _declare("log_bytes_total", _COUNTER, "Bytes read, uncompressed."),
    _declare("log_rotations_total", _COUNTER, "Changes from one file to the next."),
    _declare(
        "log_gaps_total",
        _COUNTER,
        "Places where lines were gone before they were read, by cause.",
        "cause",
    ),
)
"""These with ``--audit.log.path`` only."""
AUDIT = (*OF_EACH_SOURCE, *OF_WEBHOOK, *OF_LOG)
