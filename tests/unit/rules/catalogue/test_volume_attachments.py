"""Volumes on nodes: attaching and mounting that failed, and what only looks like it."""

from __future__ import annotations

import pytest

from exporter.rules.rulebook import RuleBook
from tests.unit.rules.catalogue.volume_failures import failures
from tests.unit.rules.observing import built_in_rules


@pytest.fixture(scope="module")
def book() -> RuleBook:
    """The catalogue: no test here looks at lifecycles."""
    return built_in_rules()


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        pytest.param(
            "Unable to attach or mount volumes: unmounted volumes=[timed out], unattached "
            "volumes=[], failed to process volumes=[v]: error processing PVC shop/v: PVC is not "
            "bound",
            "not_found",
            id="volumes-called-timed-and-out",
        ),
        pytest.param(
            "Unable to attach or mount volumes: unmounted volumes=[v], unattached volumes=[v]: "
            "context deadline exceeded [attempt 3]: strange",
            "timeout",
            id="brackets-in-the-error",
        ),
    ],
)
def test_waiting_for_volumes_fails_as_a_mount(book: RuleBook, message: str, cause: str) -> None:
    """The cause stands behind the lists of volumes."""
    assert failures(book, reason="FailedMount", message=message) == [("shop", "mount", cause)]


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(
            "Unable to attach or mount volumes: unmounted volumes=[v], unattached volumes=[v "
            "default-token-jt7kq]: timed out waiting for the condition",
            id="1.20-recorded",
        ),
        pytest.param(
            "Unable to attach or mount volumes: unmounted volumes=[v], unattached volumes=[], "
            "failed to process volumes=[]: context deadline exceeded",
            id="1.28",
        ),
        pytest.param(
            "Unable to mount volumes: unmounted volumes=[v], unattached volumes=[], failed to "
            "process volumes=[]: timed out waiting for the condition",
            id="no-attach",
        ),
    ],
)
def test_a_wait_that_took_too_long_is_no_mount_that_failed(book: RuleBook, message: str) -> None:
    """What kept the volume has events of its own, each with its cause."""
    assert failures(book, reason="FailedMount", message=message) == [("shop", "wait", "timeout")]


@pytest.mark.parametrize(
    "error",
    [
        pytest.param('object "quota"/"kube-root-ca.crt" not registered', id="recorded"),
        pytest.param(
            '[object "shop"/"kube-root-ca.crt" not registered, object "shop"/"ca" not registered]',
            id="projected",
        ),
    ],
)
def test_an_object_that_the_kubelet_forgot_is_no_failure(book: RuleBook, error: str) -> None:
    """Its cache is empty after its restart, or for a pod that goes: the object is there."""
    message = f'MountVolume.SetUp failed for volume "kube-api-access-wn8hm" : {error}'
    assert failures(book, reason="FailedMount", message=message) == []


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        pytest.param(
            'Multi-Attach error for volume "pvc-1" Volume is already exclusively attached to one '
            "node and can't be attached to another",
            "multi_attach",
            id="other-node",
        ),
        pytest.param(
            'Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) web-1',
            "multi_attach",
            id="other-pod",
        ),
        pytest.param(
            'AttachVolume.Attach failed for volume "pvc-1" : timed out waiting for '
            "external-attacher of csi.example.org CSI driver to attach volume vol-1",
            "timeout",
            id="attacher",
        ),
        pytest.param(
            'AttachVolume.Attach failed for volume "pvc-1" : Attach timeout for volume vol-1',
            "timeout",
            id="attacher-1.23",
        ),
        pytest.param(
            'AttachVolume.Attach failed for volume "pvc-1" : CSINode node-a does not contain '
            "driver csi.example.org",
            "driver_missing",
            id="csinode",
        ),
        pytest.param(
            'AttachVolume.Attach failed for volume "Multi-Attach error" : rpc error: strange',
            "other",
            id="a-name",
        ),
    ],
)
def test_attaching_fails(book: RuleBook, message: str, cause: str) -> None:
    """Both forms of message, and a name that looks like one."""
    found = failures(
        book, component="attachdetach-controller", reason="FailedAttachVolume", message=message
    )
    assert found == [("shop", "attach", cause)]


@pytest.mark.parametrize(
    ("reason", "message"),
    [
        ("FailedMapVolume", 'MapVolume.SetUpDevice failed for volume "v" : strange'),
        ("FailedMount", 'MapVolume.MapBlockVolume failed for volume "v" : strange'),
        ("FailedMapVolume", "strange"),
    ],
)
def test_raw_block_volumes_are_mounted_too(book: RuleBook, reason: str, message: str) -> None:
    """Under one reason or the other: mapping them is their mount."""
    assert failures(book, reason=reason, message=message) == [("shop", "mount", "other")]
