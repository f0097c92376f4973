# SPDX-License-Identifier: Apache-2.0
"""The exporter with --workload.labels, against a real API server."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.envtest.cluster import EVENTS_READER, Cluster
from tests.envtest.exporter_process import RunExporter
from tests.envtest.test_workloads import Shop, rights_of_the_manifest

pytestmark = [pytest.mark.envtest, pytest.mark.timeout(180)]

_MISSES = "kube_event_metrics_workload_misses_total"


def write_failure(cluster: Cluster, namespace: str, pod: str) -> None:
    """A pull of a pod's image failed."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    event = {
        "metadata": {"name": f"{pod}.18ea5ae068f57856", "namespace": namespace},
        "involvedObject": {"kind": "Pod", "namespace": namespace, "name": pod},
        "reason": "Failed",
        "message": 'Failed to pull image "registry.example.org/app:1": manifest unknown',
        "type": "Warning",
        "source": {"component": "kubelet", "host": "node-1"},
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
    }
    cluster.admin.request("POST", f"/api/v1/namespaces/{namespace}/events", event)


def test_events_and_pod_metrics_name_the_workload(
    cluster: Cluster, namespace: str, tmp_path: Path, run_exporter: RunExporter
) -> None:
    """A pod's events carry its Deployment; those of a pod without a controller carry none."""
    Shop(cluster, namespace).fill()
    token = cluster.service_account(
        namespace, "exporter", [*EVENTS_READER, *rights_of_the_manifest()]
    )
    kubeconfig = cluster.kubeconfig(tmp_path / "kubeconfig", token=token)
    exporter = run_exporter(kubeconfig, "--workload.labels")
    before = exporter.value(_MISSES, kind="Pod")
    for pod in ("web-5b96d884c6-9rkmm", "report-29384-kk", "by-hand"):
        write_failure(cluster, namespace, pod)
    for kind, name in (("Deployment", "web"), ("CronJob", "report"), ("", "")):
        labels = {"namespace": namespace, "workload_kind": kind, "workload_name": name}
        for family in ("kube_events_total", "kube_event_image_pull_failures_total"):
            assert exporter.wait_for_value(family, within=30.0, **labels) == 1
    assert exporter.value(_MISSES, kind="Pod") == before


def test_without_the_rights_events_are_counted_all_the_same(
    cluster: Cluster, namespace: str, tmp_path: Path, run_exporter: RunExporter
) -> None:
    """Nothing waits for what may not be listed; a self-metric says that it may not."""
    Shop(cluster, namespace).fill()
    token = cluster.service_account(namespace, "exporter", EVENTS_READER)
    kubeconfig = cluster.kubeconfig(tmp_path / "kubeconfig", token=token)
    exporter = run_exporter(kubeconfig, "--workload.labels")
    before = exporter.value(_MISSES, kind="Pod")
    write_failure(cluster, namespace, "db-0")
    labels = {"namespace": namespace, "workload_kind": "", "workload_name": ""}
    assert exporter.wait_for_value("kube_events_total", within=30.0, **labels) == 1
    assert exporter.value("kube_event_metrics_workload_watch_allowed", kind="Pod") == 0
    assert exporter.value(_MISSES, kind="Pod") == before + 1
