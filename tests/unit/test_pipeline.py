"""The pipeline: what one list/watch's objects do to the common families."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from exporter.events import EventObject, Ledger
from exporter.metrics.births import Births, Scrapers
from exporter.metrics.bounds import OVERFLOW
from exporter.metrics.page import Page
from exporter.metrics.text import Format
from exporter.pipeline import Counting, Scope
from exporter.rules.loading import built_in, load

NOW = 1_795_350_000.0  # 2026-11-22T12:20:00Z


class House:
    """A scope and its counting on a clock that stands still."""

    def __init__(self, series_limit: int = 100) -> None:
        self.births = Births(lambda: NOW)
        self.counting = Counting(
            load(built_in(), lambda: NOW), self.births, series_limit=series_limit
        )
        self.scope = Scope(
            self.counting,
            Ledger(retention=7200.0, limit=1000),
            monotonic=lambda: NOW,
            wall=lambda: NOW,
        )

    def first_list(self, *events: EventObject) -> None:
        self.scope.list_began(NOW)
        for event in events:
            self.scope.listed(event)
        self.scope.list_published("100")

    def lines(self, family: str, format_: Format = Format.TEXT) -> list[str]:
        page = Page(self.counting.families(), self.births, Scrapers(self.births, lambda: NOW))
        parts, _ = page.render(format_)
        text = b"".join(parts).decode()
        return [line for line in text.splitlines() if line.startswith(family + "{")]


def event(name: str = "web-0.a", version: int = 1, **changes: Any) -> EventObject:
    """An Event of core/v1."""
    fields = {
        "metadata": {"name": name, "namespace": "shop", "resourceVersion": str(version)},
        "involvedObject": {"kind": "Pod", "namespace": "shop", "name": "web-0"},
        "reason": "BackOff",
        "type": "Warning",
        "source": {"component": "kubelet", "host": "node-1"},
        "count": 1,
        "lastTimestamp": "2026-11-22T12:19:00Z",
    }
    return msgspec.convert(fields | changes, EventObject)


LABELS = '{type="Warning",reason="BackOff",kind="Pod",namespace="shop",component="kubelet"}'


def test_the_first_list_shows_its_label_sets_at_zero() -> None:
    """What the first list shows is known and not counted."""
    house = House()
    house.first_list(event(count=7))
    assert house.lines("kube_events_total") == [f"kube_events_total{LABELS} 0"]
    assert house.counting.total == 0


def test_the_first_list_says_when_an_event_was_last_seen() -> None:
    """The latest occurrence of a label set is told, though it was before the start."""
    house = House()
    house.first_list(
        event("web-0.a", lastTimestamp="2026-11-22T12:10:00Z"),
        event("web-0.b", lastTimestamp="2026-11-22T12:15:00Z"),
        event("web-0.c", lastTimestamp="2026-11-22T12:12:00Z"),
    )
    [line] = house.lines("kube_event_last_seen_timestamp_seconds")
    assert line.endswith(" 1795349700")


def test_an_abandoned_list_shows_nothing() -> None:
    """Half a list is not published, neither as counters nor as times."""
    house = House()
    house.scope.list_began(NOW)
    house.scope.listed(event())
    house.scope.list_abandoned()
    house.first_list()
    assert house.lines("kube_events_total") == []
    assert house.lines("kube_event_last_seen_timestamp_seconds") == []


def test_what_a_relist_finds_is_counted_and_told_apart() -> None:
    """Occurrences that the watch had missed are counted, and said to have been missed."""
    house = House()
    house.first_list(event(count=2))
    house.scope.list_began(NOW)
    house.scope.listed(event(version=2, count=5))
    house.scope.list_published("200")
    assert house.lines("kube_events_total") == [f"kube_events_total{LABELS} 3"]
    assert house.scope.missed == 3


@pytest.mark.parametrize(
    ("changes", "component"),
    [
        ({"source": {"component": "kubelet"}, "reportingComponent": "other"}, "kubelet"),
        ({"source": {}, "reportingComponent": "default-scheduler"}, "default-scheduler"),
        ({"source": None, "reportingController": "my-operator"}, "my-operator"),
        ({"source": {}}, ""),
    ],
    ids=["source", "reporting component", "reporting controller", "none"],
)
def test_the_component_label(changes: dict[str, Any], component: str) -> None:
    """Component is the source's, else the reporting controller, else empty."""
    house = House()
    house.first_list()
    house.scope.changed("ADDED", event(**changes))
    [line] = house.lines("kube_events_total")
    assert f'component="{component}"' in line


def test_an_object_without_a_name_is_refused() -> None:
    """It cannot be told from others, so it cannot be counted once."""
    house = House()
    house.first_list()
    assert not house.scope.changed("ADDED", msgspec.convert({"reason": "R"}, EventObject))
    assert house.counting.total == 0


def test_exemplars_name_pod_container_and_node() -> None:
    """The names that are no labels travel as exemplars, in OpenMetrics."""
    house = House()
    house.first_list()
    about = {"kind": "Pod", "namespace": "shop", "name": "web-0"}
    about["fieldPath"] = "spec.containers{main}"
    began = "2026-11-22T12:20:30Z"
    house.scope.changed("ADDED", event(involvedObject=about, count=3, firstTimestamp=began))
    [line] = house.lines("kube_events_total", Format.OPENMETRICS)
    assert line.endswith(' 3 # {pod="web-0",container="main",node="node-1"} 3')


