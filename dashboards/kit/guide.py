# SPDX-License-Identifier: Apache-2.0
"""The last row of every board: how to read it, for somebody who sees it for the first time."""

from __future__ import annotations

from dashboards.kit.expressions import NO_EVENTS
from dashboards.kit.layout import Row
from dashboards.kit.panels import prose

_COMMON = f"""\
**{NO_EVENTS}**, or 0, means that an exporter counts and nothing happened: good news. **No data**
means that no exporter was there to count, or that Prometheus has none of its samples: go to the
board *Exporter*.

Bars are occurrences, repeats included: a component that retries writes its event again, so they
count attempts, not objects. The bars of a graph add up to what occurred. Lines of durations have
gaps where nothing ended. Names of pods, containers and nodes are in the exemplars, the dots in
heatmaps and duration graphs, where Prometheus stores exemplars.

**Data source**, **Cluster** and **Job** choose the exporter; Cluster stays empty where Prometheus
adds no label `cluster`. Of two exporters that both count the same, choose one: a sum counts twice.
Replicas with leader election are not such a pair: only the leader shows events."""
_NAMESPACES = """\
**Namespace** is that of the object an event is about. *All* includes objects of the cluster, such
as nodes; metrics of nodes have no namespace and do not follow the choice."""


def guide(description: str, *, namespaced: bool) -> Row:
    """A closed row."""
    content = "\n\n".join([description, _COMMON, *([_NAMESPACES] if namespaced else [])])
    about = "What do the figures of this board mean? Read this once; it is the same on all boards."
    return Row(
        "How to read this board",
        [prose("How to read this board", about, content, height=9)],
        collapsed=True,
    )
