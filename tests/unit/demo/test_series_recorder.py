"""The events.k8s.io recorder writes what client-go's writes: a series, mostly in memory."""

from __future__ import annotations

import json
from typing import Any

import pytest

from exporter.demo import EventStore, ObjectRef, SeriesRecorder
from tests.unit.demo.wire import NOW

POD = ObjectRef("Pod", "web-1", "shop", "u-1", field_path="spec.containers{web}")


def shown(store: EventStore) -> list[dict[str, Any]]:
    """All events, in the order of their last change."""
    events = [json.loads(stored.body) for stored in store]
    return sorted(events, key=lambda e: int(e["metadata"]["resourceVersion"]))


class TestSeries:
    @pytest.fixture
    def recorder(self, store: EventStore) -> SeriesRecorder:
        return SeriesRecorder(store, "default-scheduler", started=NOW, instance="scheduler-1")

    def fail(self, recorder: SeriesRecorder, now: float) -> int:
        message = f"0/5 nodes are available at {now}"
        return recorder.record(
            now, POD, "Warning", "FailedScheduling", message, action="Scheduling"
        )

    def test_the_first_occurrence_has_no_series(
        self, store: EventStore, recorder: SeriesRecorder
    ) -> None:
        """It has an eventTime in microseconds, and neither count, times nor source."""
        assert self.fail(recorder, NOW + 0.5) == 1
        (stored,) = shown(store)
        del stored["metadata"], stored["involvedObject"], stored["message"]
        assert stored == {
            "reason": "FailedScheduling",
            "source": {},
            "firstTimestamp": None,
            "lastTimestamp": None,
            "type": "Warning",
            "eventTime": "2026-11-22T11:40:00.500000Z",
            "action": "Scheduling",
            "reportingComponent": "default-scheduler",
            "reportingInstance": "scheduler-1",
        }

    def test_the_second_occurrence_begins_a_series_of_two(
        self, store: EventStore, recorder: SeriesRecorder
    ) -> None:
        """The count includes the first occurrence; the message stays the first one."""
        self.fail(recorder, NOW)
        assert self.fail(recorder, NOW + 2) == 1
        (stored,) = shown(store)
        assert stored["series"] == {
            "count": 2,
            "lastObservedTime": "2026-11-22T11:40:02.000000Z",
        }
        assert stored["message"] == f"0/5 nodes are available at {NOW}"

    def test_later_occurrences_stay_in_memory_until_half_past(
        self, store: EventStore, recorder: SeriesRecorder
    ) -> None:
        """From the third on nothing is written before the refresh after 30 minutes."""
        seen = [self.fail(recorder, NOW + 60 * n) + recorder.tick(NOW + 60 * n) for n in range(30)]
        assert seen == [1, 1] + [0] * 28
        assert recorder.tick(NOW + 1800) == 28
        assert shown(store)[0]["series"]["count"] == 30

    def test_an_idle_series_is_written_and_forgotten(
        self, store: EventStore, recorder: SeriesRecorder
    ) -> None:
        """Idle for six minutes it shows its count; the next occurrence is another event."""
        for second in range(5):
            self.fail(recorder, NOW + second)
        assert recorder.tick(NOW + 360) == 0
        assert recorder.tick(NOW + 720) == 3
        self.fail(recorder, NOW + 721)
        assert [e.get("series", {}).get("count") for e in shown(store)] == [5, None]

    def test_an_idle_series_without_news_writes_nothing(
        self, store: EventStore, recorder: SeriesRecorder
    ) -> None:
        """A series whose count has been shown ends without another version."""
        self.fail(recorder, NOW)
        self.fail(recorder, NOW + 1)
        revision = store.revision
        assert recorder.tick(NOW + 720) == 0
        assert store.revision == revision

    def test_an_expired_series_returns_with_its_count(
        self, store: EventStore, recorder: SeriesRecorder
    ) -> None:
        """A refresh of an event that is gone creates it with the same name and the series."""
        for minute in range(30):
            self.fail(recorder, NOW + 60 * minute)
        (before,) = shown(store)
        store.expire(NOW + 1e6)
        assert recorder.tick(NOW + 1800) == 28
        (after,) = shown(store)
        assert after["metadata"]["name"] == before["metadata"]["name"]
        assert after["series"]["count"] == 30

    def test_another_version_of_the_object_is_another_event(
        self, store: EventStore, recorder: SeriesRecorder
    ) -> None:
        """The object's resourceVersion is part of the identity of a series."""
        self.fail(recorder, NOW)
        newer = ObjectRef("Pod", "web-1", "shop", "u-1", resource_version="9")
        recorder.record(NOW, newer, "Warning", "FailedScheduling", "", action="Scheduling")
        assert len(store) == 2

    def test_a_series_of_an_old_client_leaves_out_the_first_occurrence(
        self, store: EventStore
    ) -> None:
        """Before client-go 0.25.13 it begins at 1; what became visible is the same."""
        old = SeriesRecorder(store, "default-scheduler", started=NOW, first_count=1)
        assert [self.fail(old, NOW + n) for n in range(4)] == [1, 1, 0, 0]
        assert shown(store)[0]["series"]["count"] == 1
        assert old.tick(NOW + 1800) == 2
        assert shown(store)[0]["series"]["count"] == 3

    def test_time_can_run_faster(self, store: EventStore) -> None:
        """Both periods can be shortened."""
        fast = SeriesRecorder(store, "default-scheduler", started=NOW, finish=2, refresh=6)
        for _ in range(3):
            self.fail(fast, NOW + 5)
        assert [fast.tick(NOW + 5.9), fast.tick(NOW + 6)] == [0, 1]
        fast.tick(NOW + 8)
        assert self.fail(fast, NOW + 8.1) == 1
        assert len(store) == 2
