"""Pods without a sandbox: the network, the runtime, and what else it takes."""

from __future__ import annotations

import pytest

from exporter.rules.rulebook import AGGREGATED
from tests.unit.rules.catalogue.pod_events import (
    CREATION_FAILURES,
    SANDBOX_FAILURES,
    counted,
    recorded_causes,
)


@pytest.mark.parametrize("prefix", ["", AGGREGATED], ids=["single", "aggregated"])
@pytest.mark.parametrize(
    "error",
    [
        pytest.param(
            'rpc error: code = Unknown desc = failed to setup network for sandbox "e3aed80d": '
            "cni plugin not initialized",
            id="1.36",
        ),
        pytest.param(
            "rpc error: code = Unknown desc = failed to setup network for sandbox "
            '"0123": plugin type="calico" failed (add): error getting ClusterInformation: '
            "connection is unauthorized",
            id="plugin",
        ),
        pytest.param(
            'rpc error: code = Unknown desc = failed to set up sandbox container "0123" '
            'network for pod "web-0": networkPlugin cni failed to set up pod "web-0_shop" '
            "network: no IP addresses available in range set: 10.0.0.1-10.0.0.254",
            id="dockershim",
        ),
        pytest.param(
            'rpc error: code = Unknown desc = [failed to set up sandbox container "0123" '
            "network for pod, failed to allocate for range 0: no IP addresses available]",
            id="addresses",
        ),
    ],
)
def test_the_network_is_a_cause_of_its_own(prefix: str, error: str) -> None:
    """What the network plugin says goes to other people than what the runtime says."""
    found = counted(
        reason="FailedCreatePodSandBox",
        message=f"{prefix}Failed to create pod sandbox: {error}",
        field_path="",
    )
    assert found == {
        SANDBOX_FAILURES: ("shop", "network"),
        CREATION_FAILURES: ("shop", "sandbox_network", "FailedCreatePodSandBox"),
    }


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        pytest.param(
            "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to get "
            'sandbox runtime: no runtime for "nosuch" is configured',
            "runtime_class",
            id="1.20-runtime-class",
        ),
        pytest.param(
            f"{AGGREGATED}Failed to create pod sandbox: rpc error: code = Unknown desc = "
            'unable to get OCI runtime for sandbox "52a8": no runtime for "nosuch" is '
            "configured",
            "runtime_class",
            id="1.36-runtime-class",
        ),
        pytest.param(
            "Failed to create pod sandbox: rpc error: code = Unavailable desc = connection "
            'error: desc = "transport: Error while dialing: dial unix /run/containerd/'
            'containerd.sock: connect: no such file or directory"',
            "runtime",
            id="runtime-down",
        ),
        pytest.param(
            "Failed to create pod sandbox: mkdir /var/log/pods/lab_a-very-long-pod-name: file "
            "name too long",
            "runtime",
            id="name-too-long",
        ),
        pytest.param(
            "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to get "
            'sandbox image "registry.example.org/pause:3.9": failed to pull image',
            "image",
            id="pause-image",
        ),
        pytest.param(
            "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to create "
            "containerd task: failed to create shim task: OCI runtime create failed: unable "
            "to apply cgroup configuration: no such file or directory",
            "cgroup",
            id="cgroup",
        ),
        pytest.param(
            "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to create "
            "containerd task: failed to create shim task: write /run/x: no space left on device",
            "disk",
            id="disk-full",
        ),
        pytest.param(
            "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to get "
            'sandbox image "registry.example.org/pause:3.9": failed to pull image: write /var/x: '
            "no space left on device",
            "disk",
            id="disk-full-of-images",
        ),
        pytest.param(
            "Failed to create pod sandbox: rpc error: code = Unknown desc = unable to apply "
            "cgroup configuration: mkdir /sys/fs/cgroup/x: no space left on device",
            "cgroup",
            id="too-many-cgroups",
        ),
        pytest.param("", "runtime", id="empty"),
    ],
)
def test_what_is_no_network_is_the_sandbox(message: str, cause: str) -> None:
    """The runtime's failures are told apart where the reader would look elsewhere."""
    found = counted(reason="FailedCreatePodSandBox", message=message, field_path="")
    assert found == {
        SANDBOX_FAILURES: ("shop", cause),
        CREATION_FAILURES: ("shop", "sandbox", "FailedCreatePodSandBox"),
    }


@pytest.mark.parametrize(
    ("reason", "message", "cause"),
    [
        (
            "FailedCreatePodContainer",
            "unable to ensure pod container exists: failed to create container for [kubepods]",
            "cgroup",
        ),
        (
            "FailedPrepareDynamicResources",
            "Failed to prepare dynamic resources: claim gpu: not found",
            "resources",
        ),
    ],
)
def test_reasons_that_are_causes(reason: str, message: str, cause: str) -> None:
    """Where the reason says it all the message does not matter."""
    found = counted(reason=reason, message=message, field_path="")
    assert found == {
        SANDBOX_FAILURES: ("shop", cause),
        CREATION_FAILURES: ("shop", "sandbox", reason),
    }


def test_a_node_without_a_network_fails_no_sandbox() -> None:
    """The kubelet says so at each look at each pod, running ones too: it is about its node."""
    message = (
        "network is not ready: container runtime network not ready: NetworkReady=false "
        "reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not "
        "initialized"
    )
    assert counted(reason="NetworkNotReady", message=message, field_path="") == {}


def test_an_unknown_state_is_no_failed_creation() -> None:
    """The pod may run while its sandbox cannot be read."""
    message = "Unable to get pod sandbox status: rpc error: code = Unavailable"
    found = counted(reason="FailedPodSandBoxStatus", message=message, field_path="")
    assert found == {SANDBOX_FAILURES: ("shop", "status")}


def test_a_sandbox_made_anew_is_no_failure() -> None:
    """It is changed or gone, and the kubelet makes another."""
    message = "Pod sandbox changed, it will be killed and re-created."
    assert counted(reason="SandboxChanged", type="Normal", message=message) == {}


def test_sandboxes_fail_for_known_causes() -> None:
    """No recorded message of a sandbox is read as another's."""
    for cause, message in recorded_causes()[SANDBOX_FAILURES]:
        expected = (
            "network"
            if "cni plugin" in message
            else "runtime_class"
            if "no runtime for" in message
            else "runtime"
        )
        assert cause == expected, message
