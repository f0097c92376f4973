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


def by(name: str, *labels: str) -> Query:
    """Occurrences, for bars."""
    return occurrences(name, *labels, where=WORKLOAD, workloads=True)


def named(name: str, label: str, legend: str) -> Query:
    """The same, with words in the legend."""
    return Query(by(name, label).expr, legend)


def total(name: str, where: str = "") -> Expr:
    """Occurrences in the chosen time."""
    counter = Counter(name, workloads=True)
    return counter.increase(where=f"{WORKLOAD}, {where}" if where else WORKLOAD).or_no_events()


def quantiles_of(name: str) -> list[Query]:
    """Of durations."""
    return quantiles(name, where=WORKLOAD, workloads=True)
