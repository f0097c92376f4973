"""A real Prometheus scrapes the exporter, which watches the demo's API server."""

from __future__ import annotations

import http.client
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as openmetrics_families,
)
from prometheus_client.parser import text_string_to_metric_families

from tests.envtest.exporter_process import ExporterProcess
from tests.envtest.process import eventually
from tests.integration.background_cluster import BackgroundCluster
from tests.integration.prometheus_server import Prometheus, program
from tests.integration.text_relay import TextRelay

pytestmark = pytest.mark.prometheus

OPENMETRICS = "application/openmetrics-text;version=1.0.0"


@pytest.fixture(scope="module")
def cluster() -> Iterator[BackgroundCluster]:
    """An API server with one event in it, the baseline."""
    with BackgroundCluster() as running:
        running.record("Before")
        yield running


@pytest.fixture(scope="module")
def exporter(
    cluster: BackgroundCluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ExporterProcess]:
    """The exporter as a process, ready."""
    folder = tmp_path_factory.mktemp("exporter")
    running = ExporterProcess(cluster.kubeconfig(folder / "kubeconfig"), folder / "exporter.log")
    try:
        running.wait_ready()
        yield running
    finally:
        running.process.stop()


@pytest.fixture(scope="module")
def prometheus(
    exporter: ExporterProcess, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Prometheus]:
    """A Prometheus that has scraped the exporter."""
    running = Prometheus(exporter.port, tmp_path_factory.mktemp("prometheus"))
    try:
        running.process.wait_for(running.answers, "answers", 30)
        running.process.wait_for(lambda: running.value("up") == 1.0, "has scraped", 30)
        yield running
    finally:
        running.process.stop()


def fetch(exporter: ExporterProcess, accept: str) -> tuple[str, str]:
    """Content type and body of the page for a client with this Accept header."""
    connection = http.client.HTTPConnection("127.0.0.1", exporter.port, timeout=10)
    try:
        connection.request("GET", "/metrics", headers={"Accept": accept})
        response = connection.getresponse()
        return response.headers["Content-Type"], response.read().decode()
    finally:
        connection.close()


def selector(reason: str) -> str:
    """The series of a reason."""
    return f'kube_events_total{{reason="{reason}"}}'


def test_rare_event_is_seen_by_increase(cluster: BackgroundCluster, prometheus: Prometheus) -> None:
    """An event that happens once is scraped at 0 and then at 1, and increase() sees it."""
    cluster.record("Rare")
    eventually(lambda: 1.0 in prometheus.raw(selector("Rare")), "Rare is at 1")
    samples = prometheus.raw(selector("Rare"))
    assert samples[0] == 0.0
    assert set(samples[1:]) == {1.0}
    increase = prometheus.value(f"increase({selector('Rare')}[1m])")
    assert increase is not None
    assert increase > 0


def test_increases_add_up(cluster: BackgroundCluster, prometheus: Prometheus) -> None:
    """Repeats before and after the birth was shown are all in the samples' increases."""
    for _ in range(3):
        cluster.record("Often")
    eventually(lambda: 3.0 in prometheus.raw(selector("Often")), "Often is at 3")
    for _ in range(4):
        cluster.record("Often")
    eventually(lambda: 7.0 in prometheus.raw(selector("Often")), "Often is at 7")
    samples = prometheus.raw(selector("Often"))
    steps = [after - before for before, after in pairwise(samples)]
    assert samples[0] == 0.0
    assert all(step >= 0 for step in steps)
    assert sum(steps) == 7


def test_baseline_is_not_counted(prometheus: Prometheus) -> None:
    """What happened before the exporter looked is in no sample: a series of it stands at 0."""
    assert set(prometheus.raw(selector("Before"))) <= {0.0}


def test_namespace_is_that_of_the_object(
    cluster: BackgroundCluster, prometheus: Prometheus
) -> None:
    """With honor_labels the event's namespace survives beside the target's own label."""
    cluster.record("Labelled", namespace="payments")
    eventually(lambda: prometheus.query(selector("Labelled")), "Labelled is there")
    (series,) = prometheus.query(selector("Labelled"))
    labels = series["metric"]
    assert labels["namespace"] == "payments"
    assert "exported_namespace" not in labels
    assert (labels["type"], labels["kind"], labels["component"]) == ("Warning", "Pod", "kubelet")


