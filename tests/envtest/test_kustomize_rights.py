# SPDX-License-Identifier: Apache-2.0
"""The exporter with the accounts, rights and arguments of deploy/kustomize, and with less."""

from __future__ import annotations

import copy
import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import trustme

from tests.envtest.cluster import RBAC, Cluster
from tests.envtest.events import EventWriter
from tests.envtest.exporter_process import ExporterProcess, RunExporter
from tests.envtest.kustomized import (
    OVERLAYS,
    ROOT,
    Json,
    Kubectl,
    arguments,
    moved,
    rules,
    templates,
)
from tests.envtest.process import eventually
from tests.unit.audit.events import body, event, line

pytestmark = [pytest.mark.envtest, pytest.mark.timeout(180)]

_NAMESPACE = "kube-event-metrics"
_ACCOUNT = (_NAMESPACE, "kube-event-metrics")
_AUDIT = {
    "overlays/audit": ("kube-event-metrics-audit", "kube-event-metrics-audit"),
    "overlays/audit-webhook": (_NAMESPACE, "kube-event-metrics-audit"),
}
_CHECK = (sys.executable, "-m", "exporter", "check")
_WATCHING = ("base", "overlays/namespaced", "overlays/ha")
_REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
_LEASES = f"/apis/coordination.k8s.io/v1/namespaces/{_NAMESPACE}/leases"
_LABEL = "app.kubernetes.io/name=kube-event-metrics"
_PLACES = ("default", _NAMESPACE, "kube-system")
# An API server that streams lists, as this one does, asks for no right but watch then. That the
# exporter is not ready without this one where there are none is in test_server_settings.py.
_UNSTREAMED = "list"
_ROW = re.compile(r"^\| (.*?) \| (.*?) \| (\w+) (\w+)(?: `(.*?)`)? \| .+ \|$", re.MULTILINE)
_RIGHT = re.compile(r"^(\S*) +\[(.*?)\] +\[(.*?)\] +\[(.*?)\]$", re.MULTILINE)

_RECEIVING = re.compile(r'msg="receiving audit events" .*address=\S+:(\d+)')

Right = tuple[str, str, str]
"""Verb, resource, name; the name is empty where all are meant."""


class Installed:
    """What one kustomization allows on the API server, and nothing of another."""

    def __init__(self, cluster: Cluster, name: str, documents: list[Json]) -> None:
        self._cluster = cluster
        self.name = name
        self.documents = documents

    def grant(self) -> None:
        """All its roles and bindings, and no others with our label; a Lease is forgotten."""
        spaces = [f"{RBAC}/namespaces/{each}" for each in ("default", _NAMESPACE)]
        known = [f"{space}/{kind}" for space in spaces for kind in ("rolebindings", "roles")]
        for path in (*known, f"{RBAC}/clusterrolebindings", f"{RBAC}/clusterroles"):
            self._cluster.admin.request("DELETE", f"{path}?labelSelector={_LABEL}")
        for document in self.documents:
            if document["apiVersion"].startswith("rbac."):
                self._cluster.admin.request("POST", _path(document), document)
        for role, rule, verb in rules(self.documents):
            self.wait(role, rule, verb, allowed=True)
        self._cluster.admin.request("DELETE", _LEASES)

    def take(self, role: Json, rule: Json, verb: str) -> None:
        """One right, until `grant`; the API server is seen to know it."""
        less = copy.deepcopy(role)
        reduced = less["rules"][role["rules"].index(rule)]
        reduced["verbs"] = [each for each in rule["verbs"] if each != verb]
        if not reduced["verbs"]:
            less["rules"].remove(reduced)
        self._cluster.admin.request("PUT", f"{_path(role)}/{role['metadata']['name']}", less)
        self.wait(role, rule, verb, allowed=False)

    def wait(self, role: Json, rule: Json, verb: str, *, allowed: bool) -> None:
        """Until the API server decides so: it learns of roles by a watch."""
        asked = {"verb": verb, "group": rule["apiGroups"][0], "resource": rule["resources"][0]}
        asked["name"] = rule.get("resourceNames", [""])[0]
        asked["namespace"] = role["metadata"].get("namespace", "")
        user = "system:serviceaccount:{}:{}".format(*_ACCOUNT)
        body = {"spec": {"user": user, "resourceAttributes": asked}}

        def so() -> bool:
            answer = self._cluster.admin.request("POST", _REVIEWS, body)
            return bool(answer["status"]["allowed"]) is allowed

        eventually(so, f"{verb} of {asked['resource']} is allowed: {allowed}", within=10)

    def kubeconfig(self, directory: Path, account: tuple[str, str] = _ACCOUNT) -> Path:
        """With a token of one of its accounts."""
        token = self._cluster.token(*account)
        return self._cluster.kubeconfig(directory / f"{account[1]}.kubeconfig", token=token)

    def flags(self, workload: str, directory: Path) -> list[str]:
        """The arguments of its pods, with directories of the test for what is mounted there."""
        for made, pod in templates(self.documents):
            if made["metadata"]["name"] == workload:
                flags = moved(arguments(pod), directory)
                # A pod knows its namespace by a file.
                elects = "--leader-election" in flags
                return flags + elects * [f"--leader-election.namespace={_NAMESPACE}"]
        raise AssertionError(f"no {workload}")


