# SPDX-License-Identifier: Apache-2.0
"""The panels that say whether the figures beside them can be believed."""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard as models

from dashboards.kit.expressions import Expr
from dashboards.kit.metrics import Gauge
from dashboards.kit.panels import YES_OR_NO, number

_SYNCED = Gauge("kube_event_metrics_synced")
_CONNECTED = Gauge("kube_event_metrics_watch_connected")
_LAST_SEEN = Gauge("kube_event_last_seen_timestamp_seconds")
_PLACE = ("cluster", "job", "scope")


def counting() -> models.Panel:
    """Whether anybody counts."""
    return number(
        "Counting",
        "Can the other figures be believed? Yes: every scope is listed and watched by an exporter."
        " No: events are missed or come late; go to the board Exporter. No data: no exporter is"
        " scraped, and an empty panel says nothing.",
        _everywhere(),
        steps=YES_OR_NO,
        words={"0": "no", "1": "yes"},
        width=4,
    )


def freshness() -> models.Panel:
    """How old the latest event is."""
    return number(
        "Latest event",
        "How fresh is what this board shows? In a cluster with work some event comes every few"
        " minutes. Where this grows and Counting says yes, nothing happened, or the exporter hears"
        " nothing: look at the age of the last bytes on the board Exporter.",
        _LAST_SEEN.age(),
        steps=(("green", None), ("orange", 1800.0), ("red", 7200.0)),
        decimals=0,
        width=4,
    )


def _everywhere() -> Expr:
    # Of replicas one that watches is enough; every scope needs one.
    watched = _SYNCED.max(*_PLACE).and_also(_CONNECTED.max(*_PLACE))
    return watched.least()
