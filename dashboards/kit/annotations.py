# SPDX-License-Identifier: Apache-2.0
"""Marks on the time axis that explain what the graphs show: gaps, bursts and new baselines."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import common as options

from dashboards.kit.alerts import FIRING
from dashboards.kit.metrics import Counter, Gauge
from dashboards.kit.panels import DATASOURCE

_STEP = "1m"
_YOUNG = 120.0  # seconds; two steps


def marks(*, namespaced: bool) -> list[builders.AnnotationQuery]:
    """On every board; roll-outs only where namespaces can be chosen."""
    found = [_built_in(), _alerts(), _restarts()]
    return [*found, _rollouts()] if namespaced else found


def _alerts() -> builders.AnnotationQuery:
    text = "{{severity}} {{cluster}} {{namespace}}"
    return _mark("Firing alerts", FIRING, "red", title="{{alertname}}", text=text, tag="severity")


def _rollouts() -> builders.AnnotationQuery:
    rollouts = Counter("kube_event_workload_scalings_total")
    expr = rollouts.increase("namespace", "kind", where='direction="up"', over="2m").above(0)
    title, text = "Roll-out", "{{kind}} in {{namespace}} scaled a replica set up"
    # Hundreds of a busy cluster would hide the graphs: one switches them on.
    return _mark("Roll-outs", expr.text, "blue", title=title, text=text, tag="namespace").enable(
        False
    )


def _restarts() -> builders.AnnotationQuery:
    # Not changes(): a pod that is made anew has a new address, and so new series.
    young = Gauge("process_start_time_seconds").age("cluster", "job", "instance").below(_YOUNG)
    text = "{{job}} {{instance}}: what it counted goes on from its checkpoint, if it has one"
    title, tag = "Exporter started", "instance"
    return _mark("Exporter restarts", young.text, "purple", title=title, text=text, tag=tag)


def _mark(
    name: str, expr: str, colour: str, *, title: str, text: str, tag: str
) -> builders.AnnotationQuery:
    return (
        builders.AnnotationQuery()
        .name(name)
        .datasource(DATASOURCE)
        .expr(expr)
        .step(_STEP)
        .icon_color(colour)
        .title_format(title)
        .text_format(text)
        .tag_keys(tag)
        .enable(True)
    )


def _built_in() -> builders.AnnotationQuery:
    grafana = options.DataSourceRef(type_val="grafana", uid="-- Grafana --")
    return (
        builders.AnnotationQuery()
        .name("Annotations & Alerts")
        .datasource(grafana)
        .built_in(1)
        .type("dashboard")
        .icon_color("rgba(0, 211, 255, 1)")
        .enable(True)
        .hide(True)
    )
