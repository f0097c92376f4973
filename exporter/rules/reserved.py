# SPDX-License-Identifier: Apache-2.0
"""The families and labels that are there without any rule, and so are no rule's to declare."""

from __future__ import annotations

from exporter.metrics.declaration import Declaration, MetricType, Stability
from exporter.rules.reserved_audit import AUDIT

EVENTS = Declaration(
    "kube_events_total",
    MetricType.COUNTER,
    "Occurrences of events, repeats included.",
    ("type", "reason", "kind", "namespace", "component"),
    stability=Stability.STABLE,
)
LAST_SEEN = Declaration(
    "kube_event_last_seen_timestamp_seconds",
    MetricType.GAUGE,
    "Time of the latest occurrence of an event, on its reporter's clock.",
    ("type", "reason", "kind", "namespace"),
    stability=Stability.STABLE,
)


def _declare(name: str, type_: MetricType, help_: str, *labels: str) -> Declaration:
    return Declaration(f"kube_event_lifecycle_{name}", type_, help_, ("lifecycle", *labels))


LIFECYCLES = (
    _declare(
        "open",
        MetricType.GAUGE,
        "Pairs that have begun and not ended; what ends untold stays until it is abandoned.",
    ),
    _declare("opened_total", MetricType.COUNTER, "Pairs that began."),
    _declare("repeated_total", MetricType.COUNTER, "Openings of a pair that had begun already."),
    _declare("closed_total", MetricType.COUNTER, "Pairs that ended, by how they did.", "outcome"),
    _declare("unmatched_total", MetricType.COUNTER, "Closings without a known opening."),
    _declare(
        "skewed_total",
        MetricType.COUNTER,
        "Closings stamped before their opening; they measure 0 seconds.",
    ),
    _declare(
        "abandoned_total",
        MetricType.COUNTER,
        "Pairs of which nothing was heard for too long, or that had no room.",
    ),
)
"""What became of the pairs: how many began, ended, were abandoned or never matched."""
WORKLOAD_LABELS = ("workload_kind", "workload_name")
"""What ``--workload.labels`` adds to families with a namespace."""
OWN = (EVENTS, LAST_SEEN, *LIFECYCLES, *AUDIT)
