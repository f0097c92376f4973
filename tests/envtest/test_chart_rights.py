# SPDX-License-Identifier: Apache-2.0
"""The exporter with the accounts, rights and arguments of the chart, and with less."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml

from tests.envtest.charted import PROFILES, space, values_file
from tests.envtest.cluster import Cluster
from tests.envtest.events import EventWriter
from tests.envtest.exporter_process import ExporterProcess, RunExporter
from tests.envtest.installed import Installed
from tests.envtest.kustomized import Json, Kubectl, arguments, rules, templates
from tests.envtest.manifests import lay_out
from tests.envtest.rights import Right, assert_may, assert_missed, checked, documented, scraper

pytestmark = [pytest.mark.envtest, pytest.mark.timeout(240)]

# Those whose arguments for the exporter of events differ, over plain HTTP.
_WATCHING = ("namespaced-workloads", "ha", "workloads", "options")
# What is taken away of each; the rest of its rights are those of another.
_MISSED = {
    "default": {"events"},
    "namespaced": {"events"},
    "ha": {"leases"},
    "workloads": {"pods", "replicasets", "jobs"},
    "namespaced-workloads": {"pods", "replicasets", "jobs"},
    "web-auth": {"tokenreviews", "subjectaccessreviews"},
}


def _values(profile: str) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(values_file(profile).read_text(encoding="utf-8"))
    return read


def _told(profile: str, *, audit: bool = False) -> dict[str, set[Right]]:
    """What docs/deployment.md says that an account may, by the values of the profile."""
    values = _values(profile)
    found: dict[str, set[Right]] = {}
    if not audit and values.get("events", {}).get("enabled", True):
        cases = ["base", *(["workloadLabels"] if values.get("workloadLabels") else [])]
        everywhere = documented(*cases)[""]
        found = dict.fromkeys(values.get("namespaces", [""]), everywhere)
        if values.get("leaderElection"):
            found |= {k: v for k, v in documented("ha").items() if k}
    if values.get("web", {}).get("auth"):
        found[""] = found.get("", set()) | documented("web.auth.kubernetes")[""]
    return found


@pytest.mark.parametrize("released", PROFILES, indirect=True)
def test_accounts_may_do_what_is_documented_and_nothing_else(
    released: Installed, kubectl: Kubectl, everybody: dict[str, set[Right]], tmp_path: Path
) -> None:
    """`kubectl auth can-i --list`, beside that of an account without rights, in each namespace that
    counts and in another.
    """
    for workload, pod in templates(released.documents):
        audit = workload["metadata"]["labels"]["app.kubernetes.io/component"] != "exporter"
        account = (space(released.name), pod["spec"]["serviceAccountName"])
        config = released.kubeconfig(tmp_path, account)
        told = _told(released.name, audit=audit)
        assert pod["spec"]["automountServiceAccountToken"] is bool(told)
        assert_may(Kubectl(kubectl.program, config), told, everybody)


def test_one_namespace_and_all_are_told_alike() -> None:
    """The table has them apart, with the same rights."""
    assert documented("namespaced") == {"default": documented("base")[""]}


@pytest.mark.parametrize("released", _WATCHING, indirect=True)
def test_with_these_rights_and_arguments_it_counts(
    released: Installed, own_cluster: Cluster, tmp_path: Path, run_exporter: RunExporter
) -> None:
    """As the pod's container would, on another port, with the files that the release brings."""
    ((workload, pod),) = templates(released.documents)
    lay_out(released.documents, pod, tmp_path)
    flags = released.flags(workload["metadata"]["name"], tmp_path)
    if released.name == "options":  # a Secret that its values name, and the release does not bring
        (tmp_path / "web" / "web-config.yml").touch()
        assert "--cluster.name=prod: eu-1" in arguments(pod)
    exporter = run_exporter(released.kubeconfig(tmp_path), *flags)
    if "--leader-election" in flags:
        exporter.wait_for_value("kube_event_metrics_leader")
    writer = EventWriter(own_cluster.admin, "default")
    writer.create("Pulled", count=2)
    assert exporter.counted(writer) == {"Pulled": 2}
    if released.name == "options":
        labels = {"cluster": "prod: eu-1", "team": "platform", "tier": "1"}
        assert exporter.value("kube_events_total", **labels) >= 2
        assert exporter.value("kube_event_metrics_series_limit") == 1_000_000
        assert "kube_event_backup_failures_total" in exporter.get("/metrics")[1]


@pytest.mark.parametrize(("released", "resources"), _MISSED.items(), indirect=["released"])
def test_each_right_that_is_taken_away_is_missed(
    released: Installed,
    resources: set[str],
    own_cluster: Cluster,
    tmp_path: Path,
    run_exporter: RunExporter,
) -> None:
    """The exporter is not ready and says why, or `check` does; without a right to reviews nobody is
    let in, and both say why.
    """
    _, pod = next(templates(released.documents))
    lay_out(released.documents, pod, tmp_path)
    (tmp_path / "web").mkdir(exist_ok=True)
    authority = certify(tmp_path / "web")

    def scrapes(exporter: ExporterProcess) -> None:
        exporter.token = scraper(own_cluster)
        exporter.tls = ssl.create_default_context()
        authority.configure_trust(exporter.tls)

    assert_missed(released, resources, tmp_path, run_exporter, scrapes)


@pytest.mark.parametrize(
    "released", ["pod-monitor", "client-certificates", "web-auth"], indirect=True
)
def test_web_configurations_are_right(released: Installed, tmp_path: Path) -> None:
    """`check` reads the file that the release brings, with certificates beside it."""
    _, pod = next(templates(released.documents))
    lay_out(released.documents, pod, tmp_path)
    certify(tmp_path / "web")
    told = checked(released.kubeconfig(tmp_path), released.flags("kube-event-metrics", tmp_path))
    assert [line for line in told if line.startswith("ok    web: ") and "TLS" in line]
    assert [line for line in told if line.startswith("FAIL")] == []


def certify(directory: Path) -> trustme.CA:
    """Files as a Secret of TLS has them, for loopback, and who signed them."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(str(directory / "ca.crt"))
    certificate.private_key_pem.write_to_path(str(directory / "tls.key"))
    certificate.cert_chain_pems[0].write_to_path(str(directory / "tls.crt"))
    return authority


def test_every_right_is_one_that_is_taken_away(profiles: dict[str, list[Json]]) -> None:
    """In one of the profiles above."""
    given = {
        r for made in profiles.values() for _, rule, _ in rules(made) for r in rule["resources"]
    }
    assert given == set[str]().union(*_MISSED.values())
