# SPDX-License-Identifier: Apache-2.0
"""What is asked of audit events: empty, and not 0, where an exporter receives none."""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard as models

from dashboards.kit.expressions import Expr
from dashboards.kit.metrics import Counter, Gauge
from dashboards.kit.panels import YES_OR_NO, number
from dashboards.kit.queries import Query

RECEIVED = Gauge("kube_audit_last_received_timestamp_seconds")
REQUESTS = "kube_audit_requests_total"
DENIED = "kube_audit_denied_total"
SENSITIVE = "kube_audit_sensitive_operations_total"
LONG_RUNNING = "kube_audit_long_running_requests_total"
# Of KubeAuditGap.
_LATE = 300.0


def audited(name: str, *by: str, where: str = "", top: int = 0, legend: str = "") -> Query:
    """Of a counter, for bars: by these labels, which are the legend too."""
    bars = Counter(name).bars(*by, where=where, top=top).or_no_events(RECEIVED.sum())
    return Query(bars, legend or " ".join(f"{{{{{label}}}}}" for label in by))


def total(name: str, where: str = "") -> Expr:
    """How many in the chosen time."""
    return Counter(name).increase(where=where).or_no_events(RECEIVED.sum())


def counting() -> models.Panel:
    """Whether audit events come in."""
    return number(
        "Counting",
        "Can the other figures be believed? Yes: from every region and source audit events came"
        " within five minutes. No: one is silent; see which under Reception on the board Audit. No"
        " data: no exporter has received any, and an empty panel says nothing.",
        RECEIVED.age("cluster", "job", "region", "source").is_below(_LATE).least(),
        steps=YES_OR_NO,
        words={"0": "no", "1": "yes"},
    )


def freshness() -> models.Panel:
    """How old the latest audit event is."""
    return number(
        "Latest audit event",
        "How fresh is what this board shows? A log is read within seconds, a webhook's batches come"
        " every 30 seconds or sooner. An idle cluster whose audit policy leaves out leases is quiet"
        " for minutes.",
        RECEIVED.age(),
        steps=(("green", None), ("orange", 120.0), ("red", _LATE)),
        decimals=0,
    )
