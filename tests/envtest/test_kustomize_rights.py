# SPDX-License-Identifier: Apache-2.0
"""The exporter with the accounts, rights and arguments of deploy/kustomize, and with less."""

from __future__ import annotations

import re
import secrets
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from tests.envtest.cluster import RBAC, Cluster
from tests.envtest.events import EventWriter
from tests.envtest.exporter_process import ExporterProcess, RunExporter
from tests.envtest.installed import AUDIT_ACCOUNTS, NAMESPACE, Installed
from tests.envtest.kustomized import OVERLAYS, ROOT, Kubectl, rules, templates

pytestmark = [pytest.mark.envtest, pytest.mark.timeout(180)]

_WATCHING = ("base", "overlays/namespaced", "overlays/ha", "overlays/web-auth")
_REVIEWED = "overlays/web-auth"
_SCRAPER = "kube-event-metrics-scraper"
_PLACES = ("default", NAMESPACE, "kube-system")
# An API server that streams lists, as this one does, asks for no right but watch then. That the
# exporter is not ready without this one where there are none is in test_server_settings.py.
_UNSTREAMED = "list"
_ROW = re.compile(r"^\| (.*?) \| (.*?) \| (\w+) (\w+)(?: `(.*?)`)? \| .+ \|$", re.MULTILINE)
_RIGHT = re.compile(r"^(\S*) +\[(.*?)\] +\[(.*?)\] +\[(.*?)\]$", re.MULTILINE)

Right = tuple[str, str, str]
"""Verb, resource, name; the name is empty where all are meant."""


@pytest.fixture(scope="module")
def everybody(
    own_cluster: Cluster, kubectl: Kubectl, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, set[Right]]:
    """What an account without rights may do, by namespace."""
    token = own_cluster.service_account("default", "nobody", [])
    config = own_cluster.kubeconfig(tmp_path_factory.mktemp("nobody") / "config", token=token)
    nobody = Kubectl(kubectl.program, config)
    return {place: listed(nobody, place) for place in _PLACES}


def documented(overlay: str) -> dict[str, set[Right]]:
    """By namespace ("" for all), what docs/deployment.md says that the account may do."""
    found: dict[str, set[Right]] = {}
    text = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
    for overlays, where, verb, resource, name in _ROW.findall(text.partition("## Rights")[2]):
        if overlay.removeprefix("overlays/") in overlays.split(", "):
            place = "" if where == "all namespaces" else where.strip("`")
            found.setdefault(place, set()).add((verb, resource, name))
    return found


def listed(kubectl: Kubectl, namespace: str) -> set[Right]:
    """What `kubectl auth can-i --list` tells of one namespace."""
    text = kubectl("auth", "can-i", "--list", "--no-headers", "--namespace", namespace)
    rows = _RIGHT.findall(text)
    assert len(rows) == len(text.splitlines())
    return {
        (verb, resource.partition(".")[0] + path, name)
        for resource, path, names, verbs in rows
        for verb in verbs.split()
        for name in names.split() or [""]
    }


@pytest.mark.parametrize("installed", OVERLAYS, indirect=True)
def test_the_account_may_do_what_is_documented_and_nothing_else(
    installed: Installed, kubectl: Kubectl, everybody: dict[str, set[Right]], tmp_path: Path
) -> None:
    """`kubectl auth can-i --list`, beside that of an account without rights, in each namespace that
    counts and in another; that of audit events has none.
    """
    told = documented(installed.name)
    assert told
    account = Kubectl(kubectl.program, installed.kubeconfig(tmp_path))
    for place, base in everybody.items():
        expected = told.get("", set()) | told.get(place, set())
        assert (place, listed(account, place) - base) == (place, expected)
    if installed.name in AUDIT_ACCOUNTS:
        config = installed.kubeconfig(tmp_path, AUDIT_ACCOUNTS[installed.name])
        audit = Kubectl(kubectl.program, config)
        assert {place: listed(audit, place) for place in _PLACES} == everybody


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
    flags = installed.flags("kube-event-metrics", tmp_path)
    config = installed.kubeconfig(tmp_path)
    for role, rule, verb in rules(installed.documents):
        resource = rule["resources"][0]
        if installed.name in ("overlays/ha", _REVIEWED) and resource == "events":
            continue  # as in the base
        installed.take(role, rule, verb)
        if verb == _UNSTREAMED:
            (told,) = [each for each in checked(config, flags) if each.startswith("FAIL")]
            assert f"may not {verb} {resource}" in told
        elif resource.endswith("reviews"):
            (told,) = [each for each in checked(config, flags) if each.startswith("FAIL")]
            assert f"may not {verb} {resource} in the cluster" in told
            exporter = run_exporter(config, *flags)
            exporter.token = scraper(own_cluster)
            assert exporter.get("/metrics")[0] == 503
            assert f"cannot {verb} resource" in exporter.process.output()
            exporter.stop()
        else:
            exporter = run_exporter(config, *flags, ready=False)
            unready = partial(_unready, exporter, f"not allowed to .*{resource}")
            exporter.process.wait_for(unready, f"misses {verb} of {resource}", 30)
            exporter.stop()
        installed.grant()


def scraper(cluster: Cluster) -> str:
    """A token of an account that may scrape, by the role that is shipped for that."""
    name = f"scraper-{secrets.token_hex(4)}"
    cluster.admin.request(
        "POST", "/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": name}}
    )
    binding = {
        "metadata": {"name": name},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": _SCRAPER,
        },
        "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": "default"}],
    }
    cluster.admin.request("POST", f"{RBAC}/clusterrolebindings", binding)
    return cluster.token("default", name)


def _unready(exporter: ExporterProcess, why: str) -> bool:
    status, body = exporter.get("/readyz")
    return status == 503 and bool(re.search(why, body))


def checked(kubeconfig: Path, flags: list[str]) -> list[str]:
    """What `check` prints."""
    command = [sys.executable, "-m", "exporter", "check", "--kubeconfig", str(kubeconfig)]
    done = subprocess.run(
        [*command, *flags], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stderr == ""
    return done.stdout.splitlines()
