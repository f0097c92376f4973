"""The committed dashboards, seen as files: what every board and every panel must have."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import promql_parser as promql
import pytest
import yaml

from tests.dashboards.queries import FOLDER, boards, panels, substituted
from tests.promql.reading import selectors
from tests.promql.values import label_sets

CONFIG_MAPS = FOLDER.parent / "deploy" / "grafana" / "grafana-dashboards.yaml"
BOARDS = [pytest.param(board, id=uid) for uid, board in boards().items()]
PANELS = [
    pytest.param(panel, id=f"{uid}: {panel['title']}")
    for uid, board in boards().items()
    for panel in panels(board)
]
_PROMETHEUS = {"type": "prometheus", "uid": "${datasource}"}
# Of Grafana 9 already, where nothing else is said.
_TYPES = {"timeseries", "stat", "table", "heatmap", "bargauge", "status-history", "text"}
_TRANSFORMATIONS = {"merge", "organize"}
# What `kubectl apply` writes beside an object, as a whole, must not be longer.
_MOST_OF_AN_ANNOTATION = 262_144
_OF_AN_OPTION = re.compile(
    r'workload_name!=""|kube_event_metrics_(?:audit|checkpoint|standby|handover|lease|leader|workload)_'
)
# Of every exporter that counts events, and of every one that receives audit events.
_ZEROES = ("0 * (sum(kube_event_metrics_synced", "0 * sum(kube_audit_last_received_timestamp")
_WITH_UNDERSCORE = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b")
# Of Prometheus, which descriptions name too.
_SETTINGS = {"sample_limit"}
_NAMED = re.compile(r"\{\{\s*(\w+)\s*\}\}")


def _targets(panel: Mapping[str, Any]) -> list[dict[str, Any]]:
    targets: list[dict[str, Any]] = panel.get("targets", [])
    return targets


def test_there_is_a_board_for_each_part() -> None:
    """Their uids are fixed: links and bookmarks name them."""
    assert set(boards()) == {
        "kube-events-overview",
        "kube-events-namespace",
        "kube-events-pods",
        "kube-events-nodes",
        "kube-events-volumes",
        "kube-events-lifecycles",
        "kube-events-audit",
        "kube-events-audit-security",
        "kube-events-exporter",
    }


def test_files_are_called_by_their_uids() -> None:
    """And titles are not given twice."""
    assert {path.stem for path in FOLDER.glob("*.json")} == set(boards())
    assert len({board["title"] for board in boards().values()}) == len(boards())


@pytest.mark.parametrize("board", BOARDS)
def test_board(board: Mapping[str, Any]) -> None:
    """It imports into Grafana 10 as it is, and says what it is for."""
    assert isinstance(board["schemaVersion"], int)
    assert board["schemaVersion"] <= 39
    assert board["editable"] is False
    assert board["description"].endswith(".")
    assert "?" in board["description"] or "Why" in board["description"]
    assert board["tags"] == ["kubernetes-events"]
    assert (board["time"], board["refresh"]) == ({"from": "now-6h", "to": "now"}, "1m")
    assert (board["timezone"], board["graphTooltip"]) == ("browser", 1)
    # Of the database of one Grafana; a file with one of them replaces another's board.
    assert not {"id", "version", "iteration", "__inputs"} & set(board)


@pytest.mark.parametrize("board", BOARDS)
def test_links(board: Mapping[str, Any]) -> None:
    """To the other boards, to those of the state, and to the documentation."""
    *menus, documentation = board["links"]
    assert [menu["tags"] for menu in menus] == [board["tags"], ["kubernetes-mixin"]]
    for menu in menus:
        assert menu["type"] == "dashboards"
        assert menu["includeVars"]
        assert menu["keepTime"]
    assert documentation["url"].endswith("/docs/dashboards.md")


@pytest.mark.parametrize("board", BOARDS)
def test_variables(board: Mapping[str, Any]) -> None:
    """In one order on all boards, each fed by those before it, all but the first with All."""
    variables = board["templating"]["list"]
    names = [variable["name"] for variable in variables]
    assert names[:3] == ["datasource", "cluster", "job"]
    if "namespace" in names:
        assert names[3] == "namespace"
    source, *fed = variables
    assert (source["type"], source["query"], source["label"]) == (
        "datasource",
        "prometheus",
        "Data source",
    )
    for place, variable in enumerate(fed, start=1):
        assert variable["datasource"] == _PROMETHEUS
        assert variable["refresh"] == 2
        assert variable["includeAll"]
        assert variable["multi"]
        # No cluster label, or no namespace, is an empty string; a job there is always.
        assert variable["allValue"] == (".+" if variable["name"] == "job" else ".*")
        assert variable["label"]
        assert variable["description"]
        used = set(re.findall(r"\$(\w+)", variable["query"]["query"]))
        assert used <= set(names[1:place])
        assert {"cluster", "job"} & set(names[1:place]) <= used


@pytest.mark.parametrize("board", BOARDS)
def test_annotations(board: Mapping[str, Any]) -> None:
    """Alerts, restarts and, where there are namespaces, roll-outs."""
    names = [mark["name"] for mark in board["annotations"]["list"] if mark.get("builtIn") != 1]
    namespaced = "namespace" in {v["name"] for v in board["templating"]["list"]}
    rollouts = ["Roll-outs"] if namespaced else []
    assert names == ["Firing alerts", "Exporter restarts", *rollouts]


@pytest.mark.parametrize("board", BOARDS)
def test_ids_and_places(board: Mapping[str, Any]) -> None:
    """Ids are there once; no panel lies on another or beyond the grid."""
    everything = [*board["panels"], *(p for row in board["panels"] for p in row.get("panels", []))]
    ids = [panel["id"] for panel in everything]
    assert len(set(ids)) == len(ids)
    assert all(isinstance(number, int) and number > 0 for number in ids)
    taken: dict[tuple[int, int], str] = {}
    for panel in board["panels"]:
        place = panel["gridPos"]
        assert 0 <= place["x"] < place["x"] + place["w"] <= 24
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert taken.setdefault((x, y), panel["title"]) == panel["title"]
    for row in board["panels"]:
        for panel in row.get("panels", []):
            assert panel["gridPos"]["y"] > row["gridPos"]["y"]


@pytest.mark.parametrize("board", BOARDS)
def test_first_row_says_whether_the_figures_can_be_believed(board: Mapping[str, Any]) -> None:
    """No data is told apart from no events at the first look."""
    rows = [panel for panel in board["panels"] if panel["type"] == "row"]
    first = board["panels"][1]
    assert (board["panels"][0], first["title"]) == (rows[0], "Counting")
    assert "No data" in first["description"]
    assert rows[0]["collapsed"] is False
    assert rows[-1]["title"] == "How to read this board"


@pytest.mark.parametrize("board", BOARDS)
def test_titles_of_panels_are_not_given_twice(board: Mapping[str, Any]) -> None:
    """People name them to each other."""
    titles = [panel["title"] for panel in panels(board)]
    assert sorted(set(titles)) == sorted(titles)


@pytest.mark.parametrize("panel", PANELS)
def test_panel(panel: Mapping[str, Any]) -> None:
    """It says what it asks and what to do, in a unit, with a legend that reads."""
    assert panel["type"] in _TYPES
    said = panel["description"].partition("\n\n")[0]
    assert re.search(r"\w\? \S.{15}", said), "a question, then what the answer means"
    assert said.endswith(".")
    assert {t["id"] for t in panel.get("transformations", [])} <= _TRANSFORMATIONS
    if panel["type"] == "text":
        assert _targets(panel) == []
        return
    assert panel["datasource"] == _PROMETHEUS
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert [target["refId"] for target in _targets(panel)] == sorted(
        {target["refId"] for target in _targets(panel)}
    )
    for target in _targets(panel):
        assert target["datasource"] == _PROMETHEUS
        assert target["legendFormat"] not in ("", "__auto")


@pytest.mark.parametrize("panel", PANELS)
def test_descriptions_name_values_that_are_shown(panel: Mapping[str, Any]) -> None:
    """What is written as a value is one, of a family that the panel asks for."""
    named = set(_WITH_UNDERSCORE.findall(panel["description"].partition("\n\n")[0]))
    asked = (promql.parse(substituted(target["expr"])) for target in _targets(panel))
    read = {selector.name or "" for tree in asked for selector in selectors(tree)}
    shown = {
        value for name in read for set_ in label_sets().get(name, []) for value in set_.values()
    }
    assert named <= shown | _SETTINGS


@pytest.mark.parametrize("panel", [p for p in PANELS if "legend" in str(p.values)])
def test_legend_is_said_to_be_shown_or_not(panel: Mapping[str, Any]) -> None:
    """Grafana's default was changed between its versions, and the SDK's is none."""
    if panel["type"] in ("timeseries", "status-history"):
        assert panel["options"]["legend"]["showLegend"] is True
    if panel["type"] == "timeseries":
        assert panel["options"]["legend"]["calcs"]


@pytest.mark.parametrize("panel", PANELS)
def test_figures_have_thresholds(panel: Mapping[str, Any]) -> None:
    """A figure alone has a colour that says whether it is well; the first is for what is least."""
    if panel["type"] == "stat":
        steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
        assert steps[0]["value"] is None
        values = [step["value"] for step in steps[1:]]
        assert values == sorted(values)


@pytest.mark.parametrize("panel", PANELS)
def test_no_panel_shows_a_zero_that_nobody_counted(panel: Mapping[str, Any]) -> None:
    """A 0 comes from a query, which needs an exporter for it, never from Grafana."""
    assert "noValue" not in panel.get("fieldConfig", {}).get("defaults", {})


@pytest.mark.parametrize("panel", PANELS)
def test_bars_say_that_nothing_happened(panel: Mapping[str, Any]) -> None:
    """They have a series of its own for it, where their families are of every exporter."""
    custom = panel.get("fieldConfig", {}).get("defaults", {}).get("custom", {})
    if custom.get("drawStyle") == "bars":
        for target in _targets(panel):
            optional = _OF_AN_OPTION.search(target["expr"])
            assert optional or any(zero in target["expr"] for zero in _ZEROES)


@pytest.mark.parametrize("panel", PANELS)
def test_data_links_lead_to_boards_and_keep_the_view(panel: Mapping[str, Any]) -> None:
    """Time, data source, cluster and job go along; the variables that are set are there."""
    for override in panel.get("fieldConfig", {}).get("overrides", []):
        for found in override["properties"]:
            if found["id"] != "links":
                continue
            (link,) = found["value"]
            uid, _, query = link["url"].removeprefix("/d/").partition("?")
            known = {variable["name"] for variable in boards()[uid]["templating"]["list"]}
            assert set(re.findall(r"var-(\w+)=", query)) <= known
            kept = set(re.findall(r"\$\{(\w+):queryparam\}", query))
            assert kept >= {"datasource", "cluster", "job"}
            assert "${__url_time_range}" in query


@pytest.mark.parametrize("panel", PANELS)
def test_legends_name_labels_that_the_query_keeps(panel: Mapping[str, Any]) -> None:
    """A legend of a label that is gone is empty."""
    for target in _targets(panel):
        kept = re.findall(r"by \(([^)]*)\)", target["expr"])
        labels = {label for group in kept for label in group.split(", ")}
        assert set(_NAMED.findall(target["legendFormat"])) <= labels


def test_config_maps_hold_the_boards() -> None:
    """One each, with what the sidecar looks for, and small enough for kubectl apply."""
    found = list(yaml.safe_load_all(CONFIG_MAPS.read_text(encoding="utf-8")))
    held = {}
    for config_map in found:
        assert config_map["kind"] == "ConfigMap"
        assert config_map["metadata"]["labels"] == {"grafana_dashboard": "1"}
        assert config_map["metadata"]["annotations"]["grafana_folder"]
        assert re.fullmatch(r"[a-z0-9-]{1,63}", config_map["metadata"]["name"])
        assert len(json.dumps(config_map).encode()) < _MOST_OF_AN_ANNOTATION
        ((file, text),) = config_map["data"].items()
        held[file] = text
    files = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}
    assert held == files


def test_documentation_tells_of_every_board() -> None:
    """With its name, and a link to its file."""
    page = (FOLDER.parent / "docs" / "dashboards.md").read_text(encoding="utf-8")
    for uid, board in boards().items():
        name = board["title"].removeprefix("Kubernetes / Events / ")
        assert f"[{name}](../dashboards/{uid}.json)" in page
