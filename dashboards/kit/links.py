# SPDX-License-Identifier: Apache-2.0
"""Links between boards that take the time and the variables along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import dashboard as models

TAG = "kubernetes-events"
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
    """On every board: to the others, and to the documentation."""
    others = (
        builders.DashboardLink("Kubernetes events")
        .type(models.DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .as_dropdown(True)
        .include_vars(True)
        .keep_time(True)
        .tooltip("The other boards, with this time and these variables")
        .icon("external link")
    )
    documentation = (
        builders.DashboardLink("Documentation")
        .type(models.DashboardLinkType.LINK)
        .url(_DOCUMENTATION)
        .target_blank(True)
        .tooltip("What the boards answer, and how to read them")
        .icon("doc")
    )
    return [others, documentation]
