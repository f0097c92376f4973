"""Every query of the committed dashboards, and what Grafana would make of its variables."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "dashboards"
# What `Expr.or_no_events` adds.
_NO_EVENTS = re.compile(r" or (?:on \(\) label_replace\()?0 \* .*\Z", re.DOTALL)
_LABEL_VALUES = re.compile(r"\Alabel_values\((.*), (\w+)\)\Z", re.DOTALL)
# Of an hour on a screen; a duration where one is due, a number of milliseconds where that is.
_BUILT_IN = {
    "$__rate_interval": "5m",
    "$__interval_ms": "120000",
    "$__interval": "2m",
    "$__range": "1h",
}


@dataclass(frozen=True)
class Query:
    """As it stands in the file."""

    board: str
    title: str
    """Of the panel, the variable or the annotation."""
    expr: str
    kind: str
    """panel, variable or annotation."""


@functools.cache
def boards() -> Mapping[str, dict[str, Any]]:
    """The committed files by uid."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))]
    return {board["uid"]: board for board in found}


def panels(board: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All but headings of rows, those of closed rows too."""
    return [
        panel
        for entry in board["panels"]
        for panel in ([entry] if entry["type"] != "row" else entry["panels"])
    ]


def queries() -> list[Query]:
    """Of all boards: of panels, annotations and variables."""
    return [query for uid, board in boards().items() for query in _queries(uid, board)]


def substituted(expr: str) -> str:
    """PromQL: with an hour for the time of the dashboard, and All for every variable."""
    for variable, value in _BUILT_IN.items():
        expr = expr.replace(variable, value)
    expr = re.sub(r"\$(\w+)", lambda found: ".+" if found[1] == "job" else ".*", expr)
    # PromQL has no label_values(). changes() is there for every series, and reads no value.
    return _LABEL_VALUES.sub(r"count by (\2) (changes(\1[1h]))", expr)


def without_no_events(expr: str) -> str:
    """What is found if anything is: the 0 that stands for nothing is left out."""
    return _NO_EVENTS.sub("", expr)


def _queries(uid: str, board: Mapping[str, Any]) -> Iterator[Query]:
    for panel in panels(board):
        for target in panel.get("targets", []):
            yield Query(uid, panel["title"], target["expr"], "panel")
    for mark in board["annotations"]["list"]:
        if "expr" in mark:
            yield Query(uid, mark["name"], mark["expr"], "annotation")
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            yield Query(uid, variable["name"], variable["query"]["query"], "variable")
