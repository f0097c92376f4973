"""Objects as a metadata-only list or watch shows them, and who plays the list/watch."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from exporter.kube.consumer import Consumer
from exporter.kube.frames import FrameReader
from exporter.workloads import MetadataObject, Owners

NAMESPACE = "shop"
_READER = FrameReader(MetadataObject)
_GROUPS = {
    "ReplicaSet": "apps/v1",
    "Deployment": "apps/v1",
    "StatefulSet": "apps/v1",
    "Job": "batch/v1",
    "CronJob": "batch/v1",
    "Rollout": "argoproj.io/v1alpha1",
    "Node": "v1",
}

Owner = tuple[str, str]


def controlled_by(kind: str, name: str, api_version: str = "") -> dict[str, Any]:
    """A reference to the controller."""
    return {
        "apiVersion": api_version or _GROUPS.get(kind, "example.org/v1"),
        "kind": kind,
        "name": name,
        "uid": f"uid-of-{name}",
        "controller": True,
        "blockOwnerDeletion": True,
    }


def thing(
    name: str, *references: dict[str, Any], namespace: str = NAMESPACE, version: int = 1
) -> dict[str, Any]:
    """An object as JSON; without owners it has no such field, as on the wire."""
    metadata: dict[str, Any] = {
        "name": name,
        "namespace": namespace,
        "uid": f"uid-of-{name}",
        "resourceVersion": str(version),
        "creationTimestamp": "2026-11-22T11:40:53Z",
    }
    if references:
        metadata["ownerReferences"] = list(references)
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
    }


def read(written: dict[str, Any]) -> MetadataObject:
    """Through the decoder that the watch uses."""
    found = _READER.bare(json.dumps(written).encode())
    assert found is not None
    return found


def owned(name: str, owner: Owner | None = None, namespace: str = NAMESPACE) -> MetadataObject:
    """An object with or without a controller, decoded."""
    references = [controlled_by(*owner)] if owner else []
    return read(thing(name, *references, namespace=namespace))


def owners(*namespaces: str, retention: float = 3600.0, limit: int = 1000) -> Owners:
    """Of all namespaces, unless some are named."""
    return Owners(namespaces or ("",), retention=retention, limit=limit)


def informer(house: Owners, kind: str, namespace: str = "") -> Consumer[MetadataObject]:
    """As the list/watch sees it."""
    return house.informer(kind, namespace)


def lists(consumer: Consumer[MetadataObject], items: Iterable[MetadataObject]) -> None:
    """A whole list."""
    consumer.list_began(0.0)
    for item in items:
        assert consumer.listed(item)
    consumer.list_published("100")


def shop() -> Owners:
    """A Deployment with two ReplicaSets and two pods, and a CronJob's Job with one."""
    house = owners()
    lists(
        informer(house, "ReplicaSet"),
        [
            owned("web-5b96d884c6", ("Deployment", "web")),
            owned("web-7c54", ("Deployment", "web")),
        ],
    )
    lists(informer(house, "Job"), [owned("report-29384", ("CronJob", "report"))])
    lists(
        informer(house, "Pod"),
        [
            owned("web-5b96d884c6-9rkmm", ("ReplicaSet", "web-5b96d884c6")),
            owned("web-7c54-x2x", ("ReplicaSet", "web-7c54")),
            owned("report-29384-kk", ("Job", "report-29384")),
        ],
    )
    return house
