"""jsonnet makes of the mixin what stands in the files."""

from __future__ import annotations

import json

import _jsonnet
import yaml

from tests.alerts.mixin import PATH, ROOT
from tests.promql.known import rule_files

_SHOWN = "local m = import '{}'; {{rules: m.prometheusAlerts, dashboards: m.grafanaDashboards}}"


def test_mixin_holds_rules_and_dashboards() -> None:
    """All groups in the order of the files, and all dashboards."""
    made = json.loads(_jsonnet.evaluate_snippet("test", _SHOWN.format(PATH)))
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in rule_files()]
    assert made["rules"] == {"groups": [group for file in files for group in file["groups"]]}
    assert made["dashboards"] == {
        path.name: json.loads(path.read_text(encoding="utf-8"))
        for path in (ROOT / "dashboards").glob("*.json")
    }
