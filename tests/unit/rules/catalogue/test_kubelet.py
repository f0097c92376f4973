"""What the kubelet says of pods beside their containers and volumes."""

from __future__ import annotations

import pytest

from exporter.rules.rulebook import RuleBook
from tests.unit.rules.observing import Observation, built_in_rules, observe

FAILURES = "kube_event_kubelet_failures_total"


@pytest.fixture(scope="module")
def book() -> RuleBook:
    """The catalogue: nothing here opens a lifecycle."""
    return built_in_rules()


@pytest.mark.parametrize(
    ("reason", "message", "cause"),
    [
        pytest.param(
            "FailedSync", "error determining status: rpc error: code = Unknown", "sync", id="sync"
        ),
        pytest.param("FailedSync", "Error syncing pod, skipping: timeout", "sync", id="sync-1.9"),
        pytest.param(
            "FailedValidation",
            'Error validating pod web-0 from file due to duplicate pod name "web-0", ignoring',
            "validation",
            id="static-pod",
        ),
        pytest.param(
            "MissingClusterDNS",
            'pod: "probe_default(0f2b6f3e)". kubelet does not have ClusterDNS IP configured and '
            'cannot create Pod using "ClusterFirst" policy. Falling back to "Default" policy.',
            "dns",
            id="no-dns-recorded",
        ),
        pytest.param(
            "DNSConfigForming",
            "Nameserver limits were exceeded, some nameservers have been omitted, the applied "
            "nameserver line is: 10.0.0.1 10.0.0.2 10.0.0.3",
            "dns_limits",
            id="nameservers",
        ),
        pytest.param(
            "HostIPsIPFamilyMismatch",
            "Kubelet has IPv6 primary, pod has IPv4 primary",
            "ip_family",
            id="ip-family",
        ),
        pytest.param(
            "NetworkNotReady",
            "network is not ready: container runtime network not ready: NetworkReady=false "
            "reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not "
            "initialized",
            "network_not_ready",
            id="network-recorded",
        ),
        pytest.param(
            "FailedKillPod",
            'error killing pod: failed to "KillPodSandbox" for "fa57cc79" with '
            'KillPodSandboxError: "rpc error: code = Unknown desc = cni plugin not initialized"',
            "kill",
            id="kill-recorded",
        ),
    ],
)
def test_each_has_its_cause(book: RuleBook, reason: str, message: str, cause: str) -> None:
    """One cause for each reason, whatever the version's words."""
    found = observe(book, reason=reason, message=message)
    assert found == [Observation(FAILURES, ("shop", cause), None)]


def test_a_nodes_missing_dns_is_not_a_pods(book: RuleBook) -> None:
    """The kubelet says it of both, and each counts in its own family."""
    found = observe(book, reason="MissingClusterDNS", kind="Node", object_namespace="")
    assert [o.family for o in found] == ["kube_event_node_failures_total"]


def test_another_components_failed_sync_is_not_the_kubelets(book: RuleBook) -> None:
    """FailedSync is a reason of many controllers."""
    assert observe(book, component="my-operator", reason="FailedSync", message="no") == []
