"""How long pods take to start, containers to come back, and resizes to be done."""

from __future__ import annotations

import pytest

from exporter.rules.rulebook import RuleBook
from tests.unit.events.records import at, named_at, record
from tests.unit.rules.catalogue.pod_events import (
    KILLS,
    LIFECYCLE_SECONDS,
    POD_START_SECONDS,
    RESIZES,
    counted,
    pod_rules,
    recorded,
)
from tests.unit.rules.observing import Observation, observed

_APP = "spec.containers{app}"
_PROBE = "Container app failed liveness probe, will be restarted"


def happens(book: RuleBook, seconds: float, reason: str, **fields: object) -> list[Observation]:
    """An event that occurs once, so many seconds in."""
    event = {
        "object_namespace": "shop",
        "reason": reason,
        "type": "Normal",
        "message": "",
        "field_path": _APP,
        "name": named_at(seconds),
        "first_time": at(seconds),
        "last_time": at(seconds),
    }
    return observed(book, record(**{**event, **fields}))


def scheduled(book: RuleBook, seconds: float, **fields: object) -> None:
    """The pod has its node."""
    message = "Successfully assigned shop/web-0 to node-a"
    event = {"component": "default-scheduler", "count": 0, "message": message, "field_path": ""}
    assert happens(book, seconds, "Scheduled", **{**event, **fields}) == []


def started(book: RuleBook, seconds: float, **fields: object) -> list[Observation]:
    """A container runs."""
    return happens(book, seconds, "Started", **{"message": "Container started", **fields})


class TestPodStart:
    @pytest.mark.parametrize(
        "message", ["Started container", "Started container app", "Container started"]
    )
    def test_from_the_node_to_the_first_container(self, message: str) -> None:
        """Whichever words the kubelet's version has for it."""
        book = pod_rules()
        scheduled(book, 10)
        (found,) = started(book, 12.25, message=message)
        assert found.family == POD_START_SECONDS
        assert found.labels == ("shop",)
        assert found.value == pytest.approx(2.25, abs=0.001)

    @pytest.mark.parametrize(
        "field_path",
        ["spec.initContainers{prep}", "spec.initContainers[0]", "spec.ephemeralContainers{debug}"],
    )
    def test_init_containers_start_before(self, field_path: str) -> None:
        """They end nothing: the app has not started, whether they are sidecars or not."""
        book = pod_rules()
        scheduled(book, 10)
        assert started(book, 11, field_path=field_path) == []
        (found,) = started(book, 15)
        assert found.value == pytest.approx(5, abs=0.001)

    def test_a_container_without_a_name_is_one(self) -> None:
        """The kubelet writes its place instead."""
        book = pod_rules()
        scheduled(book, 10)
        assert [o.family for o in started(book, 11, field_path="spec.containers[0]")] == [
            POD_START_SECONDS
        ]

    def test_only_the_first_container_counts(self) -> None:
        """The others, and every restart, end nothing and are not missed."""
        book = pod_rules()
        scheduled(book, 10)
        started(book, 11)
        assert started(book, 12, field_path="spec.containers{second}") == []
        assert started(book, 60, count=2, first_time=at(11)) == []
        lifecycles = book.lifecycles.values()
        assert [lifecycle.unmatched for lifecycle in lifecycles] == [0] * len(lifecycles)

    def test_a_static_pod_has_no_beginning(self) -> None:
        """Nobody schedules it, and its uid is another."""
        assert started(pod_rules(), 11) == []

    def test_a_start_before_its_beginning_is_0(self) -> None:
        """Two clocks: the scheduler's and the kubelet's."""
        book = pod_rules()
        scheduled(book, 10)
        assert [o.value for o in started(book, 9.5)] == [0]
        assert book.lifecycles["pod_start"].skewed == 1

    def test_a_scheduler_of_any_name_begins_it(self) -> None:
        """Profiles are named at will."""
        book = pod_rules()
        scheduled(book, 10, component="gpu-scheduler")
        assert len(started(book, 11)) == 1

    @pytest.mark.parametrize(
        ("component", "kind"), [("cert-manager-challenges", "Challenge"), ("my-operator", "Pod")]
    )
    def test_others_start_other_things(self, component: str, kind: str) -> None:
        """The same reason of another component, or about another kind, ends nothing."""
        book = pod_rules()
        scheduled(book, 10)
        assert started(book, 11, component=component, kind=kind) == []
        assert len(started(book, 12)) == 1


