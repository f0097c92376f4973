"""What a message came to is remembered; that must never show."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.pipeline_house import ALARMS, CONTAINERS, PULLS, House, event

PULLING = 'Pulling image "quay.io/team/app:v1"'
PULL_FAILED = 'Failed to pull image "quay.io/team/app:v1": manifest unknown'
FAILURES = 'kube_event_pull_failures_total{namespace="shop",registry="quay.io",cause="not_found"}'


class TestMessagesThatRepeat:
    """Pulls of images, and their failures."""

    def test_each_occurrence_counts(self) -> None:
        """The same message of many events, and of one event that repeats."""
        house = House(PULLS)
        house.first_list()
        for number in range(5):
            for count in (1, 4):
                changes: dict[str, Any] = {
                    "reason": "Failed",
                    "message": PULL_FAILED,
                    "count": count,
                }
                house.scope.changed("ADDED", event(f"web-0.{number}", 10 + count, **changes))
        assert house.lines("kube_event_pull_failures_total") == [f"{FAILURES} 20"]

    def test_each_pair_is_its_own(self) -> None:
        """Pulls of one image by two pods take the time that each of them took."""
        house = House(PULLS)
        house.first_list()
        times = {"a": ("12:00:00", "12:00:10"), "b": ("12:00:05", "12:00:35")}
        for number, (reason, message) in enumerate(
            {"Pulling": PULLING, "Pulled": f"Successfully pulled image {PULLING[14:]}"}.items()
        ):
            for pod, stamps in times.items():
                about = {"kind": "Pod", "namespace": "shop", "name": pod, "uid": pod}
                changes: dict[str, Any] = {
                    "reason": reason,
                    "message": message,
                    "involvedObject": about,
                }
                stamp = f"2026-11-22T{stamps[number]}Z"
                house.scope.changed(
                    "ADDED", event(f"{pod}.{reason}", lastTimestamp=stamp, **changes)
                )
        lines = house.lines("kube_event_pull_seconds_sum")
        assert [line.rpartition(" ")[2] for line in lines] == ["40"]

    def test_an_ended_series_is_not_counted_on(self) -> None:
        """A series that ended is born again by the next event with the same message."""
        house = House(PULLS)
        house.first_list()
        changes: dict[str, Any] = {"reason": "Failed", "message": PULL_FAILED}
        house.scope.changed("ADDED", event("web-0.a", **changes))
        for _ in range(3):
            house.counting.next_generation(1)
        assert house.lines("kube_event_pull_failures_total") == []
        house.scope.changed("ADDED", event("web-0.b", **changes))
        assert house.lines("kube_event_pull_failures_total") == [f"{FAILURES} 1"]

    def test_overflow_is_told_each_time(self) -> None:
        """A label set that has no room asks for it again with each event, and is counted so."""
        house = House(PULLS, series_limit=1)
        house.first_list()
        for number in range(4):
            for registry in ("quay.io", "ghcr.io"):
                message = PULL_FAILED.replace("quay.io", registry)
                name = f"web-{number}.{registry}"
                house.scope.changed("ADDED", event(name, reason="Failed", message=message))
        [failures] = [
            f
            for f in house.counting.families()
            if f.declaration.name == "kube_event_pull_failures_total"
        ]
        assert failures.overflowed == 4

    def test_messages_without_end_are_counted_right(self) -> None:
        """More different messages than are remembered."""
        house = House(PULLS)
        house.first_list()
        for number in range(5000):
            message = PULL_FAILED.replace("app:v1", f"app:v{number % 4500}")
            house.scope.changed("ADDED", event(f"web.{number}", reason="Failed", message=message))
        assert house.lines("kube_event_pull_failures_total") == [f"{FAILURES} 5000"]


@pytest.mark.parametrize("message", ["fire", "a manifest on fire", "x" * 600])
def test_every_file_that_matches_counts_each_repeat(message: str) -> None:
    """Of each file the rule that matches; of a table of several causes each."""
    house = House(PULLS, ALARMS, CONTAINERS)
    house.first_list()
    changes: dict[str, Any] = {"reason": "Failed", "message": f"{PULL_FAILED} {message}"}
    for count in (1, 2, 6):
        house.add(event("web-0.a", count, count=count, **changes))
    assert house.lines("kube_event_pull_failures_total") == [f"{FAILURES} 6"]
    fires = 6 if "fire" in message else 0
    assert house.lines("kube_event_alarms_total")[:2] == [
        f'kube_event_alarms_total{{cause="fire"}} {fires}',
        'kube_event_alarms_total{cause="manifest"} 6',
    ]
    assert house.lines("kube_event_containers_total") == [
        'kube_event_containers_total{container=""} 6'
    ]


def test_the_same_message_of_another_container_is_another_containers() -> None:
    """What depends on more than message and identity is read each time."""
    house = House(ALARMS, CONTAINERS)
    house.first_list()
    for name in ("app", "sidecar", "app"):
        about = {"kind": "Pod", "namespace": "shop", "name": "web-0"}
        about["fieldPath"] = f"spec.containers{{{name}}}"
        number = len(house.counting.events) + house.counting.total
        house.add(event(f"web-0.{number}", reason="Failed", message="m", involvedObject=about))
    assert house.lines("kube_event_containers_total") == [
        'kube_event_containers_total{container="app"} 2',
        'kube_event_containers_total{container="sidecar"} 1',
    ]


_TIMES = """
families:
  kube_event_seconds:
    {type: histogram, help: Time., labels: [registry], buckets: [1, 60], unbounded: [registry]}
lifecycles:
  pull: {key: [$message], max_age: 1h}
rules:
  - {id: begins, components: [kubelet], reasons: [Pulling], opens: pull}
  - id: ends
    components: [kubelet]
    reasons: [Pulled]
    closes: pull
    samples:
      - {family: kube_event_seconds, labels: {registry: registry($message)}, value: $elapsed}
"""


def test_a_time_that_has_no_series_of_its_own_is_told_each_time() -> None:
    """A histogram that a pair's time falls into overflows as any other."""
    house = House(_TIMES, series_limit=2)
    house.first_list()
    for registry in ("quay.io", "ghcr.io", "gcr.io"):
        for number in range(3):
            for reason in ("Pulling", "Pulled"):
                name = f"{reason}.{number}.{registry}"
                house.add(event(name, reason=reason, message=f"{registry}/app"))
    [seconds] = [f for f in house.counting.families() if f.declaration.name == "kube_event_seconds"]
    assert seconds.overflowed == 3
    counts = house.lines("kube_event_seconds_count")
    assert [line.rpartition(" ")[2] for line in counts] == ["3", "3", "3"]
