"""Pods that have a node and do not start there: refused by it, or without their volumes."""

from __future__ import annotations

import pytest

from exporter.rules.rulebook import AGGREGATED
from tests.unit.rules.catalogue.pod_events import CREATION_FAILURES, counted


class TestRefusedByTheNode:
    @pytest.mark.parametrize(
        "reason",
        [
            "AppArmor",
            "FailedNodeDeclaredFeaturesCheck",
            "InitContainerRestartPolicyForbidden",
            "InvalidNodeInfo",
            "NoNewPrivs",
            "NodeAffinity",
            "NodeName",
            "NodePorts",
            "NodeShutdown",
            "OutOfcpu",
            "OutOfephemeral-storage",
            "OutOfmemory",
            "OutOfpods",
            "PodFeatureUnsupported",
            "PodOSNotSupported",
            "PodOSSelectorNodeLabelDoesNotMatch",
            "ProcMount",
            "SMTAlignmentError",
            "Shutdown",
            "SysctlForbidden",
            "TaintToleration",
            "TopologyAffinityError",
            "UnexpectedAdmissionError",
            "UnexpectedPredicateFailureType",
            "UnknownReason",
        ],
    )
    def test_a_kubelet_refuses_a_pod(self, reason: str) -> None:
        """The reason says why, whatever the message."""
        found = counted(reason=reason, message="any", field_path="")
        assert found == {CREATION_FAILURES: ("shop", "node_rejected", reason)}

    @pytest.mark.parametrize("reason", ["OutOfnvidia.com/gpu", "OutOfhugepages-2Mi", "OutOfx.org/"])
    def test_resources_that_anybody_can_name_are_one(self, reason: str) -> None:
        """Who binds a pod to a node can write any resource into the reason."""
        message = f"Node didn't have enough resource: {reason}, requested: 1, used: 0, capacity: 0"
        found = counted(reason=reason, message=message, field_path="")
        assert found == {CREATION_FAILURES: ("shop", "node_rejected", "OutOf")}

    def test_the_same_reason_about_a_node_is_no_pod(self) -> None:
        """A node that shuts down says so of itself."""
        assert counted(reason="Shutdown", kind="Node", message="Shutdown manager") == {}


@pytest.mark.parametrize(
    ("component", "reason"),
    [
        ("kubelet", "FailedMount"),
        ("kubelet", "FailedAttachVolume"),
        ("attachdetach-controller", "FailedAttachVolume"),
        ("kubelet", "FailedMapVolume"),
    ],
)
def test_a_pod_waits_for_its_volume(component: str, reason: str) -> None:
    """Where the reason says it all the message does not matter."""
    found = counted(component=component, reason=reason, message="any", field_path="")
    assert found == {CREATION_FAILURES: ("shop", "volume", reason)}


@pytest.mark.parametrize("prefix", ["", AGGREGATED], ids=["single", "aggregated"])
@pytest.mark.parametrize(
    "error", ["timed out waiting for the condition", "context deadline exceeded"]
)
@pytest.mark.parametrize("what", ["attach or mount", "mount"])
def test_the_summary_of_a_wait_is_no_second_failure(prefix: str, error: str, what: str) -> None:
    """What kept the volume has an event of its own; this one says that it was long."""
    message = f"{prefix}Unable to {what} volumes: unmounted volumes=[v], unattached volumes=[v]: "
    assert counted(reason="FailedMount", message=message + error, field_path="") == {}


def test_a_summary_with_an_error_is_a_failure() -> None:
    """A claim that is not bound has no other event of the kubelet."""
    message = (
        "Unable to attach or mount volumes: unmounted volumes=[v], unattached volumes=[], failed "
        "to process volumes=[v]: error processing PVC shop/v: PVC is not bound"
    )
    found = counted(reason="FailedMount", message=message, field_path="")
    assert found == {CREATION_FAILURES: ("shop", "volume", "FailedMount")}


@pytest.mark.parametrize(
    "error",
    [
        'object "shop"/"kube-root-ca.crt" not registered',
        '[object "shop"/"kube-root-ca.crt" not registered, object "shop"/"more" not registered]',
    ],
    ids=["one", "several"],
)
def test_an_object_the_kubelet_does_not_watch_is_no_failure(error: str) -> None:
    """The kubelet says so after its own restart, and of pods that go."""
    message = f'MountVolume.SetUp failed for volume "kube-api-access-x" : {error}'
    assert counted(reason="FailedMount", message=message, field_path="") == {}


def test_an_object_that_is_not_there_is_a_failure() -> None:
    """That a pod's objects are not watched does not hide one that is missing."""
    message = (
        'MountVolume.SetUp failed for volume "all" : [object "shop"/"a" not registered, configmap '
        '"b" not found]'
    )
    found = counted(reason="FailedMount", message=message, field_path="")
    assert found == {CREATION_FAILURES: ("shop", "volume", "FailedMount")}
