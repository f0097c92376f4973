# SPDX-License-Identifier: Apache-2.0
"""Event objects as the two recorders of client-go write them, in their stored core/v1 form.

Also the vocabulary of both recorders: what an event is about, the labels it counts under, and the
ground truth of how often each has been shown.
"""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass
from typing import Any, NamedTuple

from exporter.demo import api_time

_NAME_LIMIT = 253
_NAMESPACE_OF_CLUSTER_OBJECTS = "default"


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """What an event is about: an ObjectReference; empty fields are left out of the JSON."""

    kind: str
    name: str
    namespace: str = ""
    uid: str = ""
    api_version: str = "v1"
    resource_version: str = ""
    field_path: str = ""

    def json(self) -> dict[str, str]:
        """The involvedObject, its fields in the order of the API."""
        fields = {
            "kind": self.kind,
            "namespace": self.namespace,
            "name": self.name,
            "uid": self.uid,
            "apiVersion": self.api_version,
            "resourceVersion": self.resource_version,
            "fieldPath": self.field_path,
        }
        return {name: value for name, value in fields.items() if value}

    @property
    def event_namespace(self) -> str:
        """Where events about it are stored."""
        return self.namespace or _NAMESPACE_OF_CLUSTER_OBJECTS


class LabelSet(NamedTuple):
    """The labels that an occurrence is counted under."""

    type: str
    reason: str
    kind: str
    namespace: str
    component: str


class GroundTruth:
    """How often each label set has occurred, as its cluster knows and a reader does not.

    `visible` counts what the API server has shown: the sum of what every write raised an event's
    count by. `recorded` counts every call of a recorder, also those that the recorder filtered or
    still keeps in memory.
    """

    def __init__(self) -> None:
        self.visible: Counter[LabelSet] = Counter()
        self.recorded: Counter[LabelSet] = Counter()

    def snapshot(self) -> Counter[LabelSet]:
        """A copy of `visible`, to tell later what came since."""
        return Counter(self.visible)


class NameSource:
    """Names of new events: `<object>.<16 hex digits of the time in ns>`, or a UUID if too long.

    Nanoseconds never repeat, as on a real clock, though `now` may.
    """

    def __init__(self) -> None:
        self._last = 0

    def name(self, involved: str, now: float) -> str:
        """A name for an event about the object `involved` that first occurred at `now`."""
        self._last = max(int(now * 1e9), self._last + 1)
        name = f"{involved}.{self._last:016x}"
        if len(name) > _NAME_LIMIT:
            return str(uuid.uuid5(uuid.NAMESPACE_OID, name))
        return name


def legacy_event(
    ref: ObjectRef,
    name: str,
    *,
    kind: str,
    reason: str,
    message: str,
    component: str,
    host: str,
    reported: bool,
    manager: str,
    first: float,
    now: float,
    count: int,
) -> dict[str, Any]:
    """What the old recorder stores; `reported` says whether reportingComponent is filled in.

    Aggregates leave it empty, and only a component that knows its host has an instance (recorded
    from 1.36.3).
    """
    source = {"component": component} | ({"host": host} if host else {})
    event: dict[str, Any] = {
        "involvedObject": ref.json(),
        "reason": reason,
        "message": message,
        "source": source,
        "firstTimestamp": api_time.seconds(first),
        "lastTimestamp": api_time.seconds(now),
        "count": count,
        "type": kind,
        "eventTime": None,
        "reportingComponent": component if reported else "",
        "reportingInstance": host if reported else "",
    }
    fields: dict[str, Any] = {f"f:{field}": {} for field in sorted(event) if event[field]}
    fields["f:source"] = {f"f:{field}": {} for field in source}
    event["metadata"] = _metadata(ref, name, (manager, "v1"), fields, now)
    return event


def series_event(
    ref: ObjectRef,
    name: str,
    *,
    kind: str,
    reason: str,
    message: str,
    action: str,
    component: str,
    instance: str,
    manager: str,
    now: float,
) -> dict[str, Any]:
    """What the events.k8s.io recorder stores, before there is a series."""
    written = ("action", "eventTime", "note", "reason", "regarding")
    reporter = ("reportingController", "reportingInstance", "type")
    fields: dict[str, Any] = {f"f:{field}": {} for field in written + reporter}
    return {
        "metadata": _metadata(ref, name, (manager, "events.k8s.io/v1"), fields, now),
        "involvedObject": ref.json(),
        "reason": reason,
        "message": message,
        "source": {},
        "type": kind,
        "eventTime": api_time.microseconds(now),
        "action": action,
        "reportingComponent": component,
        "reportingInstance": instance,
    }


def series(count: int, last: float) -> dict[str, Any]:
    """The series of a repeated event."""
    return {"count": count, "lastObservedTime": api_time.microseconds(last)}


def _metadata(
    ref: ObjectRef, name: str, manager: tuple[str, str], fields: dict[str, Any], now: float
) -> dict[str, Any]:
    return {
        "name": name,
        "namespace": ref.event_namespace,
        "managedFields": [
            {
                "manager": manager[0],
                "operation": "Update",
                "apiVersion": manager[1],
                "time": api_time.seconds(now),
                "fieldsType": "FieldsV1",
                "fieldsV1": fields,
            }
        ],
    }
