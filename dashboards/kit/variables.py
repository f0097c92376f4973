# SPDX-License-Identifier: Apache-2.0
"""The variables on top of a board: each is filled by a query that holds to those before it."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import dashboard as models

from dashboards.kit.expressions import SCOPE
from dashboards.kit.families import TARGET_LABELS, family
from dashboards.kit.panels import DATASOURCE
from exporter.rules.reserved import WORKLOAD_LABELS

Variable = builders.DatasourceVariable | builders.QueryVariable
_ALL = models.VariableOption(selected=True, text=["All"], value=["$__all"])
# An exporter is known by this family; it is there before any event.
_EXPORTER = "kube_event_metrics_build_info"
_IN_NAMESPACE = f'{SCOPE}, namespace=~"$namespace"'


def common(*more: Variable) -> list[Variable]:
    """Those of every board, then ``more``."""
    datasource = (
        builders.DatasourceVariable("datasource")
        .label("Data source")
        .description("The Prometheus that scrapes the exporter.")
        .type("prometheus")
        .current(models.VariableOption(selected=True, text="default", value="default"))
    )
    # Everything, the empty string too: where no cluster label is configured all is one cluster.
    cluster = _query("cluster", "Cluster", _EXPORTER, "", "Needs the label cluster.", every=".*")
    # Never the empty string: every scraped series has a job.
    job = _query("job", "Job", _EXPORTER, 'cluster=~"$cluster"', "Of the exporter.", every=".+")
    return [datasource, cluster, job, *more]


def namespace() -> Variable:
    """Of the objects that events are about; All lets objects without one through, as nodes."""
    text = "Of the objects that events are about; All includes those without one, such as nodes."
    return _query("namespace", "Namespace", "kube_events_total", SCOPE, text, every=".*")


def of(label: str, metric: str, text: str, title: str = "") -> Variable:
    """Values of another label in the chosen namespaces."""
    declared = family(metric)
    labels = (*declared.labels, *TARGET_LABELS, *WORKLOAD_LABELS)
    if label not in labels:
        raise ValueError(f"{metric}: no label {label!r}")
    scope = _IN_NAMESPACE if "namespace" in declared.labels else SCOPE
    return _query(label, title or label.capitalize(), metric, scope, text, every=".*")


def _query(
    name: str, title: str, metric: str, scope: str, text: str, *, every: str
) -> builders.QueryVariable:
    selector = f"{family(metric).name}{{{scope}}}" if scope else family(metric).name
    expression = f"label_values({selector}, {name})"
    return (
        builders.QueryVariable(name)
        .label(title)
        .description(text)
        .query({"query": expression, "refId": f"Variable-{name}"})
        .definition(expression)
        .regex("")
        .datasource(DATASOURCE)
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(models.VariableSort.ALPHABETICAL_CASE_INSENSITIVE_ASC)
        .multi(True)
        .include_all(True)
        .all_value(every)
        .current(_ALL)
    )
