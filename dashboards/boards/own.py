# SPDX-License-Identifier: Apache-2.0
"""The families about the exporter, by what stands behind their prefix."""

from __future__ import annotations

from dashboards.kit.metrics import Counter, Gauge

PREFIX = "kube_event_metrics_"
REPLICA = ("cluster", "job", "instance")
FULL = (("green", None), ("orange", 0.8), ("red", 0.95))
"""Of what has a limit."""
WORDS = {"0": "no", "1": "yes"}


def gauge(name: str) -> Gauge:
    """By its short name."""
    return Gauge(PREFIX + name)


def counter(name: str) -> Counter:
    """By its short name."""
    return Counter(PREFIX + name)
