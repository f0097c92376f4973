"""Nodes: their comings and goings, and what fails on them."""

from __future__ import annotations

import pytest

from exporter.rules.rulebook import RuleBook
from tests.unit.rules.catalogue.node_events import node_event
from tests.unit.rules.observing import Observation, built_in_rules

CHANGES = "kube_event_node_lifecycle_total"
FAILURES = "kube_event_node_failures_total"


@pytest.fixture(scope="module")
def book() -> RuleBook:
    """The catalogue: no test here looks at lifecycles."""
    return built_in_rules()


@pytest.mark.parametrize(
    ("component", "reason", "message", "change"),
    [
        pytest.param("kubelet", "Starting", "Starting kubelet.", "starting", id="kubelet"),
        pytest.param("kube-proxy", "Starting", "Starting kube-proxy.", "proxy_starting", id="1.20"),
        pytest.param("kube-proxy", "Starting", "", "proxy_starting", id="new-api-no-message"),
        pytest.param(
            "kubelet",
            "Rebooted",
            "Node node-a has been rebooted, boot id: 12345678-1234-4234-8234-123456789abc",
            "rebooted",
            id="reboot",
        ),
        pytest.param(
            "kubelet",
            "Shutdown",
            "Shutdown manager detected shutdown event",
            "shutdown",
            id="shutdown",
        ),
        pytest.param(
            "kubelet",
            "Shutdown",
            "Shutdown manager detected shutdown cancellation",
            "shutdown_cancelled",
            id="no-shutdown-after-all",
        ),
        pytest.param(
            "node-controller",
            "RegisteredNode",
            "Node node-a event: Registered Node node-a in Controller",
            "registered",
            id="registered",
        ),
        pytest.param(
            "node-controller",
            "RemovingNode",
            "Node node-a event: Removing Node node-a from Controller",
            "removed",
            id="removed",
        ),
        pytest.param(
            "node-controller",
            "DeletingAllPods",
            "Node node-a event: Deleting all Pods from Node node-a",
            "pods_deleted",
            id="pods",
        ),
        pytest.param(
            "cloud-node-lifecycle-controller",
            "DeletingNode",
            "Deleting node node-a because it does not exist in the cloud provider",
            "deleted",
            id="deleted",
        ),
        pytest.param(
            "cloud-node-lifecycle-controller",
            "Deleting node node-a because it does not exist in the cloud provider",
            "Node node-a event: DeletingNode",
            "deleted",
            id="deleted-1.20-a-sentence-as-reason",
        ),
        pytest.param(
            "cloud-node-controller",
            "Synced",
            "Node synced successfully",
            "initialized",
            id="initialized",
        ),
    ],
)
def test_nodes_come_and_go(
    book: RuleBook, component: str, reason: str, message: str, change: str
) -> None:
    """One change each, by component where the reason has several meanings."""
    found = node_event(book, reason, component=component, message=message)
    assert found == [Observation(CHANGES, (change,), None)]


@pytest.mark.parametrize("reason", ["NodeAllocatableEnforced", "InvalidDiskCapacity", "CgroupV1"])
def test_what_is_said_at_every_start_is_known_and_not_counted(book: RuleBook, reason: str) -> None:
    """Limits in force, a disk not yet measured, the old cgroups: nothing happened to the node."""
    assert book.rules_for("Warning", "kubelet", "Node", reason)
    assert node_event(book, reason, type="Warning") == []


@pytest.mark.parametrize(
    ("component", "reason", "cause"),
    [
        ("kubelet", "EvictionThresholdMet", "eviction_threshold"),
        ("kubelet", "ImageGCFailed", "image_gc"),
        ("kubelet", "FreeDiskSpaceFailed", "disk_full"),
        ("kubelet", "ContainerGCFailed", "container_gc"),
        ("kubelet", "PossibleMemoryBackedVolumesOnDisk", "memory_volumes_on_disk"),
        ("kubelet", "KubeletSetupFailed", "kubelet_setup"),
        ("kubelet", "FailedNodeAllocatableEnforcement", "allocatable"),
        ("kubelet", "MissingClusterDNS", "dns"),
        ("kubelet", "CheckLimitsForResolvConf", "dns_limits"),
        ("cidrAllocator", "CIDRNotAvailable", "cidr"),
        ("cidrAllocator", "CIDRAssignmentFailed", "cidr"),
        ("route_controller", "FailedToCreateRoute", "route"),
    ],
)
def test_what_fails_on_a_node(book: RuleBook, component: str, reason: str, cause: str) -> None:
    """One cause for each reason; the messages do not matter."""
    found = node_event(book, reason, component=component, type="Warning")
    assert found == [Observation(FAILURES, (cause,), None)]


def test_the_reason_of_another_component_is_another_thing(book: RuleBook) -> None:
    """An operator of somebody's may say Starting and Synced of nodes as well."""
    for reason in ("Starting", "Synced", "NodeReady", "Shutdown"):
        assert node_event(book, reason, component="my-operator") == []
