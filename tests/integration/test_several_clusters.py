# SPDX-License-Identifier: Apache-2.0
"""Two clusters, an exporter each, and one Prometheus: docs/scaling.md, with real programs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.envtest.exporter_process import ExporterProcess
from tests.envtest.process import eventually
from tests.integration.background_cluster import BackgroundCluster
from tests.integration.prometheus_server import Prometheus

pytestmark = pytest.mark.prometheus

_GUIDE = (Path(__file__).parents[2] / "docs" / "scaling.md").read_text(encoding="utf-8")
_RULES = sorted((Path(__file__).parents[2] / "alerts").glob("*.rules.yaml"))
CLUSTERS = ("eu-1", "us-1")
NOT_FOUND = (
    'Failed to pull image "registry.example.com/a:b": rpc error: code = NotFound desc = failed to '
    'pull and unpack image "registry.example.com/a:b": failed to resolve reference '
    '"registry.example.com/a:b": registry.example.com/a:b: not found'
)


class Clusters:
    """Two of them; ``flags`` are those of each one's exporter, ``{name}`` being the cluster's."""

    def __init__(self, folder: Path, *flags: str) -> None:
        self._ends = ExitStack()
        self.clusters: dict[str, BackgroundCluster] = {}
        self.exporters: dict[str, ExporterProcess] = {}
        self._folder = folder
        try:
            for name in CLUSTERS:
                cluster = self._ends.enter_context(BackgroundCluster())
                config = cluster.kubeconfig(folder / f"{name}.kubeconfig")
                own = [flag.format(name=name) for flag in flags]
                exporter = ExporterProcess(config, folder / f"{name}.log", *own)
                self._ends.callback(exporter.process.stop)
                exporter.wait_ready()
                self.clusters[name], self.exporters[name] = cluster, exporter
        except BaseException:
            self._ends.close()
            raise

    def close(self) -> None:
        """End all of it."""
        self._ends.close()

    def prometheus(self, configuration: str = "") -> Prometheus:
        """One that has scraped both, and evaluates our rules where it has no configuration."""
        first, second = (exporter.port for exporter in self.exporters.values())
        running = Prometheus(first, self._folder, second, rules=_RULES, configuration=configuration)
        self._ends.callback(running.process.stop)
        running.process.wait_for(running.answers, "answers", 30)
        eventually(lambda: running.value("sum(up)") == 2.0, "has scraped both")
        return running

    def fail(self) -> None:
        """Pulls fail: twice in the first cluster, three times in the second."""
        for times, cluster in enumerate(self.clusters.values(), start=2):
            for _ in range(times):
                cluster.record("Failed", message=NOT_FOUND)


@pytest.fixture
def named(tmp_path: Path) -> Iterator[Clusters]:
    """Their exporters know their names."""
    clusters = Clusters(tmp_path, "--cluster.name={name}", "--label=team=platform")
    yield clusters
    clusters.close()


@pytest.fixture
def unnamed(tmp_path: Path) -> Iterator[Clusters]:
    """Their exporters know of no name."""
    clusters = Clusters(tmp_path)
    yield clusters
    clusters.close()


def by_cluster(found: list[dict[str, Any]]) -> dict[str, float]:
    """The values of a vector, by their cluster."""
    return {each["metric"].get("cluster", ""): float(each["value"][1]) for each in found}


def sums(prometheus: Prometheus) -> dict[str, float]:
    """What each cluster's failures have come to."""
    selector = 'kube_event_image_pull_failures_total{namespace="shop",cause="not_found"}'
    return by_cluster(prometheus.query(f"sum by (cluster) ({selector})"))


def names(prometheus: Prometheus, selector: str) -> set[str]:
    """Of the series that are there, but for what rules made of them."""
    found = {series["metric"]["__name__"] for series in prometheus.query(selector)}
    return {name for name in found if ":" not in name and not name.startswith("ALERTS")}


def test_exporters_name_their_clusters(named: Clusters) -> None:
    """Sums, increases, the guide's query and alerts are by cluster, which is on all but what
    Prometheus itself tells of a scrape; another label is on what is about the cluster, and on what
    runs.
    """
    prometheus = named.prometheus()
    named.fail()
    eventually(lambda: sums(prometheus) == {"eu-1": 2, "us-1": 3}, "all is counted")
    (query,) = re.findall(r"^```promql\n(sum by.*?)```", _GUIDE, re.MULTILINE | re.DOTALL)
    causes = by_cluster(prometheus.query(query))
    assert causes.keys() == set(CLUSTERS)
    # Prometheus extrapolates, each as far as its scrapes leave room: never below what was counted.
    assert causes["us-1"] >= 3
    assert causes["eu-1"] >= 2
    assert by_cluster(prometheus.query("kube_event_metrics_build_info")) == dict.fromkeys(
        CLUSTERS, 1
    )
    about = '{__name__=~"kube_events?_.+", __name__!~"kube_event_metrics_.+"}'
    assert {
        tuple(series["metric"].get(label, "") for label in ("cluster", "team"))
        for series in prometheus.query(about)
    } == {(name, "platform") for name in CLUSTERS}
    assert names(prometheus, '{__name__!="", cluster=""}') == {
        *("up", "scrape_duration_seconds", "scrape_samples_scraped", "scrape_series_added"),
        "scrape_samples_post_metric_relabeling",
    }
    own = '{__name__=~"kube_event_metrics_.+|process_.+|python_.+", team!=""}'
    assert names(prometheus, own) == {"kube_event_metrics_build_info"}
    pending = 'ALERTS{alertname="KubeEventImageNotFound"}'
    eventually(
        lambda: by_cluster(prometheus.query(pending)).keys() == set(CLUSTERS), "both are alerted of"
    )


def test_targets_name_their_clusters(unnamed: Clusters) -> None:
    """As the guide configures it; then `up` and all about the exporter have the label too."""
    example = _GUIDE.partition("```yaml\n")[2].partition("```")[0]
    configuration = yaml.safe_load(example)
    (job,) = configuration["scrape_configs"]
    for target, exporter in zip(job["static_configs"], unnamed.exporters.values(), strict=True):
        target["targets"] = [f"127.0.0.1:{exporter.port}"]
    configuration["global"] = {"scrape_interval": "1s"}
    prometheus = unnamed.prometheus(yaml.safe_dump(configuration))
    unnamed.fail()
    eventually(lambda: sums(prometheus) == {"eu-1": 2, "us-1": 3}, "all is counted")
    assert by_cluster(prometheus.query("up")) == dict.fromkeys(CLUSTERS, 1)
    assert prometheus.query('{__name__=~".+", cluster=""}') == []


def test_honor_labels_decides_whose_name_it_is(named: Clusters) -> None:
    """Without it a target's label wins, and the exporter's is `exported_cluster`."""
    targets = [f"127.0.0.1:{exporter.port}" for exporter in named.exporters.values()]
    jobs = [
        {
            "job_name": f"honor-{honor}",
            "honor_labels": honor,
            "static_configs": [{"targets": targets[:1], "labels": {"cluster": "target"}}],
        }
        for honor in (True, False)
    ]
    configuration = {"global": {"scrape_interval": "1s"}, "scrape_configs": jobs}
    prometheus = named.prometheus(yaml.safe_dump(configuration))
    found = {
        series["metric"]["job"]: [
            series["metric"].get(label) for label in ("cluster", "exported_cluster")
        ]
        for series in prometheus.query("kube_event_metrics_build_info")
    }
    assert found == {"honor-True": ["eu-1", None], "honor-False": ["target", "eu-1"]}
