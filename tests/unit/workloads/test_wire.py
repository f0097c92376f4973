from __future__ import annotations

import json
from typing import Any

import pytest

from exporter.kube.frames import Frame, FrameReader
from exporter.workloads import MetadataObject
from exporter.workloads.wire import controller_of
from tests.unit.workloads.objects import controlled_by, read, thing

# A recorded pod's metadata (kube-apiserver 1.36.3), its managed fields cut short.
RECORDED = (
    b'{"type":"MODIFIED","object":{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1",'
    b'"metadata":{"name":"web-5b96d884c6-9rkmm","generateName":"web-5b96d884c6-",'
    b'"namespace":"shop","uid":"92d98f8c-f271-4ff9-b269-1cd71914474f","resourceVersion":"1461",'
    b'"generation":1,"creationTimestamp":"2026-11-22T11:40:53Z","labels":{"app":"web"},'
    b'"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web-5b96d884c6",'
    b'"uid":"287ee6f8-5470-41ff-b4c8-fa0f35a7a32b","controller":true,'
    b'"blockOwnerDeletion":true}],"managedFields":[{"manager":"kube-controller-manager"}]}}}'
)


def test_a_frame_of_metadata_is_read() -> None:
    """Name, version and controller, from what the API server writes."""
    frame = FrameReader(MetadataObject).frame(RECORDED)
    assert isinstance(frame, Frame)
    assert isinstance(frame.object, MetadataObject)
    assert frame.object.resource_version == "1461"
    assert frame.object.metadata is not None
    assert frame.object.metadata.name == "web-5b96d884c6-9rkmm"
    controller = controller_of(frame.object.metadata)
    assert controller is not None
    assert (controller.kind, controller.name) == ("ReplicaSet", "web-5b96d884c6")


def test_a_whole_object_is_read_too() -> None:
    """A server that does not know of metadata alone sends the pod; the rest is skipped."""
    whole = thing("web-0", controlled_by("StatefulSet", "web")) | {
        "kind": "Pod",
        "spec": {"containers": [{"name": "app"}]},
        "status": {"phase": "Running"},
    }
    assert read(whole) == read(thing("web-0", controlled_by("StatefulSet", "web")))


def test_owners_that_do_not_control_are_none() -> None:
    """Only the reference with controller true says who manages an object."""
    first = controlled_by("ConfigMap", "settings") | {"controller": False}
    second = controlled_by("Secret", "key")
    del second["controller"]
    found = read(thing("web-0", first, second, controlled_by("StatefulSet", "web")))
    assert found.metadata is not None
    controller = controller_of(found.metadata)
    assert controller is not None
    assert controller.name == "web"


@pytest.mark.parametrize(
    "metadata",
    [{}, {"ownerReferences": None}, {"ownerReferences": []}, {"ownerReferences": [{}]}],
)
def test_absent_and_null_owners_are_none(metadata: dict[str, Any]) -> None:
    """Each way of saying that nobody controls an object is understood."""
    found = read({"metadata": metadata})
    assert found.metadata is not None
    assert controller_of(found.metadata) is None


def test_an_object_without_metadata_has_no_version() -> None:
    """It is read, so that one such object does not take its page along."""
    assert read({}).resource_version == ""
    assert read(json.loads('{"metadata": null}')).resource_version == ""