@pytest.fixture
def installed(
    request: pytest.FixtureRequest, own_cluster: Cluster, kustomizations: dict[str, list[Json]]
) -> Installed:
    """The kustomization that the test names as its parameter."""
    made = Installed(own_cluster, request.param, kustomizations[request.param])
    made.grant()
    return made


@pytest.fixture(scope="module")
def everybody(
    own_cluster: Cluster, kubectl: Kubectl, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, set[Right]]:
    """What an account without rights may do, by namespace."""
    token = own_cluster.service_account("default", "nobody", [])
    config = own_cluster.kubeconfig(tmp_path_factory.mktemp("nobody") / "config", token=token)
    nobody = Kubectl(kubectl.program, config)
    return {place: listed(nobody, place) for place in _PLACES}


def _path(role: Json) -> str:
    namespace = role["metadata"].get("namespace")
    scope = f"{RBAC}/namespaces/{namespace}" if namespace else RBAC
    return f"{scope}/{role['kind'].lower()}s"


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
    if installed.name in _AUDIT:
        config = installed.kubeconfig(tmp_path, _AUDIT[installed.name])
        audit = Kubectl(kubectl.program, config)
        assert {place: listed(audit, place) for place in _PLACES} == everybody


@pytest.mark.parametrize("installed", _WATCHING, indirect=True)
def test_with_these_rights_and_arguments_it_counts(
    installed: Installed, own_cluster: Cluster, tmp_path: Path, run_exporter: RunExporter
) -> None:
    """As the pod's container would, on another port."""
    flags = installed.flags("kube-event-metrics", tmp_path)
    exporter = run_exporter(installed.kubeconfig(tmp_path), *flags)
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
    installed: Installed, tmp_path: Path, run_exporter: RunExporter
) -> None:
    """The exporter is not ready and says why, or `check` does."""
    flags = installed.flags("kube-event-metrics", tmp_path)
    config = installed.kubeconfig(tmp_path)
    for role, rule, verb in rules(installed.documents):
        resource = rule["resources"][0]
        if installed.name == "overlays/ha" and resource == "events":
            continue  # as in the base
        installed.take(role, rule, verb)
        if verb == _UNSTREAMED:
            (told,) = [each for each in checked(config, flags) if each.startswith("FAIL")]
            assert f"may not {verb} {resource}" in told
        else:
            exporter = run_exporter(config, *flags, ready=False)
            unready = partial(_unready, exporter, f"not allowed to .*{resource}")
            exporter.process.wait_for(unready, f"misses {verb} of {resource}", 30)
            exporter.stop()
        installed.grant()


def _unready(exporter: ExporterProcess, why: str) -> bool:
    status, body = exporter.get("/readyz")
    return status == 503 and bool(re.search(why, body))


