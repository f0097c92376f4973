# SPDX-License-Identifier: Apache-2.0
"""A board: its place among the others, its variables, annotations, links and rows, as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as models

from dashboards.kit.annotations import marks
from dashboards.kit.guide import guide
from dashboards.kit.layout import Row, placed
from dashboards.kit.links import TAG, board_links
from dashboards.kit.variables import Variable, common

# Grafana 10.0's; a newer one migrates it, an older one takes it as it is.
_SCHEMA_VERSION = 38
# What the SDK writes though nobody asked: places that Grafana 10 does not know, which hide links
# in a menu of newer ones, and what belongs to other types of variables.
_UNASKED = ("placement", "allowCustomValue", "auto", "auto_count", "auto_min")


@dataclass(frozen=True, slots=True)
class Board:
    """``uid`` is also the name of its file, and what links and bookmarks name: it never changes."""

    uid: str
    title: str
    description: str
    rows: Sequence[Row]
    variables: Sequence[Variable] = ()

    def json(self) -> str:
        """For import by file, for provisioning and for the sidecar."""
        encoded: dict[str, Any] = json.loads(JSONEncoder().encode(self._built()))
        for part in (
            *encoded["links"],
            *encoded["annotations"]["list"],
            *encoded["templating"]["list"],
        ):
            for key in _UNASKED:
                part.pop(key, None)
        return json.dumps(encoded, indent=2, sort_keys=True, ensure_ascii=False) + "\n"

    def _built(self) -> models.Dashboard:
        variables = common(*self.variables)
        namespaced = any(variable.build().name == "namespace" for variable in variables)
        board = (
            builders.Dashboard(f"Kubernetes / Events / {self.title}")
            .uid(self.uid)
            .description(self.description)
            .tags([TAG])
            .timezone("browser")
            .time("now-6h", "now")
            .refresh("1m")
            .tooltip(models.DashboardCursorSync.CROSSHAIR)
            .readonly()
            .links([*board_links()])
            .variables([*variables])
            .annotations([*marks(namespaced=namespaced)])
            .build()
        )
        board.schema_version = _SCHEMA_VERSION
        board.panels = placed([*self.rows, guide(self.description, namespaced=namespaced)])
        return board
