# SPDX-License-Identifier: Apache-2.0
"""The exporter with the accounts, rights and arguments of deploy/kustomize, and with less."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.envtest.cluster import Cluster
from tests.envtest.events import EventWriter
from tests.envtest.exporter_process import ExporterProcess, RunExporter
from tests.envtest.installed import AUDIT_ACCOUNTS, PLACES, Installed
from tests.envtest.kustomized import OVERLAYS, Kubectl, templates
from tests.envtest.rights import Right, assert_may, assert_missed, documented, listed, scraper

pytestmark = [pytest.mark.envtest, pytest.mark.timeout(180)]

_WATCHING = ("base", "overlays/namespaced", "overlays/ha", "overlays/web-auth")
_REVIEWED = "overlays/web-auth"
# What is taken away of each; events are watched as in the base.
_MISSED = {"overlays/ha": {"leases"}, _REVIEWED: {"tokenreviews", "subjectaccessreviews"}}


@pytest.mark.parametrize("installed", OVERLAYS, indirect=True)
def test_the_account_may_do_what_is_documented_and_nothing_else(
    installed: Installed, kubectl: Kubectl, everybody: dict[str, set[Right]], tmp_path: Path
) -> None:
    """`kubectl auth can-i --list`, beside that of an account without rights, in each namespace that
    counts and in another; that of audit events has none.
    """
    told = documented(installed.name.removeprefix("overlays/"))
    assert told
    assert_may(Kubectl(kubectl.program, installed.kubeconfig(tmp_path)), told, everybody)
    if installed.name in AUDIT_ACCOUNTS:
        config = installed.kubeconfig(tmp_path, AUDIT_ACCOUNTS[installed.name])
        audit = Kubectl(kubectl.program, config)
        assert {place: listed(audit, place) for place in PLACES} == everybody


@pytest.mark.parametrize("installed", _WATCHING, indirect=True)
def test_with_these_rights_and_arguments_it_counts(
    installed: Installed, own_cluster: Cluster, tmp_path: Path, run_exporter: RunExporter
) -> None:
    """As the pod's container would, on another port."""
    flags = installed.flags("kube-event-metrics", tmp_path)
    exporter = run_exporter(installed.kubeconfig(tmp_path), *flags)
    if installed.name == _REVIEWED:
        exporter.token = scraper(own_cluster)
    if "--leader-election" in flags:
        exporter.wait_for_value("kube_event_metrics_leader")
    writer = EventWriter(own_cluster.admin, "default")
    writer.create("Pulled", count=2)
    assert exporter.counted(writer) == {"Pulled": 2}
    ((_, pod),) = templates(installed.documents)
    (container,) = pod["spec"]["containers"]
    for probe in ("livenessProbe", "readinessProbe"):
        assert exporter.get(container[probe]["httpGet"]["path"])[0] == 200


@pytest.mark.parametrize("installed", _WATCHING, indirect=True)
def test_each_right_that_is_taken_away_is_missed(
    installed: Installed, own_cluster: Cluster, tmp_path: Path, run_exporter: RunExporter
) -> None:
    """The exporter is not ready and says why, or `check` does; without a right to reviews nobody is
    let in, and both say why.
    """

    def scrapes(exporter: ExporterProcess) -> None:
        exporter.token = scraper(own_cluster)

    resources = _MISSED.get(installed.name, {"events"})
    assert_missed(installed, resources, tmp_path, run_exporter, scrapes)
