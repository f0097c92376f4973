"""mixin.libsonnet: rules and dashboards for those who deploy monitoring mixins."""

from __future__ import annotations

from pathlib import Path

from tests.promql.known import rule_files

ROOT = Path(__file__).resolve().parents[2]
PATH = ROOT / "mixin.libsonnet"
_TEXT = """\
// SPDX-License-Identifier: Apache-2.0
// Made by `python -m tests.generate`. Recording rules stand in the group of the alerts that read
// them, so all groups are under prometheusAlerts.
local documents(yaml) = local all = std.parseYaml(yaml); if std.isArray(all) then all else [all];
{{
  grafanaDashboards+:: {{
{dashboards}
  }},
  prometheusAlerts+:: {{
    groups+: std.flatMap(function(document) document.groups, std.flatMap(documents, [
{rules}
    ])),
  }},
}}
"""


def text() -> str:
    """Every dashboard, by its file's name, and the groups of every rule file."""
    dashboards = sorted((ROOT / "dashboards").glob("*.json"))
    return _TEXT.format(
        dashboards="\n".join(f"    '{p.name}': import 'dashboards/{p.name}'," for p in dashboards),
        rules="\n".join(f"      importstr 'alerts/{p.name}'," for p in rule_files()),
    )
