"""Volumes: the operation that failed, and what only goes on."""

from __future__ import annotations

import pytest

from exporter.rules.rulebook import RuleBook
from tests.unit.rules.catalogue.volume_failures import failures
from tests.unit.rules.observing import built_in_rules, observe

_PROVISIONER = "csi.example.org_csi-provisioner-0_6c1d1b3e-2f0a-4f5e-9f43-0d1d5a1b2c3d"
_RESIZER = "external-resizer csi.example.org"
_SNAPSHOTTER = "csi-snapshotter csi.example.org"
_PV = "persistentvolume-controller"
_CLAIM = "PersistentVolumeClaim"


@pytest.fixture(scope="module")
def book() -> RuleBook:
    """The catalogue: no test here looks at lifecycles."""
    return built_in_rules()


@pytest.mark.parametrize(
    ("event", "message", "labels"),
    [
        (("attachdetach-controller", "Pod", "FailedDetachVolume"), "strange", ("detach", "other")),
        (
            ("kubelet", "Pod", "AlreadyMountedVolume"),
            "The requested fsGroup",
            ("mount", "conflict"),
        ),
        (("kubelet", "Pod", "FailedUnMount"), "device or resource busy", ("unmount", "conflict")),
        (("kubelet", "Pod", "VolumeConditionAbnormal"), "Volume v: bad disk", ("health", "other")),
        (
            ("csi-pv-monitor-controller-csi.example.org", _CLAIM, "VolumeConditionAbnormal"),
            "Volume is not found",
            ("health", "not_found"),
        ),
        ((_PV, _CLAIM, "ClaimLost"), "Data on the volume is lost!", ("bind", "not_found")),
        ((_PV, _CLAIM, "ClaimMisbound"), "Two claims", ("bind", "conflict")),
        ((_PV, _CLAIM, "VolumeMismatch"), "requested PV is too small", ("bind", "invalid")),
        (
            ("ephemeral_volume", "Pod", "FailedBinding"),
            "PVC shop/a was not created for pod shop/a (pod is not owner)",
            ("bind", "conflict"),
        ),
        ((_RESIZER, _CLAIM, "VolumeModifyFailed"), "code = OutOfRange", ("resize", "invalid")),
        (("volume_expand", _CLAIM, "VolumeResizeFailed"), "strange", ("resize", "other")),
        (
            (_RESIZER, _CLAIM, "VolumeResizeFailed"),
            (
                'resize volume "v" by resizer "csi.example.org" failed: rpc error: code = '
                "DeadlineExceeded desc = context deadline exceeded"
            ),
            ("resize", "timeout"),
        ),
        (("kubelet", "Pod", "VolumeResizeFailed"), "code = Unavailable", ("resize", "unavailable")),
        (
            ("snapshot-controller", "VolumeSnapshot", "SnapshotDeletePending"),
            "Snapshot is being used to restore a PVC",
            ("snapshot", "conflict"),
        ),
        (
            (_SNAPSHOTTER, "VolumeSnapshotContent", "SnapshotCreationFailed"),
            "Failed to create snapshot: strange",
            ("snapshot", "other"),
        ),
    ],
)
def test_each_operation_has_its_name(
    book: RuleBook, event: tuple[str, str, str], message: str, labels: tuple[str, str]
) -> None:
    """What was tried, and why it failed."""
    component, kind, reason = event
    found = failures(book, component=component, kind=kind, reason=reason, message=message)
    assert found == [("shop", *labels)]


@pytest.mark.parametrize(
    ("event", "message", "labels"),
    [
        (("aws-cloud-provider", "Node", "VolumeAttachmentStuck"), "stuck", ("attach", "timeout")),
        (
            ("kubelet", "PersistentVolume", "FailedMountOnFilesystemMismatch"),
            "expected ext4",
            ("mount", "filesystem"),
        ),
        (
            (_PV, "PersistentVolume", "VolumeFailedRecycle"),
            (
                "Recycle failed: failed to recycle volume: Pod was active on the node longer than "
                "the specified deadline"
            ),
            ("delete", "timeout"),
        ),
        (
            (_PROVISIONER, "PersistentVolume", "VolumeFailedDelete"),
            "rpc error: code = FailedPrecondition desc = volume vol-1 has snapshots",
            ("delete", "conflict"),
        ),
    ],
)
def test_what_has_no_namespace_has_an_empty_one(
    book: RuleBook, event: tuple[str, str, str], message: str, labels: tuple[str, str]
) -> None:
    """Nodes and volumes belong to the cluster."""
    component, kind, reason = event
    found = failures(
        book, component=component, kind=kind, object_namespace="", reason=reason, message=message
    )
    assert found == [("", *labels)]


@pytest.mark.parametrize(
    ("component", "kind", "reason", "type_"),
    [
        ("kubelet", "Pod", "SuccessfulMountVolume", "Normal"),
        ("kubelet", "Pod", "VolumePermissionChangeInProgress", "Warning"),
        (_PV, _CLAIM, "WaitForFirstConsumer", "Normal"),
        (_PV, _CLAIM, "WaitForPodScheduled", "Normal"),
        (_PV, "PersistentVolume", "VolumeDelete", "Normal"),
        (_PV, "PersistentVolume", "VolumeRecycled", "Normal"),
        (_PV, "PersistentVolume", "VolumeFailedRecycle", "Normal"),
        ("volume_expand", _CLAIM, "ExternalExpanding", "Warning"),
        ("volume_expand", _CLAIM, "ExternalExpanding", "Normal"),
        (_RESIZER, _CLAIM, "FileSystemResizeRequired", "Normal"),
        (_RESIZER, _CLAIM, "VolumeModify", "Normal"),
        (_RESIZER, _CLAIM, "VolumeModifyCanceled", "Normal"),
        (_RESIZER, _CLAIM, "VolumeModifySuccessful", "Normal"),
        ("snapshot-controller", "VolumeSnapshot", "SnapshotCreated", "Normal"),
    ],
)
def test_what_goes_on_is_no_failure(
    book: RuleBook, component: str, kind: str, reason: str, type_: str
) -> None:
    """Known, and deliberately nothing."""
    message = "timed out, not found"
    found = observe(
        book, component=component, kind=kind, reason=reason, type=type_, message=message
    )
    assert found == []
    assert book.rules_for(type_, component, kind, reason) != []
