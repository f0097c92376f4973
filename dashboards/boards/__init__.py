# SPDX-License-Identifier: Apache-2.0
"""One module a board: what it asks, and what to do about the answers."""

from __future__ import annotations

from dashboards.boards import (
    audit,
    audit_security,
    exporter,
    lifecycles,
    namespace,
    nodes,
    overview,
    pods,
    volumes,
)
from dashboards.kit.board import Board


def boards() -> list[Board]:
    """All, in the order of an investigation."""
    events = (overview, namespace, pods, nodes, volumes, lifecycles)
    makers = (*events, audit, audit_security, exporter)
    return [maker.board() for maker in makers]
