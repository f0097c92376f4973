"""A real Prometheus evaluates every query that we ship, over all that the exporter can tell."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.dashboards.queries import Query, substituted
from tests.dashboards.queries import queries as drawn
from tests.envtest.exporter_process import ExporterProcess
from tests.envtest.process import eventually
from tests.golden.cases import cases
from tests.integration.background_cluster import BackgroundCluster
from tests.integration.prometheus_server import Prometheus
from tests.notifications.scaled_time import faster
from tests.promql.documents import queries as documented
from tests.promql.known import rule_files
from tests.recordings import reading

pytestmark = pytest.mark.prometheus

RECORDED = ("kubernetes-1.20.2/watch/core-v1.1.ndjson", "kubernetes-1.36.3/watch/core-v1.1.ndjson")
LAST = "AllOfThemAreWritten"


def events() -> Iterator[dict[str, Any]]:
    """What real clusters wrote, and the golden cases: between them, something for every family."""
    lines = [line for case in cases() for line in (case / "input.ndjson").read_bytes().splitlines()]
    found = map(_event, [*lines, *(line for name in RECORDED for line in reading.lines(name))])
    yield from (event for event in found if event and "reason" in event)


def _event(line: bytes) -> dict[str, Any] | None:
    """Of a frame or a bare event; None for junk, which is a golden case too."""
    try:
        found = json.loads(line)
        event: dict[str, Any] = found.get("object", found)
        named = {"name", "namespace"} <= event["metadata"].keys()
    except (ValueError, AttributeError, KeyError, TypeError):
        return None
    return event if named else None


def hurried(folder: Path) -> Iterator[Path]:
    """Our rules, in which a minute is two seconds: alerts fire while we look."""
    for path in rule_files():
        rules = faster(yaml.safe_load(path.read_text(encoding="utf-8")), 30)
        copy = folder / path.name
        copy.write_text(yaml.safe_dump(rules), encoding="utf-8")
        yield copy


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """It has scraped an exporter with a checkpoint and one that leads, and knows our rules."""
    folder = tmp_path_factory.mktemp("queries")
    started: list[ExporterProcess] = []
    with BackgroundCluster() as cluster:
        kubeconfig = cluster.kubeconfig(folder / "kubeconfig")
        options = (
            ("--checkpoint.path", str(folder / "checkpoint.sqlite")),
            ("--leader-election", "--leader-election.namespace", "monitoring"),
        )
        try:
            for number, flags in enumerate(options):
                started.append(
                    ExporterProcess(kubeconfig, folder / f"exporter-{number}.log", *flags)
                )
            for exporter in started:
                exporter.wait_ready()
            ports = [exporter.port for exporter in started]
            running = Prometheus(ports[0], folder, *ports[1:], rules=hurried(folder))
            try:
                running.process.wait_for(running.answers, "answers", 30)
                running.process.wait_for(
                    lambda: running.value("sum(up)") == 2.0, "has scraped both", 30
                )
                written = list(events())
                for begin in range(0, len(written), 500):
                    cluster.add(written[begin : begin + 500])
                cluster.record(LAST)
                # Of rare things a minute's queries want two samples or more.
                count = f'count(count_over_time(kube_events_total{{reason="{LAST}"}}[1m]) > 5)'
                eventually(lambda: running.value(count) == 2.0, "both show all of it", within=60)
                firing = 'count(ALERTS{alertstate="firing"})'
                eventually(lambda: running.value(firing), "an alert fires")
                yield running
            finally:
                running.process.stop()
        finally:
            for exporter in started:
                exporter.stop()


def test_rules_are_evaluated(prometheus: Prometheus) -> None:
    """None of them has an error: no duplicate series, no many-to-many match."""
    found = eventually(
        lambda: [r for r in prometheus.rules() if r["health"] != "unknown"], "rules are evaluated"
    )
    assert {rule["name"]: rule["lastError"] for rule in found if rule["health"] != "ok"} == {}
    recorded = [rule for rule in found if rule["type"] == "recording"]
    assert [rule["name"] for rule in recorded if not prometheus.query(rule["name"])] == []


@pytest.mark.parametrize("query", sorted({query for _, query in documented()}))
def test_documented_query(prometheus: Prometheus, query: str) -> None:
    """Prometheus takes it."""
    prometheus.query(query)


@pytest.mark.parametrize("board", sorted({query.board for query in drawn()}))
def test_panels_show_data(prometheus: Prometheus, board: str) -> None:
    """Each of a board's queries is taken over time too, and finds something.

    Left out are those that this cluster cannot answer, each with its reason.
    """
    empty = []
    for query in [query for query in drawn() if query.board == board]:
        found = prometheus.over_time(substituted(query.expr), seconds=60, step=5)
        if not found and not unanswerable(query):
            empty.append(f"{query.kind} {query.title}: {query.expr}")
    assert empty == []


def unanswerable(query: Query) -> str:
    """Why a query finds nothing here; empty where it should."""
    if "workload" in query.expr:
        return "this API server has no pods or replica sets to attribute events to"
    return ""
