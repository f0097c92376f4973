"""The pipeline: what one list/watch's objects do to the common families."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from exporter.events import EventObject, Ledger
from exporter.metrics.bounds import OVERFLOW
from exporter.metrics.text import Format
from exporter.pipeline import Scope
from tests.unit.pipeline_house import ALARMS, NOW, PULLS, House, event

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


def test_events_between_the_steps_of_a_generation_are_counted() -> None:
    """An idle event occurs whenever it likes while families age one by one: it is on the page."""
    steps = len(list(House(PULLS).counting.aging(1)))
    assert steps > 4
    said = 'Successfully pulled image "a/b" of 7 bytes'
    for moment in range(steps):
        house = House(PULLS)
        house.first_list()
        house.add(event("web-0.a", reason="Pulled", message=said))
        house.counting.next_generation(1)
        house.counting.next_generation(1)
        for step, _ in enumerate(house.counting.aging(1)):
            if step == moment:
                house.add(event("web-0.b", reason="Pulled", message=said))
        house.add(event("web-0.c", reason="Pulled", message=said))
        [counted] = house.lines("kube_events_total")
        assert counted.endswith((" 2", " 3"))  # it ended before, or after the occurrence
        [pulls] = house.lines("kube_event_pulls_total")
        assert pulls.endswith((" 2", " 3"))
        assert len(house.lines("kube_event_last_seen_timestamp_seconds")) == 1


def test_a_long_first_list_settles_in_steps() -> None:
    """A bounded number of its label sets is shown at 0 at a time, in the end all of them."""
    house = House(series_limit=3000)
    scope = Scope(
        house.counting,
        Ledger(retention=7200.0, limit=2000),
        monotonic=lambda: NOW,
        wall=lambda: NOW,
        gradual=True,
    )
    scope.list_began(NOW)
    for number in range(1200):
        scope.listed(event(f"web-0.{number}", reason=f"R{number}"))
    scope.list_published("100")
    assert scope.settling
    assert house.lines("kube_events_total") == []
    shown = [len(house.lines("kube_events_total")) for _ in scope.settle()]
    assert shown == [200, 400, 600, 800, 1000, 1200]
    assert not scope.settling


def test_what_has_not_settled_does_so_before_the_next_list() -> None:
    """A connection that breaks meanwhile leaves nothing behind."""
    house = House()
    scope = Scope(
        house.counting,
        Ledger(retention=7200.0, limit=1000),
        monotonic=lambda: NOW,
        wall=lambda: NOW,
        gradual=True,
    )
    scope.list_began(NOW)
    scope.listed(event())
    scope.list_published("100")
    scope.list_began(NOW)
    assert house.lines("kube_events_total") == [f"kube_events_total{LABELS} 0"]


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


class TestClosedLabelSets:
    """What alerts read is there before anything happened."""

    def shown(self, house: House) -> dict[str, str]:
        lines = house.lines("kube_event_alarms_total")
        return {line.split('"')[1]: line.rpartition(" ")[2] for line in lines}

    def test_they_stand_at_zero(self) -> None:
        """Every cause of a table, other included."""
        assert self.shown(House(ALARMS)) == {"fire": "0", "manifest": "0", "other": "0"}

    def test_they_do_not_end(self) -> None:
        """However long nothing happens; what the cluster chose does."""
        house = House(ALARMS)
        house.first_list()
        house.add(event(message="fire"))
        for _ in range(5):
            house.counting.next_generation(1)
        assert house.lines("kube_events_total") == []
        assert self.shown(house) == {"fire": "1", "manifest": "0", "other": "0"}

    def test_they_are_bounded_as_all_series(self) -> None:
        """What has no room is counted in the overflow series."""
        house = House(ALARMS, series_limit=1)
        assert self.shown(house) == {"fire": "0", OVERFLOW: "0"}
