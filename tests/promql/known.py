"""Which metrics a query can name, with their labels and types."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from exporter.metrics.declaration import MetricType
from exporter.rules import reserved
from exporter.rules.reserved_audit import AUDIT, NAMED, with_user
from exporter.selfmetrics import DECLARATIONS, RECEPTION
from tests.docs.catalogue import catalogue

ALERTS = Path(__file__).resolve().parents[2] / "alerts"
# What Prometheus and its configuration put on every series of a target.
_TARGET = frozenset({"cluster", "job", "instance"})
# Of kube-state-metrics, kubelet and the like, where a query may ask for more than we tell.
_OTHERS: Mapping[str, tuple[MetricType, frozenset[str]]] = {
    "up": (MetricType.GAUGE, frozenset()),
    "scrape_duration_seconds": (MetricType.GAUGE, frozenset()),
    "scrape_samples_scraped": (MetricType.GAUGE, frozenset()),
    "ALERTS": (
        MetricType.GAUGE,
        frozenset({"alertname", "alertstate", "severity", "namespace"}),
    ),
    "process_resident_memory_bytes": (MetricType.GAUGE, frozenset()),
    "process_start_time_seconds": (MetricType.GAUGE, frozenset()),
    "process_cpu_seconds_total": (MetricType.COUNTER, frozenset()),
    "process_open_fds": (MetricType.GAUGE, frozenset()),
    "process_max_fds": (MetricType.GAUGE, frozenset()),
}


@dataclass(frozen=True)
class Metric:
    """A name that a query can use."""

    counter: bool
    """Whether its value means something only under `rate`, `increase` or `resets`."""
    labels: frozenset[str]


@functools.cache
def metrics() -> Mapping[str, Metric]:
    """By name: what we declare, what our rules record, and a few that everyone has."""
    found = {
        name: Metric(kind is MetricType.COUNTER, labels | _TARGET)
        for name, (kind, labels) in _OTHERS.items()
    }
    declared = (
        reserved.EVENTS,
        reserved.LAST_SEEN,
        *reserved.LIFECYCLES,
        *AUDIT,
        *catalogue().book.declarations,
        *catalogue().book.audit.declarations,
        *DECLARATIONS,
        *RECEPTION,
    )
    for declaration in declared:
        labels = frozenset(declaration.labels) | _TARGET
        if "namespace" in labels:
            labels |= frozenset(reserved.WORKLOAD_LABELS)
        if declaration in NAMED or declaration in catalogue().book.audit.declarations:
            labels |= frozenset(with_user(declaration).labels)
        if declaration.type is MetricType.HISTOGRAM:
            found[f"{declaration.name}_bucket"] = Metric(counter=True, labels=labels | {"le"})
            for suffix in ("_sum", "_count"):
                found[declaration.name + suffix] = Metric(counter=True, labels=labels)
        else:
            counter = declaration.type is MetricType.COUNTER
            found[declaration.name] = Metric(counter, labels)
    for name in recorded():
        level, _, _ = name.partition(":")
        # `_` joins the labels of the level; ours have none in their names.
        found[name] = Metric(counter=False, labels=frozenset(level.split("_")) | {"cluster"})
    return found


def rule_files() -> list[Path]:
    """The alert and recording rules that we ship."""
    return sorted(ALERTS.glob("*.rules.yaml"))


@functools.cache
def recorded() -> dict[str, str]:
    """The expressions of our recording rules, by name."""
    return {
        rule["record"]: rule["expr"]
        for path in rule_files()
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
        if "record" in rule
    }
