"""How long volumes take: to attach, to be made, to grow, to be copied."""

from __future__ import annotations

import pytest

from exporter.rules.rulebook import RuleBook
from tests.unit.events.records import at
from tests.unit.rules.observing import Observation, built_in_rules, observe

DURATION = "kube_event_lifecycle_duration_seconds"
_CLAIM = "PersistentVolumeClaim"
_PV = "persistentvolume-controller"
_PROVISIONER = "csi.example.org_csi-provisioner-0_6c1d1b3e-2f0a-4f5e-9f43-0d1d5a1b2c3d"
_RESIZER = "external-resizer csi.example.org"
_SCHEDULED = "Successfully assigned shop/web-0 to node-a"


@pytest.fixture(scope="module")
def book() -> RuleBook:
    """The catalogue: each test has objects of its own in it."""
    return built_in_rules()


@pytest.fixture
def uid(request: pytest.FixtureRequest) -> str:
    """The uid of an object that no other test has."""
    return str(request.node.name)


class _Object:
    """One object, of which events are observed."""

    def __init__(self, book: RuleBook, kind: str, uid: str) -> None:
        self._book = book
        self._about = {"kind": kind, "object_uid": uid, "field_path": "", "type": "Normal"}

    def event(
        self, seconds: float, component: str, reason: str, **fields: object
    ) -> list[tuple[tuple[str, ...], float | None]]:
        """The durations that an event adds, with their labels."""
        times = {"first_time": at(seconds), "last_time": at(seconds)}
        about = {**self._about, **times, "component": component, "reason": reason}
        found: list[Observation] = observe(self._book, **{**about, **fields})
        return [(o.labels, o.value) for o in found if o.family == DURATION]


def _attached(number: int) -> str:
    return f'AttachVolume.Attach succeeded for volume "pvc-{number}" '


def test_a_pods_first_volume_ends_its_wait(book: RuleBook, uid: str) -> None:
    """From Scheduled; the message ends with a space. Further volumes are not unmatched."""
    pod, attach = _Object(book, "Pod", uid), "attachdetach-controller"
    unmatched = book.lifecycles["volume_attach"].unmatched
    pod.event(0, "gang", "Scheduled", message=_SCHEDULED)
    found = pod.event(12, attach, "SuccessfulAttachVolume", message=_attached(1))
    assert found == [(("volume_attach", "attached"), 12.0)]
    assert pod.event(15, attach, "SuccessfulAttachVolume", message=_attached(2)) == []
    assert book.lifecycles["volume_attach"].unmatched == unmatched


def test_a_pod_without_volumes_does_not_stay_open(book: RuleBook, uid: str) -> None:
    """Its first container starts: there was nothing to attach, and nothing is measured."""
    pod, lifecycle = _Object(book, "Pod", uid), book.lifecycles["volume_attach"]
    before = len(lifecycle)
    pod.event(0, "batch-scheduler", "Scheduled", message=_SCHEDULED)
    assert len(lifecycle) == before + 1
    assert pod.event(3, "kubelet", "Started", message="Container started") == []
    assert len(lifecycle) == before


def test_a_claim_waits_from_the_first_time_it_is_said(book: RuleBook, uid: str) -> None:
    """ExternalProvisioning repeats every 15 s, and failed attempts end nothing."""
    claim = _Object(book, _CLAIM, uid)
    claim.event(0, _PV, "ExternalProvisioning")
    claim.event(15, _PV, "ExternalProvisioning", first_time=at(0), count=2)
    claim.event(20, _PROVISIONER, "Provisioning")
    assert claim.event(21, _PROVISIONER, "ProvisioningFailed", type="Warning") == []
    claim.event(30, _PROVISIONER.replace("6c1d1b3e", "00000000"), "Provisioning")
    found = claim.event(40, _PROVISIONER, "ProvisioningSucceeded")
    assert found == [(("volume_provision", "provisioned"), 40.0)]


def test_an_in_tree_volume_has_no_beginning(book: RuleBook, uid: str) -> None:
    """Nothing is measured, and nothing is unmatched."""
    unmatched = book.lifecycles["volume_provision"].unmatched
    claim = _Object(book, _CLAIM, uid)
    assert claim.event(40, _PV, "ProvisioningSucceeded") == []
    assert book.lifecycles["volume_provision"].unmatched == unmatched


def test_a_resize_ends_with_the_file_system(book: RuleBook, uid: str) -> None:
    """The kubelet tells of it on the pod and on the claim: the claim's ends it, once."""
    claim, pod = _Object(book, _CLAIM, uid), _Object(book, "Pod", f"pod of {uid}")
    claim.event(0, _RESIZER, "Resizing")
    assert claim.event(10, _RESIZER, "FileSystemResizeRequired") == []
    assert pod.event(30, "kubelet", "FileSystemResizeSuccessful") == []
    found = claim.event(30, "kubelet", "FileSystemResizeSuccessful")
    assert found == [(("volume_resize", "resized"), 30.0)]


def test_a_resize_that_needs_no_node_ends_in_the_controller(book: RuleBook, uid: str) -> None:
    """Of raw block volumes, or where the driver does it all; attempts before it are in it."""
    claim = _Object(book, _CLAIM, uid)
    claim.event(0, _RESIZER, "Resizing")
    claim.event(5, _RESIZER, "VolumeResizeFailed", type="Warning")
    claim.event(6, _RESIZER, "Resizing", first_time=at(0), count=2)
    found = claim.event(16, _RESIZER, "VolumeResizeSuccessful")
    assert found == [(("volume_resize", "resized"), 16.0)]


def test_a_second_resize_has_its_own_beginning(book: RuleBook, uid: str) -> None:
    """The event goes on with count 2, and its first occurrence is that of the first resize."""
    claim = _Object(book, _CLAIM, uid)
    claim.event(0, _RESIZER, "Resizing")
    claim.event(10, _RESIZER, "VolumeResizeSuccessful")
    claim.event(500, _RESIZER, "Resizing", first_time=at(0), count=2)
    found = claim.event(520, _RESIZER, "VolumeResizeSuccessful")
    assert found == [(("volume_resize", "resized"), 20.0)]


def test_a_snapshot_is_ready_after_it_is_cut(book: RuleBook, uid: str) -> None:
    """SnapshotCreated stands between: the data may still be on its way."""
    snapshot = _Object(book, "VolumeSnapshot", uid)
    snapshot.event(0, "snapshot-controller", "CreatingSnapshot")
    assert snapshot.event(4, "snapshot-controller", "SnapshotCreated") == []
    found = snapshot.event(30, "snapshot-controller", "SnapshotReady")
    assert found == [(("snapshot", "ready"), 30.0)]
