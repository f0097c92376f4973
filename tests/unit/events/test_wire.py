"""Both spellings of an Event become the same record, and absent or null fields are empty."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from exporter.events import EventObject, EventRecord, read_event

_LEGACY_CORE: dict[str, Any] = {
    "kind": "Event",
    "apiVersion": "v1",
    "metadata": {
        "name": "web-0.18ea5ae068f57856",
        "namespace": "shop",
        "uid": "e-uid",
        "resourceVersion": "4711",
        "creationTimestamp": "2026-11-22T11:35:22Z",
        "managedFields": [{"manager": "kubelet", "operation": "Update"}],
    },
    "involvedObject": {
        "kind": "Pod",
        "namespace": "shop-objects",
        "name": "web-0",
        "uid": "pod-uid",
        "apiVersion": "v1",
        "resourceVersion": "99",
        "fieldPath": "spec.containers{app}",
    },
    "reason": "Unhealthy",
    "message": "Liveness probe failed",
    "source": {"component": "kubelet", "host": "node-a"},
    "firstTimestamp": "2026-11-22T11:35:21Z",
    "lastTimestamp": "2026-11-22T11:36:21Z",
    "count": 3,
    "type": "Warning",
    "eventTime": None,
    "reportingComponent": "kubelet-as-reporter",
    "reportingInstance": "node-a",
}
_LEGACY_EVENTS: dict[str, Any] = {
    **{k: _LEGACY_CORE[k] for k in ("metadata", "reason", "type", "eventTime")},
    "kind": "Event",
    "apiVersion": "events.k8s.io/v1",
    "regarding": _LEGACY_CORE["involvedObject"],
    "note": _LEGACY_CORE["message"],
    "deprecatedSource": _LEGACY_CORE["source"],
    "deprecatedFirstTimestamp": _LEGACY_CORE["firstTimestamp"],
    "deprecatedLastTimestamp": _LEGACY_CORE["lastTimestamp"],
    "deprecatedCount": _LEGACY_CORE["count"],
    "reportingController": _LEGACY_CORE["reportingComponent"],
}
_NEW_CORE: dict[str, Any] = {
    "metadata": _LEGACY_CORE["metadata"],
    "involvedObject": _LEGACY_CORE["involvedObject"],
    "reason": "FailedScheduling",
    "message": "0/1 nodes are available",
    "source": {},
    "firstTimestamp": None,
    "lastTimestamp": None,
    "type": "Warning",
    "eventTime": "2026-11-22T11:35:21.350204Z",
    "series": {"count": 5, "lastObservedTime": "2026-11-22T11:41:21.000000Z"},
    "action": "Scheduling",
    "reportingComponent": "default-scheduler",
    "reportingInstance": "default-scheduler-node-a",
}
_NEW_EVENTS: dict[str, Any] = {
    **{k: _NEW_CORE[k] for k in ("metadata", "reason", "type", "eventTime", "series")},
    "regarding": _NEW_CORE["involvedObject"],
    "note": _NEW_CORE["message"],
    "deprecatedSource": {},
    "deprecatedFirstTimestamp": None,
    "deprecatedLastTimestamp": None,
    "reportingController": "default-scheduler",
}


def read(event: object) -> EventRecord:
    """The record of an event given as Python data."""
    found = read_event(msgspec.json.decode(json.dumps(event), type=EventObject))
    assert found is not None
    return found


def without(event: dict[str, Any], *fields: str) -> dict[str, Any]:
    """The event without some of its fields."""
    return {name: value for name, value in event.items() if name not in fields}


class TestLegacyEvent:
    def test_core_v1(self) -> None:
        """Every field of a legacy event is found under its core/v1 name."""
        assert read(_LEGACY_CORE) == EventRecord(
            name="web-0.18ea5ae068f57856",
            namespace="shop",
            uid="e-uid",
            resource_version=4711,
            type="Warning",
            reason="Unhealthy",
            component="kubelet",
            kind="Pod",
            object_namespace="shop-objects",
            object_name="web-0",
            object_uid="pod-uid",
            field_path="spec.containers{app}",
            host="node-a",
            message="Liveness probe failed",
            count=3,
            series_count=0,
            last_time="2026-11-22T11:36:21Z",
            first_time="2026-11-22T11:35:21Z",
        )

    def test_events_k8s_io_v1(self) -> None:
        """The deprecated fields of events.k8s.io/v1 say the same."""
        assert read(_LEGACY_EVENTS) == read(_LEGACY_CORE)


class TestNewEvent:
    def test_core_v1(self) -> None:
        """An event of the new recorder has no count, one fine time, and a series."""
        record = read(_NEW_CORE)
        assert (record.count, record.series_count) == (0, 5)
        assert record.first_time == "2026-11-22T11:35:21.350204Z"
        assert record.last_time == "2026-11-22T11:41:21.000000Z"
        assert (record.component, record.host) == ("default-scheduler", "")

    def test_events_k8s_io_v1(self) -> None:
        """Both groups show a new recorder's event alike."""
        assert read(_NEW_EVENTS) == read(_NEW_CORE)

    def test_without_series_its_time_is_the_last_too(self) -> None:
        """A single occurrence is dated by eventTime."""
        record = read(without(_NEW_CORE, "series"))
        assert record.last_time == record.first_time == "2026-11-22T11:35:21.350204Z"
        assert record.series_count == 0


