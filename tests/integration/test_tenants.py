# SPDX-License-Identifier: Apache-2.0
"""A team's own Prometheus, beside the one for all: docs/scaling.md, with real programs."""

from __future__ import annotations

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
_OWN = "kube-event-metrics"
"""The namespace that the exporter runs in."""
_NODE: dict[str, Any] = {
    "metadata": {"name": "node-1.1", "namespace": "default"},
    "involvedObject": {"kind": "Node", "name": "node-1", "uid": "node-1"},
    "reason": "Rare",
    "type": "Normal",
    "source": {"component": "kubelet", "host": "node-1"},
    "count": 1,
}


def scraping(port: int) -> str:
    """The team's configuration, with the relabelling of the guide; targets are labelled as service
    discovery labels them.
    """
    block = _GUIDE.partition("metric_relabel_configs:\n")[2].partition("```")[0]
    job = {
        "job_name": "kube-event-metrics",
        "honor_labels": True,
        "static_configs": [{"targets": [f"127.0.0.1:{port}"], "labels": {"namespace": _OWN}}],
        "metric_relabel_configs": yaml.safe_load(block),
    }
    return yaml.safe_dump({"global": {"scrape_interval": "1s"}, "scrape_configs": [job]})


def spaces(prometheus: Prometheus, selector: str) -> set[str]:
    """The namespaces of these series."""
    return {series["metric"].get("namespace", "") for series in prometheus.query(selector)}


def test_a_team_keeps_what_is_theirs(tmp_path: Path) -> None:
    """Of two Prometheus servers that scrape one exporter, one sees everything; the team's sees its
    namespaces, what has none, and the exporter.
    """
    seen = 'kube_events_total{reason="Rare"} == 1'
    (tmp_path / "team").mkdir()
    with BackgroundCluster() as cluster:
        config = cluster.kubeconfig(tmp_path / "kubeconfig")
        exporter = ExporterProcess(config, tmp_path / "exporter.log")
        everybody = Prometheus(exporter.port, tmp_path)
        team = Prometheus(exporter.port, tmp_path / "team", configuration=scraping(exporter.port))
        try:
            exporter.wait_ready()
            for each in (everybody, team):
                each.process.wait_for(each.answers, "answers", 30)
            for namespace in ("shop", "payments", "shopping", "search"):
                cluster.record("Rare", namespace=namespace)
            cluster.add([_NODE])
            eventually(lambda: len(everybody.query(seen)) == 5, "all are counted")
            eventually(lambda: len(team.query(seen)) == 3, "the team's are counted")
            assert spaces(everybody, seen) == {"shop", "payments", "shopping", "search", ""}
            assert spaces(team, seen) == {"shop", "payments", ""}
            for family in ("kube_event_lifecycle_open", "kube_event_metrics_synced", "up"):
                assert spaces(team, family) == {_OWN}
        finally:
            for process in (everybody.process, team.process, exporter.process):
                process.stop()
