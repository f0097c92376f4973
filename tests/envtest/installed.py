# SPDX-License-Identifier: Apache-2.0
"""What a kustomization or a chart allows, on an API server: all of it, or less."""

from __future__ import annotations

import copy
from pathlib import Path

from tests.envtest.cluster import RBAC, Cluster
from tests.envtest.kustomized import Json, arguments, moved, rules, templates
from tests.envtest.process import eventually

NAMESPACE = "kube-event-metrics"
ACCOUNT = (NAMESPACE, "kube-event-metrics")
"""Namespace and name of the account that watches events."""
PLACES = ("default", NAMESPACE, "kube-system")
"""The namespaces in which roles may give something."""
AUDIT_ACCOUNTS = {
    "overlays/audit": ("kube-event-metrics-audit", "kube-event-metrics-audit"),
    "overlays/audit-webhook": (NAMESPACE, "kube-event-metrics-audit"),
}
"""Those of exporters of audit events, by overlay."""

_REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
_LEASES = f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases"
_LABEL = "app.kubernetes.io/name=kube-event-metrics"


class Installed:
    """What one of them allows on the API server, and nothing of another."""

    def __init__(self, cluster: Cluster, name: str, documents: list[Json]) -> None:
        self._cluster = cluster
        self.name = name
        self.documents = documents

    def grant(self) -> None:
        """All its roles and bindings, and no others with our label; a Lease is forgotten."""
        spaces = [f"{RBAC}/namespaces/{each}" for each in PLACES]
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
        user = "system:serviceaccount:{}:{}".format(*ACCOUNT)
        body = {"spec": {"user": user, "resourceAttributes": asked}}

        def so() -> bool:
            answer = self._cluster.admin.request("POST", _REVIEWS, body)
            return bool(answer["status"]["allowed"]) is allowed

        eventually(so, f"{verb} of {asked['resource']} is allowed: {allowed}", within=10)

    def kubeconfig(self, directory: Path, account: tuple[str, str] = ACCOUNT) -> Path:
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
                return flags + elects * [f"--leader-election.namespace={NAMESPACE}"]
        raise AssertionError(f"no {workload}")


def _path(role: Json) -> str:
    namespace = role["metadata"].get("namespace")
    scope = f"{RBAC}/namespaces/{namespace}" if namespace else RBAC
    return f"{scope}/{role['kind'].lower()}s"