class TestComponent:
    def test_an_aggregated_event_has_only_its_source(self) -> None:
        """Aggregates of current servers have an empty reportingComponent: the source stands."""
        event = {**_LEGACY_CORE, "reportingComponent": "", "reportingInstance": ""}
        assert read(event).component == "kubelet"

    def test_the_reporter_stands_in_for_an_absent_source(self) -> None:
        """Without a source the reporting controller is the component."""
        assert read(without(_LEGACY_CORE, "source")).component == "kubelet-as-reporter"

    def test_nobody(self) -> None:
        """Without either the component is empty."""
        assert read(without(_LEGACY_CORE, "source", "reportingComponent")).component == ""


class TestAbsentAndNull:
    def test_only_a_name(self) -> None:
        """core/v1 takes an event that is hardly more than a name."""
        found = msgspec.structs.asdict(read({"metadata": {"name": "x"}}))
        assert found.pop("name") == "x"
        assert set(found.values()) == {"", 0}

    @pytest.mark.parametrize("field", sorted({*_LEGACY_CORE, *_NEW_EVENTS} - {"metadata"}))
    def test_null_is_absent(self, field: str) -> None:
        """A field that is null reads like one that is not there."""
        base = _LEGACY_CORE if field in _LEGACY_CORE else _NEW_EVENTS
        assert read({**base, field: None}) == read(without(base, field))

    @pytest.mark.parametrize("part", ["metadata", "involvedObject", "source"])
    def test_null_parts_of_parts_are_empty(self, part: str) -> None:
        """Null inside metadata, the object or the source is an empty text."""
        nulls = dict.fromkeys(_LEGACY_CORE[part])
        if part == "metadata":
            nulls["name"] = "x"
        empty = {"name": "x"} if part == "metadata" else {}
        assert read({**_LEGACY_CORE, part: nulls}) == read({**_LEGACY_CORE, part: empty})

    def test_null_inside_a_series_is_no_series(self) -> None:
        """A series without count says nothing about occurrences."""
        event = {**_NEW_CORE, "series": {"count": None, "lastObservedTime": None}}
        assert read(event).series_count == 0

    def test_creation_is_the_last_resort(self) -> None:
        """Without any time of its own an event is dated by its creation."""
        bare = without(_LEGACY_CORE, "firstTimestamp", "lastTimestamp", "eventTime")
        record = read(bare)
        assert record.first_time == record.last_time == "2026-11-22T11:35:22Z"

    @pytest.mark.parametrize(
        "metadata", [None, {}, {"name": ""}, {"name": None, "uid": "u"}], ids=str
    )
    def test_no_name_no_record(self, metadata: object) -> None:
        """An event that cannot be told from others gives None."""
        event = json.dumps({"metadata": metadata, "reason": "Odd"})
        assert read_event(msgspec.json.decode(event, type=EventObject)) is None


class TestNumbers:
    @pytest.mark.parametrize(
        ("written", "read_as"),
        [(0, 0), (-4, 0), (1, 1), (2**31 - 1, 2**31 - 1), (2**40, 2**31 - 1)],
    )
    def test_counts_are_int32_and_not_negative(self, written: int, read_as: int) -> None:
        """Counts below 0 say nothing; counts beyond the API's int32 are cut to it."""
        assert read({**_LEGACY_CORE, "count": written}).count == read_as
        assert read({**_NEW_CORE, "series": {"count": written}}).series_count == read_as

    @pytest.mark.parametrize("version", ["", "abc", "-1", "1.5", "\u00b2", "9" * 20, "9" * 6000])
    def test_a_version_that_is_no_number_is_0(self, version: str) -> None:
        """ResourceVersion is opaque by contract: what is no 64-bit number is not compared."""
        event = {**_LEGACY_CORE, "metadata": {"name": "x", "resourceVersion": version}}
        assert read(event).resource_version == 0
