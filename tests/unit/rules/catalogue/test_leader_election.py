"""Leader election: of any component, on any kind of lock."""

from __future__ import annotations

import pytest

from exporter.rules.loading import built_in, load
from exporter.rules.rulebook import RuleBook
from tests.unit.events.records import at
from tests.unit.rules.observing import Observation, built_in_rules, observe

ELECTIONS = "kube_event_leader_elections_total"
DURATION = "kube_event_lifecycle_duration_seconds"
_BECAME = "control-a_3a3c6c1e-6a0e-4c68-9f3c-1f5a0b8ad9c1 became leader"
_STOPPED = "control-a_3a3c6c1e-6a0e-4c68-9f3c-1f5a0b8ad9c1 stopped leading"


@pytest.fixture(scope="module")
def book() -> RuleBook:
    """For locks that one event is about."""
    return built_in_rules()


def _says(book: RuleBook, message: str, seconds: float = 0, **fields: object) -> list[Observation]:
    known: dict[str, object] = {
        "component": "kube-controller-manager",
        "kind": "Lease",
        "object_namespace": "kube-system",
        "object_name": "kube-controller-manager",
        "last_time": at(seconds),
        **fields,
    }
    return observe(book, type="Normal", reason="LeaderElection", message=message, **known)


@pytest.mark.parametrize("kind", ["Lease", "ConfigMap", "Endpoints"])
@pytest.mark.parametrize("component", ["default-scheduler", "my-operator_7f9d", ""])
@pytest.mark.parametrize(
    ("message", "outcome"), [(_BECAME, "became_leader"), (_STOPPED, "stopped_leading")]
)
def test_an_election_counts_for_any_component_and_lock(
    book: RuleBook, kind: str, component: str, message: str, outcome: str
) -> None:
    """Only the end of the message is read: the identity before it holds a uuid."""
    lock = f"{component}-{kind}-{outcome}"
    found = _says(book, message, component=component, kind=kind, object_name=lock)
    assert found == [(ELECTIONS, ("kube-system", outcome), None)]


def test_time_without_a_leader_is_measured_by_lock() -> None:
    """Another lock's leader ends nothing, the next leader of this one does."""
    book = built_in_rules()
    _says(book, _STOPPED, 0)
    _says(book, "other_uuid became leader", 5, object_name="kube-scheduler")
    found = _says(book, "control-b_uuid became leader", 17)
    assert (DURATION, ("leaderless", "became_leader"), 17.0) in found


def test_the_same_candidate_can_stop_again() -> None:
    """What counts is the latest end of leading, not the first of a repeated event."""
    book = built_in_rules()
    stamps = {"first_time": at(0)}
    _says(book, _STOPPED, 0, count=1, **stamps)
    _says(book, _BECAME, 10)
    _says(book, _STOPPED, 1000, count=2, **stamps)
    found = _says(book, _BECAME, 1004, count=2)
    assert (DURATION, ("leaderless", "became_leader"), 4.0) in found


def test_a_leader_long_after_an_end_is_another_story() -> None:
    """A successor takes over in seconds: an end told late, by one that woke up, has none."""
    now = [0.0]
    book = load(built_in(), lambda: now[0])
    _says(book, _STOPPED, 0)
    now[0] = 1000.0
    assert _says(book, _BECAME, 1000) == [(ELECTIONS, ("kube-system", "became_leader"), None)]


def test_a_first_leader_is_normal() -> None:
    """A leader after a crash, or the very first, follows no end: it is not unmatched."""
    book = built_in_rules()
    _says(book, _BECAME)
    assert book.lifecycles["leaderless"].unmatched == 0


def test_another_message_is_no_election() -> None:
    """What is neither a beginning nor an end is not counted."""
    assert _says(built_in_rules(), "control-a_uuid lost the lease") == []
