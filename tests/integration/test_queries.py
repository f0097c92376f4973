"""A real Prometheus evaluates every query that we ship, over all that the exporter can tell."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.demo.faults import ErrorFrame, Junk, Status, StreamFault, Truncate
from exporter.metrics.bounds import OVERFLOW
from tests.dashboards.queries import Query, substituted, without_no_events
from tests.dashboards.queries import queries as drawn
from tests.envtest.exporter_process import ExporterProcess
from tests.envtest.process import eventually
from tests.golden.cases import event_lines
from tests.integration.audited import audit_lines, batch, post
from tests.integration.background_cluster import BackgroundCluster
from tests.integration.background_demo import BackgroundDemo
from tests.integration.prometheus_server import Prometheus, free_port
from tests.notifications.scaled_time import faster
from tests.promql.documents import queries as documented
from tests.promql.known import rule_files
from tests.recordings import reading

pytestmark = pytest.mark.prometheus

RECORDED = ("kubernetes-1.20.2/watch/core-v1.1.ndjson", "kubernetes-1.36.3/watch/core-v1.1.ndjson")
LEADING = ("--leader-election", "--leader-election.namespace", "monitoring")
_WEEK = 7 * 24 * 3600.0
_POD = {"kind": "Pod", "namespace": "shop"}
# More of them than a label may have values.
INVENTED = [f"Invented{number}" for number in range(2_100)]


def events() -> Iterator[dict[str, Any]]:
    """What real clusters wrote, and the golden cases: between them, something for every family."""
    lines = [line for path in event_lines() for line in path.read_bytes().splitlines()]
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


def unheard_of() -> Iterator[dict[str, Any]]:
    """What neither the recordings nor the golden cases have: a killed pod, a pair gone stale."""
    yield _made("PodOOMKilling", "kernel-monitor", _POD, 0.0)
    for about, component, begin, end in (
        ({"kind": "Node"}, "kubelet", "NodeNotReady", "NodeReady"),
        (
            {"kind": "PersistentVolumeClaim", "namespace": "shop"},
            "csi.example.com_1",
            "Provisioning",
            "ProvisioningSucceeded",
        ),
    ):
        yield _made(begin, component, about, _WEEK)
        yield _made(end, component, about, 0.0)


def _made(reason: str, component: str, about: dict[str, str], age: float) -> dict[str, Any]:
    """An event of this many seconds ago."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - age))
    return {
        "kind": "Event",
        "apiVersion": "v1",
        "metadata": {"name": f"made.{reason}", "namespace": about.get("namespace", "default")},
        "involvedObject": {"name": "made", "uid": "made", **about},
        "type": "Warning",
        "reason": reason,
        "message": reason,
        "source": {"component": component},
        "count": 1,
        "firstTimestamp": stamp,
        "lastTimestamp": stamp,
    }


def troubles(cluster: BackgroundCluster) -> None:
    """What an exporter can suffer, so that it has something to say about itself."""
    cluster.refuse_leases(Status(503))
    faults: tuple[StreamFault, ...] = (Junk(), Truncate(), ErrorFrame())
    for number, fault in enumerate(faults):
        eventually(lambda: cluster.all_sent(watches=2), "both watch and have seen everything")
        cluster.break_watches(fault)
        cluster.record(f"Trouble{number}")  # it strikes at a frame
        cluster.record("Missed", pod=f"missed-{number}")


@pytest.fixture(scope="module")
def demo() -> Iterator[BackgroundDemo]:
    """The story of `kube-event-metrics demo`."""
    with BackgroundDemo() as playing:
        yield playing


@pytest.fixture(scope="module")
def cluster() -> Iterator[BackgroundCluster]:
    """Of golden cases and of what real clusters wrote."""
    with BackgroundCluster() as running:
        yield running


@pytest.fixture(scope="module")
def audit_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of an API server that has served nobody yet."""
    path = tmp_path_factory.mktemp("exporters") / "audit.log"
    path.touch()
    return path


@pytest.fixture(scope="module")
def audit_port() -> int:
    """Of the first exporter's webhook."""
    return free_port()


