# SPDX-License-Identifier: Apache-2.0
"""The files of deploy/audit, taken by a real API server, and read for what it would pass over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.envtest.assets import Assets
from tests.envtest.audited import SHIPPED, shipped_flags
from tests.envtest.cluster import Cluster
from tests.envtest.process import ServerProcess, eventually
from tests.integration.prometheus_server import free_port

Json = dict[str, Any]

pytestmark = pytest.mark.envtest

# audit.k8s.io/v1, by the documentation of Kubernetes: what is in no such list is void.
_POLICY = {"apiVersion", "kind", "metadata", "omitStages", "omitManagedFields", "rules"}
_RULE = {
    *("level", "users", "userGroups", "verbs", "resources", "namespaces", "nonResourceURLs"),
    *("omitStages", "omitManagedFields"),
}
_RESOURCES = {"group", "resources", "resourceNames"}
_LEVELS = {"None", "Metadata", "Request", "RequestResponse"}
_STAGES = {"RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"}
_SECRET = {"secrets", "serviceaccounts/token", "tokenreviews", "configmaps"}


def wrong_in(policy: Json) -> list[str]:
    """The keys and values that an API server would not know."""
    wrong = [f"policy: {key}" for key in policy.keys() - _POLICY]
    wrong += [f"stage: {stage}" for stage in set(policy.get("omitStages", ())) - _STAGES]
    for number, rule in enumerate(policy["rules"]):
        wrong += [f"rule {number}: {key}" for key in rule.keys() - _RULE]
        wrong += [f"rule {number}: {key}" for key in {rule["level"]} - _LEVELS]
        wrong += [f"rule {number}: {key}" for key in set(rule.get("omitStages", ())) - _STAGES]
        for resources in rule.get("resources", ()):
            wrong += [f"rule {number}: resources: {key}" for key in resources.keys() - _RESOURCES]
    return wrong


def shipped(name: str) -> Json:
    loaded: Json = yaml.safe_load((SHIPPED / name).read_text())
    return loaded


def test_the_policy_has_no_key_that_would_be_void() -> None:
    """And one that is misspelt is found."""
    assert wrong_in(shipped("policy.yaml")) == []
    misspelt = (SHIPPED / "policy.yaml").read_text().replace("userGroups", "userGroup", 1)
    assert wrong_in(yaml.safe_load(misspelt)) == ["rule 1: userGroup"]


def test_an_api_server_says_of_a_misspelt_key_that_it_is_void(
    assets: Assets, cluster: Cluster, tmp_path: Path
) -> None:
    """So its silence about the shipped policy, on which other tests insist, tells something."""
    policy = tmp_path / "policy.yaml"
    text = (SHIPPED / "policy.yaml").read_text()
    policy.write_text(text.replace("userGroups", "userGroup", 1))
    command = cluster.apiserver_command(
        f"--secure-port={free_port()}", f"--audit-policy-file={policy}", "--audit-log-path=-"
    )
    server = ServerProcess(command, tmp_path / "kube-apiserver.log")
    try:
        eventually(lambda: "lenient" in server.output(), "the warning", within=30)
    finally:
        server.stop()
    assert 'unknown field "rules[1].userGroup"' in server.output()


def test_bodies_that_hold_credentials_are_nowhere_told() -> None:
    """The first rule that names one decides, and no other may at a level with bodies."""
    seen = set()
    for rule in shipped("policy.yaml")["rules"]:
        for resources in rule.get("resources", ()):
            named = _SECRET & set(resources.get("resources", ()))
            assert not named or rule["level"] == "Metadata"
            seen |= named
    assert seen >= {"secrets", "serviceaccounts/token", "tokenreviews"}


def test_all_ways_to_turn_it_on_say_the_same() -> None:
    """kubeadm, kind and k3s: one set of flags, and mounts for each path in them."""
    flags = shipped_flags()
    kind = yaml.safe_load(shipped("kind.yaml")["nodes"][0]["kubeadmConfigPatches"][0])
    k3s = dict(each.split("=", 1) for each in shipped("k3s.yaml")["kube-apiserver-arg"])
    assert kind["apiServer"]["extraArgs"] == flags == k3s
    volumes = shipped("kubeadm.yaml")["apiServer"]["extraVolumes"]
    assert kind["apiServer"]["extraVolumes"] == volumes
    paths = [value for value in flags.values() if value.startswith("/")]
    mounted = {each["mountPath"] for each in volumes}
    assert [p for p in paths if str(Path(p).parent) not in mounted] == []
    assert shipped("kind.yaml")["nodes"][0]["extraMounts"][0]["containerPath"] in mounted
    kubeconfig = (SHIPPED / "webhook-kubeconfig.yaml").read_text()
    assert "/etc/kubernetes/audit" in mounted
    assert kubeconfig.count("/etc/kubernetes/audit/") == 4
