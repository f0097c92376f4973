"""The recorders write what client-go's write, and keep count of what has become visible."""

from __future__ import annotations

import json
from typing import Any

import pytest

from exporter.demo import EventStore, LabelSet, LegacyRecorder, ObjectRef
from exporter.demo.recorders import AGGREGATE_PREFIX
from tests.unit.demo.wire import NOW, event

POD = ObjectRef("Pod", "web-1", "shop", "u-1", field_path="spec.containers{web}")
REPLICA_SET = ObjectRef("ReplicaSet", "web", "shop", "u-2", "apps/v1")


def shown(store: EventStore) -> list[dict[str, Any]]:
    """All events, in the order of their last change."""
    events = [json.loads(stored.body) for stored in store]
    return sorted(events, key=lambda e: int(e["metadata"]["resourceVersion"]))


def back_off(recorder: LegacyRecorder, now: float, message: str = "Back-off") -> int:
    return recorder.record(now, POD, "Warning", "BackOff", message)


class TestLegacyCounts:
    @pytest.fixture
    def recorder(self, store: EventStore) -> LegacyRecorder:
        return LegacyRecorder(store, "kubelet", host="worker-1", manager="kubelet")

    def test_the_first_occurrence_is_a_new_event(
        self, store: EventStore, recorder: LegacyRecorder
    ) -> None:
        """It has a count of 1, times cut to the second, and a name that ends in nanoseconds."""
        assert back_off(recorder, NOW + 0.75) == 1
        (stored,) = shown(store)
        metadata = stored.pop("metadata")
        assert metadata["name"] == f"web-1.{int((NOW + 0.75) * 1e9):016x}"
        assert metadata["namespace"] == "shop"
        assert stored == {
            "involvedObject": {
                "kind": "Pod",
                "namespace": "shop",
                "name": "web-1",
                "uid": "u-1",
                "apiVersion": "v1",
                "fieldPath": "spec.containers{web}",
            },
            "reason": "BackOff",
            "message": "Back-off",
            "source": {"component": "kubelet", "host": "worker-1"},
            "firstTimestamp": "2026-11-22T11:40:00Z",
            "lastTimestamp": "2026-11-22T11:40:00Z",
            "count": 1,
            "type": "Warning",
            "eventTime": None,
            "reportingComponent": "kubelet",
            "reportingInstance": "worker-1",
        }

    def test_an_equal_event_raises_the_count(
        self, store: EventStore, recorder: LegacyRecorder
    ) -> None:
        """The same event again is a PATCH of count and lastTimestamp; firstTimestamp stays."""
        back_off(recorder, NOW)
        assert back_off(recorder, NOW + 30) == 1
        (stored,) = shown(store)
        assert stored["count"] == 2
        assert stored["firstTimestamp"] == "2026-11-22T11:40:00Z"
        assert stored["lastTimestamp"] == "2026-11-22T11:40:30Z"

    def test_another_message_is_another_event(
        self, store: EventStore, recorder: LegacyRecorder
    ) -> None:
        """Events that differ in their message are counted apart."""
        back_off(recorder, NOW, "one")
        back_off(recorder, NOW, "two")
        assert [(e["message"], e["count"]) for e in shown(store)] == [("one", 1), ("two", 1)]

    def test_an_expired_event_returns_under_its_old_name(
        self, store: EventStore, recorder: LegacyRecorder
    ) -> None:
        """After the TTL the next occurrence is created with the old name and the running count."""
        for number in range(3):
            back_off(recorder, NOW + number)
        (before,) = shown(store)
        store.expire(NOW + 7200)
        assert back_off(recorder, NOW + 7200) == 1
        (after,) = shown(store)
        assert after["count"] == 4
        assert after["firstTimestamp"] == before["firstTimestamp"]
        assert after["metadata"]["name"] == before["metadata"]["name"]
        assert after["metadata"]["uid"] != before["metadata"]["uid"]

    def test_a_restarted_component_begins_again(
        self, store: EventStore, recorder: LegacyRecorder
    ) -> None:
        """What it remembered is gone: the same event gets a new name and a count of 1."""
        back_off(recorder, NOW)
        recorder.restart()
        back_off(recorder, NOW + 1)
        assert [e["count"] for e in shown(store)] == [1, 1]

    def test_events_of_cluster_objects_live_in_default(
        self, store: EventStore, recorder: LegacyRecorder
    ) -> None:
        """A Node has no namespace; its events are stored in `default` and counted under ""."""
        recorder.record(NOW, ObjectRef("Node", "worker-1"), "Normal", "NodeReady", "ready")
        (stored,) = shown(store)
        assert stored["metadata"]["namespace"] == "default"
        assert "namespace" not in stored["involvedObject"]
        labels = LabelSet("Normal", "NodeReady", "Node", "", "kubelet")
        assert recorder.truth.visible == {labels: 1}