def checked(kubeconfig: Path, flags: list[str]) -> list[str]:
    """What `check` prints."""
    done = subprocess.run(
        [*_CHECK, "--kubeconfig", str(kubeconfig), *flags],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.mark.parametrize("installed", ["overlays/audit"], indirect=True)
def test_an_account_without_rights_is_enough_for_an_audit_log(
    installed: Installed, tmp_path: Path, run_exporter: RunExporter
) -> None:
    """With the arguments of the DaemonSet."""
    account = _AUDIT["overlays/audit"]
    flags = installed.flags(account[1], tmp_path)
    exporter = run_exporter(installed.kubeconfig(tmp_path, account), *flags)
    # A log that comes later is read from its beginning.
    (tmp_path / "audit" / "audit.log").write_bytes(line())
    exporter.wait_for_value("kube_event_metrics_audit_records_total", source="log")


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="needs root, setpriv")
@pytest.mark.parametrize("installed", ["overlays/audit"], indirect=True)
def test_root_without_capabilities_reads_the_log_and_the_usual_user_does_not(
    installed: Installed, tmp_path: Path
) -> None:
    """A log as an API server makes it, of mode 0600 in a directory of mode 0700."""
    users = [
        pod["spec"]["securityContext"]["runAsUser"] for _, pod in templates(installed.documents)
    ]
    assert sorted(users) == [0, 65532]
    directory = tmp_path / "audit"
    directory.mkdir(mode=0o700)
    log = directory / "audit.log"
    log.touch(mode=0o600)
    log.write_bytes(line())
    for user in users:
        bare = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
        bare += ["--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]
        read = subprocess.run([*bare, "cat", str(log)], capture_output=True, check=False)
        assert (user, read.stdout) == (user, b"" if user else line())
        if not user:
            check = [*_CHECK, "--audit.only", f"--audit.log.path={log}"]
            done = subprocess.run([*bare, *check], capture_output=True, text=True, check=False)
            assert f"ok    audit.log.path: {log}" in done.stdout


@pytest.mark.parametrize("installed", ["overlays/audit-webhook"], indirect=True)
def test_an_account_without_rights_is_enough_for_an_audit_webhook(
    installed: Installed, tmp_path: Path, run_exporter: RunExporter
) -> None:
    """With the arguments of the Deployment and files by the names that a Secret of TLS has."""
    account = _AUDIT["overlays/audit-webhook"]
    flags = installed.flags(account[1], tmp_path)
    secret, sender = tmp_path / "audit", tmp_path / "sender.pem"
    authority = trustme.CA()
    name = ".".join((account[1], account[0], "svc"))
    certificate = authority.issue_cert(name)
    authority.cert_pem.write_to_path(str(secret / "ca.crt"))
    certificate.private_key_pem.write_to_path(str(secret / "tls.key"))
    certificate.cert_chain_pems[0].write_to_path(str(secret / "tls.crt"))
    authority.issue_cert("apiserver").private_key_and_cert_chain_pem.write_to_path(str(sender))
    exporter = run_exporter(installed.kubeconfig(tmp_path, account), *flags)
    address = exporter.process.wait_for(
        lambda: _RECEIVING.search(exporter.process.output()), "says where it listens", 30
    )
    trusting = ssl.create_default_context(cafile=str(secret / "ca.crt"))
    with pytest.raises((ssl.SSLError, ConnectionError)):
        _post(int(address[1]), trusting, name)
    trusting.load_cert_chain(sender)
    assert _post(int(address[1]), trusting, name) == 200
    assert exporter.value("kube_event_metrics_audit_records_total", source="webhook") == 1


def _post(port: int, context: ssl.SSLContext, name: str) -> int:
    """Send a batch as an API server does, which knows the exporter by an address."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=name) as secured,
    ):
        batch = body(event())
        head = (
            f"POST /audit/webhook HTTP/1.1\r\nHost: {name}\r\nContent-Length: {len(batch)}\r\n\r\n"
        )
        secured.sendall(head.encode() + batch)
        response = http.client.HTTPResponse(secured)
        response.begin()
        return response.status
