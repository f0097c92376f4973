# SPDX-License-Identifier: Apache-2.0
"""The files that are made of boards: JSON for Grafana, ConfigMaps for its sidecar."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import yaml

from dashboards.kit.board import Board

_FOLDER = "Kubernetes events"
_CONFIG_MAPS = """\
---
# The dashboards, for the Grafana sidecar that looks for ConfigMaps with this label. Made from
# dashboards/*.json by python -m tests.generate.
"""


def files(boards: Iterable[Board], root: Path) -> dict[Path, bytes]:
    """Of the project in ``root``: every generated file and what it should hold."""
    texts = {board.uid: board.json() for board in boards}
    made = {root / "dashboards" / f"{uid}.json": text for uid, text in texts.items()}
    maps = "---\n".join(_config_map(uid, text) for uid, text in texts.items())
    made[root / "deploy" / "grafana" / "grafana-dashboards.yaml"] = _CONFIG_MAPS + maps
    return {path: text.encode() for path, text in made.items()}


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks, so that a change shows as one."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def _config_map(uid: str, text: str) -> str:
    return yaml.dump(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": f"grafana-{uid}",
                "namespace": "monitoring",
                "labels": {"grafana_dashboard": "1"},
                "annotations": {"grafana_folder": _FOLDER},
            },
            "data": {f"{uid}.json": text},
        },
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=2**16,
    )
