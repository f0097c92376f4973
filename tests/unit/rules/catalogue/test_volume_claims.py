"""Claims and the volumes made for them: provisioned, bound, grown, recycled."""

from __future__ import annotations

import pytest

from exporter.rules.rulebook import RuleBook
from tests.unit.rules.catalogue.volume_failures import failures
from tests.unit.rules.observing import built_in_rules, observe

_PROVISIONER = "csi.example.org_csi-provisioner-0_6c1d1b3e-2f0a-4f5e-9f43-0d1d5a1b2c3d"
_PV = "persistentvolume-controller"
_CLAIM = "PersistentVolumeClaim"


@pytest.fixture(scope="module")
def book() -> RuleBook:
    """The catalogue: no test here looks at lifecycles."""
    return built_in_rules()


@pytest.mark.parametrize(
    ("component", "message", "cause"),
    [
        (_PV, 'storageclass.storage.k8s.io "nosuchclass" not found', "not_found"),
        (
            _PV,
            'Failed to provision volume with StorageClass "old": selector is not supported',
            "invalid",
        ),
        (
            _PROVISIONER,
            (
                'failed to provision volume with StorageClass "fast": rpc error: code = '
                "ResourceExhausted desc = out of capacity"
            ),
            "quota",
        ),
        (
            _PROVISIONER.replace("6c1d1b3e", "00000000"),
            (
                'failed to provision volume with StorageClass "fast": error generating '
                "accessibility requirements: no topology key found on CSINode node-a"
            ),
            "driver_missing",
        ),
    ],
)
def test_a_provisioner_is_known_by_kind_and_reason(
    book: RuleBook, component: str, message: str, cause: str
) -> None:
    """Its component has a uuid in it that is new at every start."""
    found = failures(
        book, component=component, kind=_CLAIM, reason="ProvisioningFailed", message=message
    )
    assert found == [("shop", "provision", cause)]


@pytest.mark.parametrize(
    ("type_", "message", "expected"),
    [
        (
            "Normal",
            "no persistent volumes available for this claim and no storage class is set",
            [("shop", "bind", "no_storage_class")],
        ),
        ("Normal", "it waits", []),
        (
            "Warning",
            'volume "pv1" already bound to a different claim.',
            [("shop", "bind", "conflict")],
        ),
    ],
)
def test_a_claim_that_nothing_will_ever_fit_has_failed(
    book: RuleBook, type_: str, message: str, expected: list[tuple[str, str, str]]
) -> None:
    """A Normal event where there is no class to make a volume, else a Warning."""
    found = failures(
        book, component=_PV, kind=_CLAIM, reason="FailedBinding", type=type_, message=message
    )
    assert found == expected


def test_another_schedulers_failed_binding_is_not_the_volumes(book: RuleBook) -> None:
    """The same reason from another component is another thing."""
    assert failures(book, component="kai-scheduler", reason="FailedBinding") == []


@pytest.mark.parametrize("type_", ["Normal", "Warning"])
@pytest.mark.parametrize(
    "told",
    [
        'Pulling image "busybox:1.36"',
        'Failed to pull image "busybox:1.36": rpc error: no such host',
        "Error: ErrImagePull",
        "0/1 nodes are available: 1 node(s) had untolerated taint(s).",
    ],
)
def test_what_a_recycler_pod_does_is_told_by_itself(book: RuleBook, type_: str, told: str) -> None:
    """The volume's event repeats the pod's, word for word: it adds nothing to any family."""
    found = observe(
        book,
        component=_PV,
        kind="PersistentVolume",
        object_namespace="",
        reason="RecyclerPod",
        type=type_,
        message=f"Recycler pod: {told}",
    )
    assert found == []


@pytest.mark.parametrize(
    ("kind", "expected"), [("Pod", [("shop", "resize", "filesystem")]), (_CLAIM, [])]
)
def test_a_file_system_that_did_not_grow_fails_once(
    book: RuleBook, kind: str, expected: list[tuple[str, str, str]]
) -> None:
    """Kubelets tell of it on the pod, and some on the claim once more."""
    message = 'MountVolume.NodeExpandVolume failed for volume "v" requested read-only file system'
    found = failures(book, kind=kind, reason="FileSystemResizeFailed", message=message)
    assert found == expected
