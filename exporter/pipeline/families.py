# SPDX-License-Identifier: Apache-2.0
"""The families that no rule feeds: every event counts here."""

from __future__ import annotations

from exporter.metrics.declaration import Declaration, MetricType, Stability

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
