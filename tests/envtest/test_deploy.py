# SPDX-License-Identifier: Apache-2.0
"""The manifests of deploy/, applied as they are."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from tests.envtest.api import ApiError
from tests.envtest.cluster import RBAC, Cluster
from tests.envtest.events import EventWriter
from tests.envtest.exporter_process import RunExporter

pytestmark = [pytest.mark.envtest, pytest.mark.timeout(180)]

_DEPLOY = Path(__file__).parents[2] / "deploy"


def apply(cluster: Cluster, manifest: str) -> None:
    """Create every object of a file of deploy/, and the namespaces they stand in."""
    for document in yaml.safe_load_all((_DEPLOY / manifest).read_text()):
        namespace = document["metadata"].get("namespace")
        if namespace:
            with suppress(ApiError):  # it is there already
                body = {"metadata": {"name": namespace}}
                cluster.admin.request("POST", "/api/v1/namespaces", body)
        group = "/api/v1" if document["apiVersion"] == "v1" else RBAC
        scope = f"{group}/namespaces/{namespace}" if namespace else group
        cluster.admin.request("POST", f"{scope}/{document['kind'].lower()}s", document)


def test_the_manifests_are_all_it_needs(
    cluster: Cluster, tmp_path: Path, run_exporter: RunExporter
) -> None:
    """With the Role of rbac-namespaced.yaml one namespace, with rbac.yaml all are counted; with
    that of rbac-leader-election.yaml beside it, one leads, and with that of rbac-web-auth.yaml it
    lets in who has the right that is there for scrapers.
    """
    apply(cluster, "rbac-namespaced.yaml")
    shop = EventWriter(cluster.admin, "shop")
    elsewhere = EventWriter(cluster.admin, cluster.namespace())
    with suppress(ApiError):
        cluster.admin.request("POST", "/api/v1/namespaces", {"metadata": {"name": "monitoring"}})
    account = {"metadata": {"name": "kube-event-metrics"}}
    accounts = "/api/v1/namespaces/monitoring/serviceaccounts"
    cluster.admin.request("POST", accounts, account)
    token = cluster.token("monitoring", "kube-event-metrics")
    kubeconfig = cluster.kubeconfig(tmp_path / "kubeconfig", token=token)
    one = run_exporter(kubeconfig, "--events.namespace", "shop")
    shop.create("Pulled")
    assert one.counted(shop) == {"Pulled": 1}
    cluster.admin.request("DELETE", f"{accounts}/kube-event-metrics")
    apply(cluster, "rbac.yaml")
    token = cluster.token("monitoring", "kube-event-metrics")
    every = run_exporter(cluster.kubeconfig(tmp_path / "other", token=token))
    elsewhere.create("Pulled")
    assert every.counted(elsewhere) == {"Pulled": 1}
    apply(cluster, "rbac-leader-election.yaml")
    flags = ("--leader-election", "--leader-election.namespace", "monitoring")
    leader = run_exporter(tmp_path / "other", *flags)
    leader.wait_for_value("kube_event_metrics_leader")
    elsewhere.create("BackOff")
    assert leader.counted(elsewhere) == {"BackOff": 1}
    apply(cluster, "rbac-web-auth.yaml")
    guarded = run_exporter(tmp_path / "other", "--web.auth.kubernetes")
    assert guarded.get("/metrics")[0] == 401
    guarded.token = cluster.service_account("monitoring", "prometheus", [])
    binding = {
        "metadata": {"name": "prometheus-scrapes"},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": "kube-event-metrics-scraper",
        },
        "subjects": [{"kind": "ServiceAccount", "name": "prometheus", "namespace": "monitoring"}],
    }
    cluster.admin.request("POST", f"{RBAC}/clusterrolebindings", binding)
    guarded.process.wait_for(lambda: guarded.get("/metrics")[0] == 200, "lets it in", 30)
