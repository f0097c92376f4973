"""Services: their load balancers, addresses, ports and endpoints."""

from __future__ import annotations

import pytest

from exporter.rules.rulebook import RuleBook
from tests.unit.events.records import at
from tests.unit.rules.observing import built_in_rules, observe

OPERATIONS = "kube_event_load_balancer_operations_total"
FAILURES = "kube_event_service_failures_total"
NODE_FAILURES = "kube_event_node_failures_total"
DURATION = "kube_event_lifecycle_duration_seconds"
_SERVICE = {"component": "service-controller", "kind": "Service"}


@pytest.fixture(scope="module")
def book() -> RuleBook:
    """For events that close nothing."""
    return built_in_rules()


@pytest.mark.parametrize(
    ("reason", "message", "operation", "result"),
    [
        ("EnsuringLoadBalancer", "Ensuring load balancer", "ensure", "started"),
        ("EnsuredLoadBalancer", "Ensured load balancer", "ensure", "succeeded"),
        (
            "SyncLoadBalancerFailed",
            "Error syncing load balancer: failed to ensure load balancer: quota exceeded",
            "ensure",
            "failed",
        ),
        (
            "SyncLoadBalancerFailed",
            "Error syncing load balancer: failed to delete load balancer: in use",
            "delete",
            "failed",
        ),
        ("DeletingLoadBalancer", "Deleting load balancer", "delete", "started"),
        ("DeletedLoadBalancer", "Deleted load balancer", "delete", "succeeded"),
        ("DeleteLoadBalancerFailed", "Error deleting load balancer: in use", "delete", "failed"),
        ("UpdatedLoadBalancer", "Updated load balancer with new hosts", "update", "succeeded"),
        ("UpdateLoadBalancerFailed", "Error updating load balancer", "update", "failed"),
        ("UnAvailableLoadBalancer", "There are no available nodes", "update", "unavailable"),
    ],
)
def test_an_operation_on_a_load_balancer(
    book: RuleBook, reason: str, message: str, operation: str, result: str
) -> None:
    """Each is counted by what was to be done and what came of it."""
    found = observe(book, reason=reason, message=message, **_SERVICE)
    counted = [o for o in found if o.family == OPERATIONS]
    assert counted == [(OPERATIONS, ("shop", operation, result), None)]


@pytest.mark.parametrize(
    ("opening", "reason", "message", "lifecycle", "outcome"),
    [
        ("EnsuringLoadBalancer", "EnsuredLoadBalancer", "any", "load_balancer", "ensured"),
        (
            "EnsuringLoadBalancer",
            "SyncLoadBalancerFailed",
            "Error syncing load balancer: failed to ensure load balancer: no",
            "load_balancer",
            "failed",
        ),
        (
            "DeletingLoadBalancer",
            "DeletedLoadBalancer",
            "any",
            "load_balancer_deletion",
            "deleted",
        ),
        (
            "DeletingLoadBalancer",
            "DeleteLoadBalancerFailed",
            "any",
            "load_balancer_deletion",
            "failed",
        ),
        (
            "DeletingLoadBalancer",
            "SyncLoadBalancerFailed",
            "Error syncing load balancer: failed to delete load balancer: no",
            "load_balancer_deletion",
            "failed",
        ),
    ],
)
def test_an_operation_lasts_from_its_latest_start(
    opening: str, reason: str, message: str, lifecycle: str, outcome: str
) -> None:
    """A repeat of the start begins anew: what lies before it was another attempt."""
    book = built_in_rules()
    for count, seconds in ((1, 0), (2, 600)):
        stamps = {"first_time": at(0), "last_time": at(seconds), "count": count}
        observe(book, reason=opening, message="any", **_SERVICE, **stamps)
    found = observe(book, reason=reason, message=message, last_time=at(612), **_SERVICE)
    assert [o for o in found if o.family == DURATION] == [(DURATION, (lifecycle, outcome), 12.0)]


@pytest.mark.parametrize(
    "reason", ["SyncLoadBalancerFailed", "DeletedLoadBalancer", "DeleteLoadBalancerFailed"]
)
def test_an_end_without_a_start_is_normal(reason: str) -> None:
    """A failure before the start and a deletion of nothing are not unmatched."""
    book = built_in_rules()
    found = observe(book, reason=reason, message="any", **_SERVICE)
    assert {o.family for o in found} == {OPERATIONS}
    unmatched = [book.lifecycles[n].unmatched for n in ("load_balancer", "load_balancer_deletion")]
    assert unmatched == [0, 0]


