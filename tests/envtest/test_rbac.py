# SPDX-License-Identifier: Apache-2.0
"""The exporter with exactly the rights it asks for, and with less."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.envtest.cluster import EVENTS_READER, Cluster
from tests.envtest.events import EventWriter
from tests.envtest.exporter_process import RunExporter

pytestmark = [pytest.mark.envtest, pytest.mark.timeout(180)]

_FAILURES = "kube_event_metrics_watch_failures_total"


def test_cluster_role(
    cluster: Cluster, writer: EventWriter, kubeconfig: Path, run_exporter: RunExporter
) -> None:
    """With a ClusterRole to list and watch events, those of every namespace are counted."""
    elsewhere = EventWriter(cluster.admin, cluster.namespace())
    exporter = run_exporter(kubeconfig)
    writer.create("Pulled")
    elsewhere.create("BackOff", warning=True)
    assert exporter.counted(writer) == {"Pulled": 1}
    assert exporter.counted(elsewhere) == {"BackOff": 1}


def test_role(
    cluster: Cluster, writer: EventWriter, tmp_path: Path, run_exporter: RunExporter
) -> None:
    """With a Role, the events of its namespace are counted and no others are asked for."""
    namespace = writer.namespace
    elsewhere = EventWriter(cluster.admin, cluster.namespace())
    token = cluster.service_account(namespace, "exporter", EVENTS_READER, scope="namespace")
    kubeconfig = cluster.kubeconfig(tmp_path / "kubeconfig", token=token)
    exporter = run_exporter(kubeconfig, "--events.namespace", namespace)
    elsewhere.create("Pulled")
    writer.create("Pulled")
    assert exporter.counted(writer) == {"Pulled": 1}
    assert exporter.occurrences(elsewhere.namespace) == {}
    assert exporter.value(_FAILURES, cause="forbidden") == 0


def test_two_roles(
    cluster: Cluster, writer: EventWriter, tmp_path: Path, run_exporter: RunExporter
) -> None:
    """Two namespaces with a Role each are watched side by side."""
    second = EventWriter(cluster.admin, cluster.namespace())
    token = cluster.service_account(writer.namespace, "exporter", EVENTS_READER, scope="namespace")
    path = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{second.namespace}"
    subject = {"kind": "ServiceAccount", "name": "exporter", "namespace": writer.namespace}
    cluster.bind(path, "Role", EVENTS_READER, subject)
    exporter = run_exporter(
        cluster.kubeconfig(tmp_path / "kubeconfig", token=token),
        *("--events.namespace", writer.namespace),
        *("--events.namespace", second.namespace),
    )
    writer.create("Pulled")
    second.create("Killing", count=2)
    assert exporter.counted(writer) == {"Pulled": 1}
    assert exporter.counted(second) == {"Killing": 2}


def test_no_right_to_watch(
    cluster: Cluster, writer: EventWriter, tmp_path: Path, run_exporter: RunExporter
) -> None:
    """Without `watch` it is not ready, says forbidden, keeps trying, and recovers when allowed."""
    list_only = [{"apiGroups": [""], "resources": ["events"], "verbs": ["list"]}]
    token = cluster.service_account(writer.namespace, "exporter", list_only)
    kubeconfig = cluster.kubeconfig(tmp_path / "kubeconfig", token=token)
    exporter = run_exporter(kubeconfig, ready=False)

    def refused_for_good() -> bool:
        assert not exporter.ready()
        # Twice it asks for a streamed list, which is a watch; then for pages, and to watch on.
        return exporter.value(_FAILURES, cause="forbidden") >= 3

    exporter.process.wait_for(refused_for_good, "is forbidden three times", 60)
    assert exporter.value("kube_event_metrics_synced") == 1
    watch = [{"apiGroups": [""], "resources": ["events"], "verbs": ["watch"]}]
    cluster.grant(writer.namespace, "exporter", watch)
    exporter.wait_ready(within=90)
    writer.create("Pulled")
    assert exporter.counted(writer) == {"Pulled": 1}
