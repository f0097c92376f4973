"""Volumes: failures by operation and cause, and what only goes on."""

from __future__ import annotations

import pytest

from exporter.rules.rulebook import RuleBook
from tests.unit.rules.observing import built_in_rules, observe

FAILURES = "kube_event_volume_failures_total"
_PROVISIONER = "csi.example.org_csi-provisioner-0_6c1d1b3e-2f0a-4f5e-9f43-0d1d5a1b2c3d"
_RESIZER = "external-resizer csi.example.org"
_SNAPSHOTTER = "csi-snapshotter csi.example.org"
_PV = "persistentvolume-controller"
_CLAIM = "PersistentVolumeClaim"


@pytest.fixture(scope="module")
def book() -> RuleBook:
    """The catalogue: no test here looks at lifecycles."""
    return built_in_rules()


def _failures(book: RuleBook, **fields: object) -> list[tuple[str, ...]]:
    return [o.labels for o in observe(book, **fields) if o.family == FAILURES]


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
    assert _failures(book, reason="FailedMount", message=message) == [("shop", "mount", cause)]


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
    assert _failures(book, reason="FailedMount", message=message) == [("shop", "wait", "timeout")]


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
    assert _failures(book, reason="FailedMount", message=message) == []


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
    found = _failures(
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
    assert _failures(book, reason=reason, message=message) == [("shop", "mount", "other")]


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
    found = _failures(book, component=component, kind=kind, reason=reason, message=message)
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
    found = _failures(
        book, component=component, kind=kind, object_namespace="", reason=reason, message=message
    )
    assert found == [("", *labels)]


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
    found = _failures(
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
    found = _failures(
        book, component=_PV, kind=_CLAIM, reason="FailedBinding", type=type_, message=message
    )
    assert found == expected


def test_another_schedulers_failed_binding_is_not_the_volumes(book: RuleBook) -> None:
    """The same reason from another component is another thing."""
    assert _failures(book, component="kai-scheduler", reason="FailedBinding") == []


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
    found = _failures(book, kind=kind, reason="FileSystemResizeFailed", message=message)
    assert found == expected


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
