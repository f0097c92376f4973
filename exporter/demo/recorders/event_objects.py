# SPDX-License-Identifier: Apache-2.0
"""The vocabulary of both recorders.

What an event is about, what it is called, the labels it counts under, and the ground truth of how
often each has been shown.
"""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass
from typing import Any, NamedTuple

from exporter.demo.store.spelling import seconds

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


def metadata(
    ref: ObjectRef, name: str, manager: tuple[str, str], fields: dict[str, Any], now: float
) -> dict[str, Any]:
    """The metadata of a new event; `manager` is the name and the API version of its writer."""
    return {
        "name": name,
        "namespace": ref.event_namespace,
        "managedFields": [
            {
                "manager": manager[0],
                "operation": "Update",
                "apiVersion": manager[1],
                "time": seconds(now),
                "fieldsType": "FieldsV1",
                "fieldsV1": fields,
            }
        ],
    }