class TestContainerRestart:
    """From a kill that says that a restart follows to the start."""

    @staticmethod
    def back(observations: list[Observation]) -> list[float | None]:
        """Seconds without the container."""
        found = [o for o in observations if o.family == LIFECYCLE_SECONDS]
        assert all(o.labels == ("container_restart", "restarted") for o in found)
        return [o.value for o in found]

    @pytest.mark.parametrize(
        "message",
        [
            _PROBE,
            "Container app failed startup probe, will be restarted",
            "Container app definition changed, will be restarted",
            "Container app resize requires restart",
            'Container is in "Unknown" state, try killing it before restart',
            "Init container app failed startup probe",
        ],
    )
    def test_the_time_without_the_container(self, message: str) -> None:
        """Grace period and back-off included."""
        book = pod_rules()
        assert [o.family for o in happens(book, 10, "Killing", message=message)] == [KILLS]
        assert self.back(started(book, 43)) == [pytest.approx(33, abs=0.001)]

    @pytest.mark.parametrize(
        "message",
        ["Stopping container app", "Container app failed liveness probe", "FailedPostStartHook"],
    )
    def test_other_kills_begin_nothing(self, message: str) -> None:
        """The pod goes, or whether a restart follows is not said."""
        book = pod_rules()
        happens(book, 10, "Killing", message=message)
        assert self.back(started(book, 43)) == []

    def test_each_repeat_is_measured_from_itself(self) -> None:
        """A container killed for the same cause again is the same event with a count more."""
        book = pod_rules()
        first = {"name": named_at(10), "first_time": at(10)}
        happens(book, 10, "Killing", message=_PROBE, **first)
        assert self.back(started(book, 12)) == [pytest.approx(2, abs=0.001)]
        happens(book, 100, "Killing", message=_PROBE, count=2, **first)
        assert self.back(started(book, 105, count=2)) == [pytest.approx(5, abs=0.001)]

    def test_containers_of_a_pod_do_not_mix(self) -> None:
        """The key is pod and container."""
        book = pod_rules()
        happens(book, 10, "Killing", message=_PROBE)
        assert self.back(started(book, 12, field_path="spec.containers{second}")) == []
        assert self.back(started(book, 15)) == [pytest.approx(5, abs=0.001)]

    def test_a_pod_that_goes_ends_it_unmeasured(self) -> None:
        """It was to be restarted, and is not."""
        book = pod_rules()
        happens(book, 10, "Killing", message=_PROBE)
        happens(book, 12, "Killing", message="Stopping container app")
        assert book.lifecycles["container_restart"].closed == {"stopped": 1}
        assert len(book.lifecycles["container_restart"]) == 0


class TestResize:
    _SPEC = '{"containers":[{"name":"main"}],"generation":2}'

    @pytest.mark.parametrize(
        ("reason", "message", "outcome"),
        [
            ("ResizeStarted", f"Pod resize started: {_SPEC}", "started"),
            ("ResizeCompleted", f"Pod resize completed: {_SPEC}", "completed"),
            ("ResizeDeferred", f"Pod resize OutOfcpu: {_SPEC}", "deferred"),
            ("ResizeInfeasible", f"Pod resize Infeasible: {_SPEC}", "infeasible"),
            ("ResizeError", f"Pod resize error: {_SPEC}", "failed"),
        ],
    )
    def test_each_step_is_counted(self, reason: str, message: str, outcome: str) -> None:
        """The reason names it."""
        found = counted(reason=reason, message=message, field_path="")
        assert found == {RESIZES: ("shop", outcome)}

    @pytest.mark.parametrize(
        ("reason", "outcome"), [("ResizeCompleted", "completed"), ("ResizeError", "failed")]
    )
    def test_the_time_it_takes(self, reason: str, outcome: str) -> None:
        """From the kubelet's beginning to its end."""
        book = pod_rules()
        happens(book, 10, "ResizeStarted", field_path="")
        found = happens(book, 14, reason, field_path="")
        (timed,) = [o for o in found if o.family == LIFECYCLE_SECONDS]
        assert timed.labels == ("pod_resize", outcome)
        assert timed.value == pytest.approx(4, abs=0.001)

    def test_a_later_resize_is_measured_from_itself(self) -> None:
        """It takes the place of the one before."""
        book = pod_rules()
        happens(book, 10, "ResizeStarted", field_path="")
        happens(book, 20, "ResizeStarted", field_path="", message="generation 3")
        found = happens(book, 22, "ResizeCompleted", field_path="")
        assert [o.value for o in found if o.family == LIFECYCLE_SECONDS] == [
            pytest.approx(2, abs=0.001)
        ]

    def test_an_autoscalers_wish_is_no_step(self) -> None:
        """What the kubelet makes of it follows."""
        found = counted(
            component="vpa-updater", reason="InPlaceResizedByVPA", type="Normal", message="resized"
        )
        assert found == {}


class TestRecordings:
    def test_what_began_before_is_not_missed(self) -> None:
        """Starts, stops and pulls without a known beginning are normal in any recording."""
        book = pod_rules()
        for event in recorded():
            observed(book, event)
        counts = {name: lifecycle.unmatched for name, lifecycle in book.lifecycles.items()}
        assert counts == dict.fromkeys(counts, 0)
        closed = {name: set(lifecycle.closed) for name, lifecycle in book.lifecycles.items()}
        assert closed == {
            "container_restart": {"restarted"},
            "image_pull": {"pulled", "failed"},
            "pod_resize": {"completed"},
            "pod_scheduling": {"scheduled", "deleted"},
            "pod_start": {"started"},
        }

    def test_recorded_pods_start_within_minutes(self) -> None:
        """Each of both clusters' starts is measured, the longest behind a slow registry."""
        book = pod_rules()
        found = [o for event in recorded() for o in observed(book, event)]
        seconds = [o.value for o in found if o.family == POD_START_SECONDS]
        assert len(seconds) > 300
        assert all(value is not None and 0 <= value < 600 for value in seconds)
