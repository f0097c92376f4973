# SPDX-License-Identifier: Apache-2.0
"""Queries that hold to the chosen workload, and of all events to the chosen kind and reason."""

from __future__ import annotations

from dashboards.kit.expressions import Expr
from dashboards.kit.metrics import Counter
from dashboards.kit.queries import Query, occurrences, quantiles

WORKLOAD = 'workload_name=~"$workload_name"'
OF_EVENTS = 'kind=~"$kind", reason=~"$reason"'
CHOSEN = f"{OF_EVENTS}, {WORKLOAD}"
WARNING = f'type="Warning", {CHOSEN}'
EVENTS = Counter("kube_events_total", workloads=True)


def by(name: str, *labels: str, where: str = "") -> Query:
    """Occurrences, for bars."""
    return occurrences(name, *labels, where=_and(where), workloads=True)


def named(name: str, label: str, legend: str, where: str = "") -> Query:
    """The same, with words in the legend."""
    return Query(by(name, label, where=where).expr, legend)


def total(name: str, where: str = "") -> Expr:
    """Occurrences in the chosen time."""
    return Counter(name, workloads=True).increase(where=_and(where)).or_no_events()


def quantiles_of(name: str) -> list[Query]:
    """Of durations."""
    return quantiles(name, where=WORKLOAD, workloads=True)


def _and(where: str) -> str:
    return f"{WORKLOAD}, {where}" if where else WORKLOAD