def test_prometheus_gets_openmetrics(cluster: BackgroundCluster, prometheus: Prometheus) -> None:
    """Only OpenMetrics has exemplars: Prometheus asked for it, and stores the pod's name."""
    cluster.record("Exemplary", pod="web-7")
    exemplars = eventually(lambda: prometheus.exemplars(selector("Exemplary")), "an exemplar")
    assert exemplars[0]["labels"] == {"pod": "web-7", "node": "node-1"}
    assert exemplars[0]["value"] == "1"


def test_prometheus_that_gets_text_sees_the_same(
    cluster: BackgroundCluster, exporter: ExporterProcess, tmp_path: Path
) -> None:
    """In text too a rare event is scraped at 0 and then at 1, and increase() sees it."""
    with TextRelay(exporter.port) as relay:
        running = Prometheus(relay.port, tmp_path)
        try:
            running.process.wait_for(running.answers, "answers", 30)
            running.process.wait_for(lambda: running.value("up") == 1.0, "has scraped", 30)
            cluster.record("Plain")
            eventually(lambda: 1.0 in running.raw(selector("Plain")), "Plain is at 1")
            assert running.raw(selector("Plain"))[0] == 0.0
            increase = running.value(f"increase({selector('Plain')}[1m])")
            assert increase is not None
            assert increase > 0
            assert running.exemplars(selector("Plain")) == []
            assert "level=warn" not in running.process.output()
        finally:
            running.process.stop()
    assert relay.content_types == {"text/plain; version=0.0.4; charset=utf-8"}


def test_any_reason_survives(cluster: BackgroundCluster, prometheus: Prometheus) -> None:
    """A label value with every character that a format could trip over arrives as written."""
    reason = 'say "hi"\\\n# {le="1"} é 日本 \x00\t\u2028,}'
    cluster.record(reason)
    found = eventually(
        lambda: [
            series
            for series in prometheus.query("kube_events_total == 1")
            if series["metric"]["reason"] == reason
        ],
        "the reason is there",
    )
    assert len(found) == 1
    assert prometheus.value("up") == 1.0


def test_no_sample_is_lost_on_the_way(prometheus: Prometheus) -> None:
    """Prometheus takes every sample of the page: none twice, none out of order, none refused."""
    taken = prometheus.value("scrape_samples_scraped")
    kept = prometheus.value("scrape_samples_post_metric_relabeling")
    assert taken == kept
    assert taken is not None
    assert taken > 50
    assert "level=warn" not in prometheus.process.output()


@pytest.mark.parametrize(
    "accept", ["", "*/*", "text/plain;version=0.0.4", "text/html,*/*;q=0.8"], ids=str
)
def test_everybody_else_gets_text(exporter: ExporterProcess, accept: str) -> None:
    """Who does not ask for OpenMetrics gets text 0.0.4, which Prometheus' reader takes."""
    content_type, text = fetch(exporter, accept)
    assert content_type == "text/plain; version=0.0.4; charset=utf-8"
    names = {family.name for family in text_string_to_metric_families(text)}
    assert {"kube_events", "kube_event_metrics_synced", "process_cpu_seconds"} <= names


def test_whole_page_is_openmetrics(exporter: ExporterProcess) -> None:
    """The page with all self-metrics and the process' own is one valid OpenMetrics text."""
    content_type, text = fetch(exporter, OPENMETRICS)
    assert content_type == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    families = [family.name for family in openmetrics_families(text)]  # type: ignore[no-untyped-call]
    assert len(families) == len(set(families))
    assert {"kube_events", "kube_event_metrics_synced", "process_cpu_seconds"} <= set(families)


def test_promtool_has_nothing_to_say(exporter: ExporterProcess) -> None:
    """Prometheus' own linter takes the page with no complaint (it reads text only)."""
    _, text = fetch(exporter, "")
    checked = subprocess.run(
        [program("promtool"), "check", "metrics"],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