class TestSpamFilter:
    def test_an_object_gets_25_writes_and_then_one_in_five_minutes(self, store: EventStore) -> None:
        """Past the burst occurrences are hidden, and the next write carries them all."""
        recorder = LegacyRecorder(store, "kubelet", host="worker-1")
        assert sum(back_off(recorder, NOW) for _ in range(36)) == 25
        assert shown(store)[0]["count"] == 25
        assert back_off(recorder, NOW + 300) == 12
        assert shown(store)[0]["count"] == 37
        labels = LabelSet("Warning", "BackOff", "Pod", "shop", "kubelet")
        assert recorder.truth.visible[labels] == recorder.truth.recorded[labels] == 37

    def test_an_event_first_filtered_is_born_with_its_count(self, store: EventStore) -> None:
        """A PATCH of an event that was never written is a CREATE with a count above 1."""
        recorder = LegacyRecorder(store, "kubelet", host="worker-1")
        for _ in range(25):
            back_off(recorder, NOW, "first")
        assert back_off(recorder, NOW, "second") == 0
        assert back_off(recorder, NOW + 300, "second") == 2
        assert [e["count"] for e in shown(store) if e["message"] == "second"] == [2]

    def test_warnings_do_not_use_up_the_normal_ones(self, store: EventStore) -> None:
        """Since client-go 0.32 each type has its own tokens."""
        recorder = LegacyRecorder(store, "kubelet", host="worker-1")
        for _ in range(30):
            back_off(recorder, NOW)
        assert recorder.record(NOW, POD, "Normal", "Pulled", "pulled") == 1

    def test_components_choose_its_tokens(self, store: EventStore) -> None:
        """As the cluster autoscaler does, with a burst of one."""
        recorder = LegacyRecorder(store, "kubelet", host="worker-1", burst=1, refill=0.5)
        assert [back_off(recorder, NOW + second) for second in range(5)] == [1, 0, 2, 0, 2]

    def test_it_can_be_left_out(self, store: EventStore) -> None:
        """Without the filter every occurrence is visible at once."""
        recorder = LegacyRecorder(store, "kubelet", spam_filter=False)
        assert [back_off(recorder, NOW) for _ in range(40)] == [1] * 40


class TestAggregation:
    @pytest.fixture
    def recorder(self, store: EventStore) -> LegacyRecorder:
        return LegacyRecorder(store, "replicaset-controller", spam_filter=False)

    def create_pod(self, recorder: LegacyRecorder, number: int, now: float = NOW) -> int:
        message = f"Created pod: web-{number}"
        return recorder.record(now, REPLICA_SET, "Normal", "SuccessfulCreate", message)

    def test_the_tenth_message_begins_an_aggregate(
        self, store: EventStore, recorder: LegacyRecorder
    ) -> None:
        """Nine stay as they are; the tenth has the prefix, a count of 1 and no reporter."""
        for number in range(10):
            self.create_pod(recorder, number)
        *single, aggregate = shown(store)
        assert len(single) == 9
        assert aggregate["message"] == f"{AGGREGATE_PREFIX}Created pod: web-9"
        assert aggregate["count"] == 1
        assert aggregate["reportingComponent"] == ""
        assert aggregate["source"] == {"component": "replicaset-controller"}

    def test_an_aggregate_counts_and_shows_the_newest_message(
        self, store: EventStore, recorder: LegacyRecorder
    ) -> None:
        """Later messages raise its count and replace its text."""
        for number in range(13):
            assert self.create_pod(recorder, number, NOW + number) == 1
        aggregate = shown(store)[-1]
        assert aggregate["count"] == 4
        assert aggregate["message"].endswith("web-12")
        assert recorder.truth.visible.total() == 13

    def test_ten_quiet_minutes_end_an_aggregate(
        self, store: EventStore, recorder: LegacyRecorder
    ) -> None:
        """After more than 600 s without one the next message stands alone."""
        for number in range(12):
            self.create_pod(recorder, number)
        self.create_pod(recorder, 12, NOW + 601)
        assert shown(store)[-1]["message"] == "Created pod: web-12"

    def test_a_remembered_message_goes_on_under_its_own_name(
        self, store: EventStore, recorder: LegacyRecorder
    ) -> None:
        """A message among the nine that are remembered is not swallowed by the aggregate."""
        for number in range(10):
            self.create_pod(recorder, number)
        self.create_pod(recorder, 9)
        assert shown(store)[-1]["message"] == "Created pod: web-9"


def test_a_name_too_long_becomes_a_uuid(store: EventStore) -> None:
    """Where object and nanoseconds exceed 253 characters the name is a bare UUID."""
    recorder = LegacyRecorder(store, "kubelet")
    recorder.record(NOW, ObjectRef("Pod", "a" * 240, "shop"), "Normal", "Started", "")
    (stored,) = shown(store)
    assert len(stored["metadata"]["name"]) == 36


def test_names_do_not_collide_with_those_of_others(store: EventStore) -> None:
    """Events of one object at one moment have different names."""
    store.create(event("unrelated"), NOW)
    recorder = LegacyRecorder(store, "kubelet")
    for message in ("one", "two"):
        recorder.record(NOW, POD, "Normal", "Pulled", message)
    assert len(store) == 3
