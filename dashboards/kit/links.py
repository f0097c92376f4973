# SPDX-License-Identifier: Apache-2.0
"""Links between boards that take the time and the variables along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import dashboard as models

TAG = "kubernetes-events"
_MIXIN = "kubernetes-mixin"
_DOCUMENTATION = (
    "https://github.com/kube-event-metrics/kube-event-metrics/blob/main/docs/dashboards.md"
)
_KEPT = "${datasource:queryparam}&${cluster:queryparam}&${job:queryparam}&${__url_time_range}"


@dataclass(frozen=True, slots=True)
class DataLink:
    """From a cell of a table to another board."""

    title: str
    url: str


def to_board(uid: str, title: str, columns: Sequence[str], *, kept: Sequence[str] = ()) -> DataLink:
    """With what stands in these columns, and with variables of this board that stay."""
    chosen = [f"var-{name}=${{__data.fields.{name}}}" for name in columns]
    chosen += [f"${{{name}:queryparam}}" for name in kept]
    return DataLink(title, f"/d/{uid}?{'&'.join([*chosen, _KEPT])}")


def board_links() -> list[builders.DashboardLink]:
    """On every board: to the others, to what shows the state, and to the documentation."""
    others = _menu("Kubernetes events", TAG, "What happened: the other boards")
    # Its boards have the variables cluster and namespace too. Where it is not installed the menu
    # is empty.
    state = _menu("Kubernetes state", _MIXIN, "What is: the boards of kubernetes-mixin")
    documentation = (
        builders.DashboardLink("Documentation")
        .type(models.DashboardLinkType.LINK)
        .url(_DOCUMENTATION)
        .target_blank(True)
        .tooltip("What the boards answer, and how to read them")
        .icon("doc")
    )
    return [others, state, documentation]


def _menu(title: str, tag: str, tooltip: str) -> builders.DashboardLink:
    """Of all boards with a tag; they are given this time and these variables."""
    return (
        builders.DashboardLink(title)
        .type(models.DashboardLinkType.DASHBOARDS)
        .tags([tag])
        .as_dropdown(True)
        .include_vars(True)
        .keep_time(True)
        .tooltip(tooltip)
        .icon("external link")
    )
