# SPDX-License-Identifier: Apache-2.0
"""Our alerts, as Prometheus shows them: they keep a cluster, and no job."""

from __future__ import annotations

from dashboards.kit.expressions import Expr

FIRING = 'ALERTS{alertstate="firing", alertname=~"KubeEvent.*", cluster=~"$cluster"}'


def firing_alerts() -> Expr:
    """How many fire."""
    return Expr(f"count({FIRING})", (), "short", ())
