# SPDX-License-Identifier: Apache-2.0
"""Our alerts, as Prometheus shows them: they keep a cluster, and no job."""

from __future__ import annotations

from dashboards.kit.expressions import Expr

FIRING = 'ALERTS{alertstate="firing", alertname=~"Kube(Event|Audit).+", cluster=~"$cluster"}'


_LABELS = ("alertname", "severity", "cluster", "namespace")


def firing_alerts(*by: str) -> Expr:
    """How many fire."""
    for label in by:
        if label not in _LABELS:
            raise ValueError(f"alerts have no label {label!r}")
    grouping = f" by ({', '.join(by)}) " if by else ""
    return Expr(f"count{grouping}({FIRING})", by, "short", ())