def test_the_exemplar_of_an_event_about_a_node_names_it() -> None:
    """An event about a node has no pod."""
    house = House()
    house.first_list()
    house.scope.changed("ADDED", event(involvedObject={"kind": "Node", "name": "node-7"}))
    [line] = house.lines("kube_events_total", Format.OPENMETRICS)
    assert line.endswith(' 1 # {node="node-7"} 1')


def test_label_sets_beyond_the_limit_are_counted_in_the_overflow_series() -> None:
    """No occurrence is lost to the bound."""
    house = House(series_limit=2)
    house.first_list()
    for number in range(5):
        house.scope.changed("ADDED", event(f"web-0.{number}", reason=f"R{number}"))
    lines = house.lines("kube_events_total")
    assert len(lines) == 3
    assert next(line for line in lines if OVERFLOW in line).endswith(" 3")


def test_series_that_ended_are_born_again() -> None:
    """After its lifetime without an occurrence a series ends; the next begins at its own birth."""
    house = House()
    house.first_list()
    house.scope.changed("ADDED", event("web-0.a"))
    before = house.births.last
    for _ in range(3):
        house.counting.next_generation(1)
    assert house.lines("kube_events_total") == []
    house.scope.changed("ADDED", event("web-0.b"))
    assert house.lines("kube_events_total") == [f"kube_events_total{LABELS} 1"]
    assert house.births.last > before


PULLING = 'Pulling image "quay.io/team/app:v1"'
PULL_FAILED = 'Failed to pull image "quay.io/team/app:v1": manifest unknown'
FAILURES = (
    'kube_event_image_pull_failures_total{namespace="shop",registry="quay.io",cause="not_found"}'
)


class TestMessagesThatRepeat:
    """What a message came to is remembered; that must never show."""

    def test_each_occurrence_counts(self) -> None:
        """The same message of many events, and of one event that repeats."""
        house = House()
        house.first_list()
        for number in range(5):
            for count in (1, 4):
                changes: dict[str, Any] = {
                    "reason": "Failed",
                    "message": PULL_FAILED,
                    "count": count,
                }
                house.scope.changed("ADDED", event(f"web-0.{number}", 10 + count, **changes))
        assert house.lines("kube_event_image_pull_failures_total") == [f"{FAILURES} 20"]

    def test_each_pair_is_its_own(self) -> None:
        """Pulls of one image by two pods take the time that each of them took."""
        house = House()
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
        lines = house.lines("kube_event_image_pull_duration_seconds_sum")
        assert [line.rpartition(" ")[2] for line in lines] == ["40"]

    def test_an_ended_series_is_not_counted_on(self) -> None:
        """A series that ended is born again by the next event with the same message."""
        house = House()
        house.first_list()
        changes: dict[str, Any] = {"reason": "Failed", "message": PULL_FAILED}
        house.scope.changed("ADDED", event("web-0.a", **changes))
        for _ in range(3):
            house.counting.next_generation(1)
        assert house.lines("kube_event_image_pull_failures_total") == []
        house.scope.changed("ADDED", event("web-0.b", **changes))
        assert house.lines("kube_event_image_pull_failures_total") == [f"{FAILURES} 1"]

    def test_overflow_is_told_each_time(self) -> None:
        """A label set that has no room asks for it again with each event, and is counted so."""
        house = House(series_limit=1)
        house.first_list()
        for number in range(4):
            for registry in ("quay.io", "ghcr.io"):
                message = PULL_FAILED.replace("quay.io", registry)
                name = f"web-{number}.{registry}"
                house.scope.changed("ADDED", event(name, reason="Failed", message=message))
        [failures] = [
            f
            for f in house.counting.families()
            if f.declaration.name == "kube_event_image_pull_failures_total"
        ]
        assert failures.overflowed == 4

    def test_messages_without_end_are_counted_right(self) -> None:
        """More different messages than are remembered."""
        house = House()
        house.first_list()
        for number in range(5000):
            message = PULL_FAILED.replace("app:v1", f"app:v{number % 4500}")
            house.scope.changed("ADDED", event(f"web.{number}", reason="Failed", message=message))
        assert house.lines("kube_event_image_pull_failures_total") == [f"{FAILURES} 5000"]


def test_a_reporter_ahead_of_time_does_not_hold_the_last_occurrence_in_the_future() -> None:
    """What is said to be later than now happened now."""
    house = House()
    house.first_list(event("web-0.a", lastTimestamp="2031-01-01T00:00:00Z"))
    house.scope.changed("ADDED", event("web-0.b", 2, lastTimestamp="2032-01-01T00:00:00Z"))
    [line] = house.lines("kube_event_last_seen_timestamp_seconds")
    assert line.endswith(f" {NOW:.0f}")
    assert house.scope.lag == 0.0


def test_huge_texts_are_not_kept() -> None:
    """Who may create events cannot make the exporter keep megabytes of each."""
    house = House()
    house.first_list()
    huge = "x" * 1_000_000
    about = {"kind": "Pod", "namespace": "shop", "name": huge, "fieldPath": huge, "uid": huge}
    house.scope.changed(
        "ADDED", event(involvedObject=about, message=huge, source={"component": "k", "host": huge})
    )
    [series] = house.counting.events._order
    assert isinstance(series.detail, tuple)
    assert sum(map(len, series.detail)) < 2000
