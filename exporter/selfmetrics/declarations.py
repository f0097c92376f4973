# SPDX-License-Identifier: Apache-2.0
"""What the metrics about the exporter itself are: their names, types, help and labels."""

from __future__ import annotations

from exporter.metrics.declaration import Declaration, MetricType

PREFIX = "kube_event_metrics_"
GAUGE, COUNTER = MetricType.GAUGE, MetricType.COUNTER
AUDIT_LABEL = "audit/"
"""Stands before a label of the audit families, whose values are bounded apart."""
_WORKLOAD = ("scope", "kind")


def _declare(name: str, type_: MetricType, help_: str, *labels: str) -> Declaration:
    return Declaration(PREFIX + name, type_, help_, labels)


ELECTION = (
    _declare("leader", GAUGE, "Whether this replica leads and shows the metrics of events."),
    _declare("leader_transitions_total", COUNTER, "How often this replica began to lead."),
    _declare("lease_failures_total", COUNTER, "Failed requests about the Lease by cause.", "cause"),
    _declare(
        "standby_journal_notes", GAUGE, "What a standby counted beyond the leader's last scrape."
    ),
    _declare("standby_journal_dropped_total", COUNTER, "Of that, what was lost for want of room."),
    _declare(
        "handover_left_out_total",
        COUNTER,
        "Series that no scraper had seen and the Lease had no room for.",
    ),
)
"""These stand on the page with ``--leader-election`` only."""
WEB_AUTH = (
    _declare(
        "web_reviews_total",
        COUNTER,
        "Questions to the API server about who asks for metrics, by kind and result.",
        "kind",
        "result",
    ),
    _declare(
        "web_token_requests_total",
        COUNTER,
        "Requests that need a bearer token, by what became of them.",
        "result",
    ),
)
"""These stand on the page with ``--web.auth.kubernetes`` only."""
DECLARATIONS = (
    _declare("build_info", GAUGE, "What runs; always 1.", "version", "python", "build"),
    _declare("synced", GAUGE, "Whether the first list is complete.", "scope"),
    _declare("watch_connected", GAUGE, "Whether a watch is open.", "scope"),
    _declare(
        "watch_allowed", GAUGE, "Whether the API server allows listing and watching.", "scope"
    ),
    _declare(
        "last_received_timestamp_seconds",
        GAUGE,
        "When bytes last came from the API server.",
        "scope",
    ),
    _declare("last_sync_timestamp_seconds", GAUGE, "When a list was last complete.", "scope"),
    _declare(
        "watch_lag_seconds",
        GAUGE,
        "Age of the latest counted occurrence when it arrived.",
        "scope",
    ),
    _declare("frames_total", COUNTER, "Objects and frames received.", "scope", "type"),
    _declare(
        "relists_total",
        COUNTER,
        "Lists after the first, by cause; most are part of normal operation.",
        "scope",
        "cause",
    ),
    _declare(
        "watch_failures_total", COUNTER, "Failed requests and streams by cause.", "scope", "cause"
    ),
    _declare(
        "undecodable_total", COUNTER, "Frames and objects passed over, by cause.", "scope", "cause"
    ),
    _declare(
        "missed_occurrences_total",
        COUNTER,
        "Occurrences that a relist found and the watch had not shown; they are counted.",
        "scope",
    ),
    _declare("ledger_events", GAUGE, "Events remembered.", "scope"),
    _declare("ledger_limit", GAUGE, "Most events that are remembered.", "scope"),
    _declare("ledger_evicted_total", COUNTER, "Events forgotten for want of room.", "scope"),
    _declare("series", GAUGE, "Series of a family.", "family"),
    _declare("series_limit", GAUGE, "Most series of a family."),
    _declare(
        "series_overflow_total",
        COUNTER,
        "Look-ups of label sets that had no room and were given the overflow series.",
        "family",
    ),
    _declare("series_expired_total", COUNTER, "Idle series that ended.", "family"),
    _declare("label_values", GAUGE, "Distinct values of a label in use.", "label"),
    _declare("label_values_limit", GAUGE, "Most distinct values of a label.", "label"),
    _declare(
        "label_overflow_total",
        COUNTER,
        "Look-ups of label sets in which a value of this label was beyond its bounds.",
        "label",
    ),
    _declare("workload_synced", GAUGE, "Whether all objects of a kind were listed.", *_WORKLOAD),
    _declare(
        "workload_watch_allowed",
        GAUGE,
        "Whether the API server allows listing and watching a kind.",
        *_WORKLOAD,
    ),
    _declare("workload_objects", GAUGE, "Objects whose owner is known.", *_WORKLOAD),
    _declare("workload_objects_limit", GAUGE, "Most objects that are remembered.", *_WORKLOAD),
    _declare(
        "workload_objects_evicted_total",
        COUNTER,
        "Objects forgotten for want of room.",
        *_WORKLOAD,
    ),
    _declare(
        "workload_watch_failures_total",
        COUNTER,
        "Failed requests and streams by cause.",
        *_WORKLOAD,
        "cause",
    ),
    _declare(
        "workload_misses_total",
        COUNTER,
        "Look-ups of objects that were not known: their events are counted without a workload.",
        "kind",
    ),
    _declare("scrapers", GAUGE, "Scrapers that are remembered."),
    _declare("checkpoint_active", GAUGE, "Whether what is counted and shown outlives the process."),
    _declare("checkpoint_restored", GAUGE, "Whether this process went on from a checkpoint."),
    _declare("checkpoint_last_commit_timestamp_seconds", GAUGE, "When it was last written."),
    _declare("checkpoint_commits_total", COUNTER, "Times that what is kept was written."),
    _declare("checkpoint_failures_total", COUNTER, "Times that it could not be written."),
    _declare("checkpoint_size_bytes", GAUGE, "Size of its file."),
    *ELECTION,
    *WEB_AUTH,
)
BY_NAME = {d.name.removeprefix(PREFIX): d for d in DECLARATIONS}
