"""The shipped rules and their cases, as data."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.promql.known import rule_files

CASES = sorted(Path(__file__).parent.glob("*_test.yaml"))
RUNBOOKS = Path(__file__).resolve().parents[2] / "docs" / "runbooks"


@dataclass(frozen=True)
class Alert:
    """An alert rule, as it stands in its file."""

    name: str
    file: str
    group: str
    expr: str
    rule: dict[str, Any]


@functools.cache
def alerts() -> list[Alert]:
    """Of all files, in their order."""
    return [
        Alert(rule["alert"], path.name, group["name"], rule["expr"], rule)
        for path in rule_files()
        for group in _document(path)["groups"]
        for rule in group["rules"]
        if "alert" in rule
    ]


@functools.cache
def expected() -> list[tuple[str, list[dict[str, Any]]]]:
    """Of each case, which alert it is about and what fires."""
    return [
        (case["alertname"], case.get("exp_alerts") or [])
        for path in CASES
        for test in _document(path)["tests"]
        for case in test.get("alert_rule_test", [])
    ]


def _document(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))