@pytest.fixture(scope="module")
def exporters(
    cluster: BackgroundCluster, demo: BackgroundDemo, audit_log: Path, audit_port: int
) -> Iterator[list[ExporterProcess]]:
    """With a checkpoint and audit events, leading and with little room, and the demo's."""
    folder = audit_log.parent
    kubeconfig = cluster.kubeconfig(folder / "kubeconfig")
    audited = ["--audit.log.path", str(audit_log), "--audit.user-labels"]
    audited += ["--audit.webhook.listen-address", f"127.0.0.1:{audit_port}"]
    options: tuple[tuple[Path, list[str]], ...] = (
        (kubeconfig, ["--checkpoint.path", str(folder / "checkpoint.sqlite"), *audited]),
        (kubeconfig, [*LEADING, "--series.limit", "1500"]),
        (demo.kubeconfig(folder / "demo"), []),
    )
    started: list[ExporterProcess] = []
    try:
        for number, (file, flags) in enumerate(options):
            started.append(ExporterProcess(file, folder / f"exporter-{number}.log", *flags))
        for exporter in started:
            exporter.wait_ready()
        yield started
    finally:
        for exporter in started:
            exporter.stop()


@pytest.fixture(scope="module")
def prometheus(
    cluster: BackgroundCluster,
    exporters: list[ExporterProcess],
    audit_log: Path,
    audit_port: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Prometheus]:
    """It knows our rules, and has scraped the exporters while all of it occurred."""
    folder = tmp_path_factory.mktemp("prometheus")
    ports = [exporter.port for exporter in exporters]
    running = Prometheus(ports[0], folder, *ports[1:], rules=hurried(folder))
    try:
        running.process.wait_for(running.answers, "answers", 30)
        running.process.wait_for(lambda: running.value("sum(up)") == 3.0, "has scraped all", 30)
        written = [*events(), *unheard_of()]
        for begin in range(0, len(written), 500):
            cluster.add(written[begin : begin + 500])
        lines = audit_lines()
        audit_log.write_bytes(b"".join(lines))
        assert post(audit_port, batch(lines)) == 200
        assert post(audit_port, b"junk") == 400
        troubles(cluster)
        suffered = "sum by (instance) (kube_event_metrics_missed_occurrences_total) > 0"
        eventually(lambda: running.value(f"count({suffered})") == 2.0, "both missed something")
        cluster.add(_made(reason, "inventor", _POD, 0.0) for reason in INVENTED)
        # Of rare things a minute's queries want two samples or more.
        last = f'count_over_time(kube_events_total{{reason="{OVERFLOW}"}}[1m]) > 5'
        eventually(
            lambda: running.value(f"count(count by (instance) ({last}))") == 2.0,
            "both show all of it",
            within=60,
        )
        audit_log.write_bytes(b"")  # somebody makes room
        gaps = "kube_event_metrics_audit_log_gaps_total"
        eventually(lambda: running.value(f"sum({gaps})") == 1.0, "the log was truncated")
        firing = 'count(ALERTS{alertstate="firing"})'
        eventually(lambda: running.value(firing), "an alert fires")
        yield running
    finally:
        running.process.stop()


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

    The 0 of "no events" is not asked for: it would be found always. Left out are those that this
    cluster cannot answer, each with its reason.
    """
    empty = []
    for query in [query for query in drawn() if query.board == board]:
        expr = substituted(without_no_events(query.expr))
        found = prometheus.over_time(expr, seconds=60, step=5)
        if bool(found) == bool(unanswerable(query)):
            why = unanswerable(query) or "finds nothing"
            empty.append(f"{query.kind} {query.title}: {why}: {query.expr}")
    assert not empty, "\n".join(empty)


def test_story_of_the_demo_is_shown(
    prometheus: Prometheus, exporters: list[ExporterProcess], demo: BackgroundDemo
) -> None:
    """What the demo's cluster has told, and what has gone wrong in it since we look."""
    instance = f'instance="127.0.0.1:{exporters[-1].port}"'
    told = demo.told()

    def reasons(selector: str) -> set[str]:
        found = prometheus.query(f"count by (reason) ({selector})")
        return {one["metric"]["reason"] for one in found}

    seen = f"kube_event_last_seen_timestamp_seconds{{{instance}}}"
    eventually(lambda: reasons(seen) >= told, "all of the story is seen", within=30)
    rising = f"increase(kube_events_total{{{instance}}}[5m]) > 0"
    incidents = {"BackOff", "FailedScheduling", "Unhealthy", "FailedCreate", "FailedMount"}
    eventually(lambda: reasons(rising) >= incidents, "incidents are counted", within=60)


def unanswerable(query: Query) -> str:
    """Why a query finds nothing here; empty where it should."""
    if 'workload_name!=""' in query.expr or "kube_event_metrics_workload_" in query.expr:
        return "this API server has no pods or replica sets to attribute events to"
    # PROVISIONAL: until an exporter here reads audit events, which the recordings have.
    if "kube_event_metrics_audit_identities_evicted_total" in query.expr:
        return "more audit events are remembered than a test can write"
    if "kube_event_metrics_ledger_evicted_total" in query.expr:
        return "a ledger holds more events than a test can write"
    return ""
