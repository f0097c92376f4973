# SPDX-License-Identifier: Apache-2.0
"""The chart as Helm installs, changes and removes it, on a real API server."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator

import pytest

from tests.envtest.charted import CHART, Helm, values_file
from tests.envtest.cluster import Cluster
from tests.envtest.kustomized import ROOT, Kubectl

pytestmark = [pytest.mark.envtest, pytest.mark.timeout(240)]

_MIB = 1 << 20
_NAMESPACED = (
    "serviceaccounts,roles,rolebindings,services,deployments,daemonsets,configmaps,secrets,"
    "networkpolicies,poddisruptionbudgets,persistentvolumeclaims,servicemonitors,podmonitors,"
    "prometheusrules"
)
_GLOBAL = "clusterroles,clusterrolebindings"


class Release:
    """One release, in a namespace of its own."""

    def __init__(self, helm: Helm, kubectl: Kubectl, namespace: str) -> None:
        self._helm, self._kubectl, self._namespace = helm, kubectl, namespace
        self.name = namespace.replace("test-", "events-")

    def upgrade(self, profile: str, *arguments: str) -> str:
        """`helm upgrade --install`; its notes."""
        place = (self.name, str(CHART), "-n", self._namespace)
        values = ("-f", str(values_file(profile)), *arguments)
        return self._helm("upgrade", "--install", *place, *values).partition("NOTES:\n")[2]

    def uninstall(self, *arguments: str) -> None:
        """`helm uninstall`."""
        self._helm("uninstall", self.name, "-n", self._namespace, *arguments)

    def objects(self) -> set[str]:
        """What of it the API server has, as KIND/NAME; Helm's own record left out."""
        label = f"-lapp.kubernetes.io/instance={self.name}"
        show = ("-o", "name", label)
        text = self._kubectl("get", _NAMESPACED, "-n", self._namespace, *show)
        return {
            re.sub(r"[.].*?/", "/", line)
            for line in (text + self._kubectl("get", _GLOBAL, *show)).splitlines()
        }

    def record(self) -> int:
        """Bytes of the Secret in which Helm keeps the newest revision."""
        text = self._kubectl(
            "get", "secrets", "-n", self._namespace, "-l", "owner=helm", "-o", "json"
        )
        secrets = [each["data"]["release"] for each in json.loads(text)["items"]]
        return max(len(base64.b64decode(each)) for each in secrets)


@pytest.fixture
def release(helm: Helm, kubectl: Kubectl, own_cluster: Cluster) -> Iterator[Release]:
    """Not installed yet; gone after the test."""
    made = Release(helm, kubectl, own_cluster.namespace())
    yield made
    made.uninstall("--ignore-not-found")


def test_a_release_comes_changes_and_goes(release: Release) -> None:
    """First as a try on the server, then for real; what the next values do not have goes, and in
    the end there is nothing.
    """
    release.upgrade("default", "--dry-run=server")
    assert release.objects() == set()
    notes = release.upgrade("default")
    name = f"{release.name}-kube-event-metrics"
    common = {f"{kind}/{name}" for kind in ("serviceaccount", "service", "deployment")}
    common |= {f"networkpolicy/{name}", f"clusterrole/{name}", f"clusterrolebinding/{name}"}
    # The operator's resources are known here, so that nothing had to be asked for.
    operator = {f"servicemonitor/{name}", f"prometheusrule/{name}"}
    boards = {f"configmap/grafana-{path.stem}" for path in (ROOT / "dashboards").glob("*.json")}
    assert len(boards) == 9
    assert release.objects() == common | operator | boards
    assert f"finds it by the ServiceMonitor {name}" in notes
    assert "alert rules: on" in notes

    notes = release.upgrade("ha", "--set", "dashboards.enabled=false,monitor.kind=annotations")
    elects = {f"{kind}/{name}-leader-election" for kind in ("role", "rolebinding")}
    expected = common | elects | {f"prometheusrule/{name}", f"poddisruptionbudget/{name}"}
    assert release.objects() == expected
    assert f"checkpoint: in the Lease {name}" in notes
    assert "finds it by annotations" in notes

    release.upgrade("volume", "--set", "dashboards.enabled=false,prometheusRule.enabled=false")
    claims = {f"servicemonitor/{name}", f"persistentvolumeclaim/{name}"}
    assert release.objects() == common | claims
    release.uninstall()
    # Claims are kept from going while pods may use them; nothing takes that note off here.
    assert release.objects() <= {f"persistentvolumeclaim/{name}"}


def test_a_release_has_room(release: Release) -> None:
    """With all that it can bring along Helm's record is below half of what a Secret may have."""
    notes = release.upgrade("options", "--set", "dashboards.namespace=,monitor.kind=ServiceMonitor")
    assert "dashboards: on" in notes
    assert release.record() < _MIB // 2
    release.uninstall()
    assert release.objects() == set()


@pytest.mark.parametrize(
    ("profile", "told"),
    [
        ("default", "every pod that can reach them, in plain HTTP"),
        ("namespaced", "events: on, in default"),
        ("pod-monitor", "https://127.0.0.1:10360/"),
        ("client-certificates", "as the web configuration says"),
        ("web-auth", "the right to get /metrics"),
        ("audit-log", "pod-security.kubernetes.io/enforce=privileged"),
        ("audit-webhook", "Without it the pod does not start"),
        ("cert-manager", "which cert-manager makes"),
    ],
)
def test_notes_tell_how_to_look(
    profile: str, told: str, release: Release, kubectl: Kubectl
) -> None:
    """Their commands are about what is there; no pods run here."""
    notes = release.upgrade(profile, "--set", "dashboards.enabled=false")
    assert told in notes
    assert [line for line in notes.splitlines() if line != line.rstrip()] == []
    commands = [line.split() for line in notes.splitlines() if line.startswith("  kubectl ")]
    assert len(commands) >= 3
    for words in commands:
        for word in words:
            if word.startswith(("deployment/", "daemonset/")):
                kubectl("get", word, "-n", words[words.index("-n") + 1])
        if {"service", "label"} & set(words):
            kubectl(*words[1:])