@pytest.mark.parametrize(
    ("component", "kind", "reason", "cause"),
    [
        ("kube-proxy", "Service", "FailedToStartServiceHealthcheck", "health_check_port"),
        ("kube-proxy", "Service", "KubeProxyIncorrectIPVersion", "ip_family"),
        ("ipallocator-repair-controller", "Service", "ClusterIPNotValid", "cluster_ip"),
        ("ipallocator-repair-controller", "Service", "ClusterIPNotAllocated", "cluster_ip"),
        ("ipallocator-repair-controller", "Service", "ClusterIPAlreadyAllocated", "cluster_ip"),
        ("ipallocator-repair-controller", "Service", "ClusterIPOutOfRange", "cluster_ip"),
        ("ipallocator-repair-controller", "Service", "ServiceCIDRFull", "range_full"),
        ("ipallocator-repair-controller", "Service", "IPAddressNotAllocated", "cluster_ip"),
        ("ipallocator-repair-controller", "IPAddress", "IPAddressWrongReference", "cluster_ip"),
        ("portallocator-repair-controller", "Service", "PortNotAllocated", "node_port"),
        ("portallocator-repair-controller", "Service", "PortAlreadyAllocated", "node_port"),
        ("portallocator-repair-controller", "Service", "PortOutOfRange", "node_port"),
        ("portallocator-repair-controller", "Service", "PortRangeFull", "range_full"),
        ("endpoint-slice-controller", "Service", "FailedToListPods", "endpoints"),
        ("endpoint-slice-controller", "Service", "FailedToListEndpointSlices", "endpoints"),
        (
            "endpoint-slice-mirroring-controller",
            "Endpoints",
            "FailedToUpdateEndpointSlices",
            "endpoints",
        ),
        ("endpoint-controller", "Endpoints", "FailedToCreateEndpoint", "endpoints"),
        ("endpoint-controller", "Endpoints", "FailedToUpdateEndpoint", "endpoints"),
        ("endpoint-slice-mirroring-controller", "Endpoints", "InvalidIPAddress", "mirroring"),
        (
            "endpoint-slice-mirroring-controller",
            "Endpoints",
            "TooManyAddressesToMirror",
            "mirroring",
        ),
        ("endpoint-slice-controller", "Service", "TopologyAwareHintsDisabled", "topology_hints"),
    ],
)
def test_a_service_that_is_not_as_it_should_be(
    book: RuleBook, component: str, kind: str, reason: str, cause: str
) -> None:
    """The reason is the cause."""
    found = observe(book, component=component, kind=kind, reason=reason, message="any")
    assert found == [(FAILURES, ("shop", cause), None)]


def test_a_proxy_without_a_health_check_is_a_failure_of_its_node(book: RuleBook) -> None:
    """It stands on a node and concerns no service."""
    found = observe(
        book,
        component="kube-proxy",
        kind="Node",
        reason="FailedToStartProxierHealthcheck",
        message="Failed to start proxier healthz on 0.0.0.0:10256",
        object_namespace="",
    )
    assert found == [(NODE_FAILURES, ("proxy_health_check",), None)]


@pytest.mark.parametrize(
    ("component", "reason", "message"),
    [
        ("service-controller", "Type", "ClusterIP -> LoadBalancer"),
        ("service-controller", "UID", "a -> b"),
        ("service-controller", "LoadBalancerSourceRanges", "[] -> [10.0.0.0/8]"),
        ("service-controller", "LoadbalancerIP", " -> 10.0.0.1"),
        ("service-controller", "ExternalIP", "Count: 0 -> 1"),
        ("service-controller", "ExternalTrafficPolicy", "Cluster -> Local"),
        ("service-controller", "HealthCheckNodePort", "0 -> 30000"),
        ("endpoint-slice-controller", "TopologyAwareHintsEnabled", "Topology Aware Hints"),
    ],
)
def test_a_changed_field_is_known_and_not_counted(
    book: RuleBook, component: str, reason: str, message: str
) -> None:
    """The service controller uses the names of fields as reasons."""
    assert book.rules_for("Normal", component, "Service", reason)
    fields = {"component": component, "kind": "Service", "reason": reason}
    assert observe(book, type="Normal", message=message, **fields) == []


@pytest.mark.parametrize("reason", ["Type", "UID"])
def test_a_fields_name_is_a_reason_of_the_service_controller_only(
    book: RuleBook, reason: str
) -> None:
    """Words so common can be anybody's reason."""
    assert not book.rules_for("Normal", "my-operator", "Service", reason)
