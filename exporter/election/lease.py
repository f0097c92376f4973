# SPDX-License-Identifier: Apache-2.0
"""The Lease (coordination.k8s.io/v1) as the API server spells it: read, claimed, given up.

An update carries the whole object as it was read, but for what the election says in it:
labels, owners and other people's annotations stay.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

GROUP = "coordination.k8s.io"
API_VERSION = f"{GROUP}/v1"
PROGRESS = "kube-event-metrics/progress"
"""The annotation that holds what the leader publishes."""
# Kubernetes' validation allows 256 KiB for all annotations of an object together
# (apimachinery pkg/api/validation, TotalAnnotationSizeLimitB); some is left for others'.
PAYLOAD_LIMIT_BYTES = 240 * 1024
_MAX_TRANSITIONS = 2**31 - 1


class PayloadTooLargeError(ValueError):
    """What was to be published has no room in the annotations of a Lease."""


@dataclass(frozen=True, slots=True)
class LeasePlace:
    """Which Lease."""

    namespace: str
    name: str

    @property
    def collection(self) -> str:
        """Where it is created."""
        return f"/apis/{API_VERSION}/namespaces/{self.namespace}/leases"

    @property
    def path(self) -> str:
        """Where it is read and updated."""
        return f"{self.collection}/{self.name}"


@dataclass(frozen=True, slots=True)
class Lease:
    """One version of the Lease."""

    version: str
    """Changes with every write, whoever writes."""
    holder: str
    """The identity of who holds it; ``""`` where nobody does."""
    duration: float
    """How long its holder's renewal is good for, in seconds; 0.0 where it does not say."""
    transitions: int
    payload: str
    document: dict[str, Any]


class _Metadata(msgspec.Struct, rename="camel"):
    resource_version: str
    uid: str = ""
    annotations: dict[str, str] | None = None


class _Spec(msgspec.Struct, rename="camel"):
    holder_identity: str | None = None
    lease_duration_seconds: int | None = None
    lease_transitions: int | None = None


class _Object(msgspec.Struct):
    metadata: _Metadata
    spec: _Spec | None = None


def read(body: bytes) -> Lease | None:
    """The Lease that an answer holds; None where it holds none."""
    try:
        document = msgspec.json.decode(body)
        found = msgspec.convert(document, _Object)
    except (msgspec.MsgspecError, RecursionError):
        return None
    metadata, spec = found.metadata, found.spec or _Spec()
    if not metadata.resource_version:
        return None
    return Lease(
        version=f"{metadata.uid}/{metadata.resource_version}",
        holder=spec.holder_identity or "",
        duration=float(max(spec.lease_duration_seconds or 0, 0)),
        transitions=max(spec.lease_transitions or 0, 0),
        payload=(metadata.annotations or {}).get(PROGRESS, ""),
        document=document,
    )


def written(
    place: LeasePlace,
    before: Lease | None,
    holder: str,
    *,
    seconds: float,
    wall: float,
    payload: str | None,
) -> bytes:
    """The object that says that ``holder`` has the Lease for ``seconds``, from ``wall`` on.

    ``holder`` ``""`` gives it up, as client-go's ReleaseOnCancel. ``before`` is what it is
    written over, None where there is no Lease. Without ``payload`` the one that is there
    stays. The times in it are for people: nobody compares them.
    """
    document: dict[str, Any] = {"apiVersion": API_VERSION, "kind": "Lease"}
    metadata: dict[str, Any] = {"name": place.name, "namespace": place.namespace}
    if before is not None:
        document, metadata = before.document, dict(before.document["metadata"])
    spec = dict(document.get("spec") or {})
    spec["renewTime"] = now = _micro_time(wall)
    # A whole number on the wire, and never less than is meant: others rely on it.
    spec["leaseDurationSeconds"] = math.ceil(seconds) if holder else 1
    if before is None or before.holder != holder:
        spec.update(holderIdentity=holder, acquireTime=now)
        if holder:
            # As client-go: the first holder is no transition, any other one is.
            transitions = before.transitions + 1 if before else 0
            spec["leaseTransitions"] = min(transitions, _MAX_TRANSITIONS)
    if payload is not None:
        metadata["annotations"] = {**(metadata.get("annotations") or {}), PROGRESS: payload}
    return msgspec.json.encode({**document, "metadata": metadata, "spec": spec})


def _micro_time(wall: float) -> str:
    return datetime.fromtimestamp(wall, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
