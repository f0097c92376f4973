"""Nodes' conditions: what they are, and how long they last."""

from __future__ import annotations

import pytest

from exporter.rules.rulebook import RuleBook
from tests.unit.events.records import at
from tests.unit.rules.catalogue.node_events import node_event
from tests.unit.rules.observing import Observation, built_in_rules, observe

CONDITIONS = "kube_event_node_conditions_total"
DURATION = "kube_event_lifecycle_duration_seconds"
_UID = "d6daaed7-d659-4ef7-a64b-6576aef9ab44"


@pytest.fixture(scope="module")
def book() -> RuleBook:
    """The catalogue: tests that open a lifecycle each do it of a node of their own."""
    return built_in_rules()


@pytest.fixture
def node(request: pytest.FixtureRequest) -> str:
    """The name of a node that no other test has."""
    return str(request.node.name)


def _durations(found: list[Observation]) -> list[tuple[tuple[str, ...], float | None]]:
    return [(o.labels, o.value) for o in found if o.family == DURATION]


@pytest.mark.parametrize(
    ("reason", "condition", "status"),
    [
        ("NodeReady", "ready", "true"),
        ("NodeNotReady", "ready", "false"),
        ("NodeHasSufficientMemory", "memory_pressure", "false"),
        ("NodeHasInsufficientMemory", "memory_pressure", "true"),
        ("NodeHasNoDiskPressure", "disk_pressure", "false"),
        ("NodeHasDiskPressure", "disk_pressure", "true"),
        ("NodeHasSufficientPID", "pid_pressure", "false"),
        ("NodeHasInsufficientPID", "pid_pressure", "true"),
        ("NodeSchedulable", "schedulable", "true"),
        ("NodeNotSchedulable", "schedulable", "false"),
    ],
)
def test_a_condition_and_its_new_status(
    book: RuleBook, node: str, reason: str, condition: str, status: str
) -> None:
    """All of them are Normal events; a first one has nothing to measure from."""
    assert node_event(book, reason, object_name=node) == [
        Observation(CONDITIONS, (condition, status), None)
    ]


def test_a_node_that_does_not_answer_is_unknown(book: RuleBook, node: str) -> None:
    """The node controller says so of a node whose kubelet is silent."""
    found = node_event(
        book, "NodeNotReady", object_name=node, component="node-controller", object_uid=_UID
    )
    assert found == [Observation(CONDITIONS, ("ready", "unknown"), None)]


def test_a_pod_of_a_lost_node_is_no_condition(book: RuleBook) -> None:
    """The same reason, a Warning of each pod there: the node's own event counts."""
    found = observe(
        book,
        component="node-controller",
        reason="NodeNotReady",
        message="Node is not ready",
    )
    assert found == []


class TestPairs:
    def test_emitters_that_disagree_on_the_uid_make_one_pair(
        self, book: RuleBook, node: str
    ) -> None:
        """The controller writes the node's uid, an old kubelet its name, a new one nothing."""
        for kubelets_uid in (node, ""):
            node_event(
                book,
                "NodeNotReady",
                10,
                component="node-controller",
                object_name=node,
                object_uid=_UID,
            )
            found = node_event(book, "NodeReady", 100, object_name=node, object_uid=kubelets_uid)
            assert _durations(found) == [(("node_not_ready", "ready"), 90.0)]

    def test_nodes_do_not_meet(self, book: RuleBook, node: str) -> None:
        """One node's return is not another's."""
        node_event(book, "NodeNotReady", 10, object_name=node)
        assert _durations(node_event(book, "NodeReady", 20, object_name="node-b")) == []

    def test_a_kubelet_that_comes_back_not_ready_begins_nothing_anew(
        self, book: RuleBook, node: str
    ) -> None:
        """As recorded with 1.20: the controller, then the kubelet at its start, then ready."""
        node_event(
            book, "NodeNotReady", 0, component="node-controller", object_uid=_UID, object_name=node
        )
        node_event(book, "NodeNotReady", 81, object_name=node)
        found = node_event(book, "NodeReady", 91, object_name=node)
        assert _durations(found) == [(("node_not_ready", "ready"), 91.0)]

    def test_a_second_outage_is_measured_from_its_own_beginning(
        self, book: RuleBook, node: str
    ) -> None:
        """The event goes on with count 2, and its first occurrence is that of the first outage."""
        node_event(book, "NodeNotReady", 0, object_name=node)
        node_event(book, "NodeReady", 10, object_name=node)
        node_event(book, "NodeNotReady", 1000, first_time=at(0), count=2, object_name=node)
        found = node_event(book, "NodeReady", 1030, object_name=node)
        assert _durations(found) == [(("node_not_ready", "ready"), 30.0)]

    def test_a_removed_node_is_not_silent_any_more(self, book: RuleBook, node: str) -> None:
        """The node goes: the pair ends with another outcome."""
        node_event(
            book, "NodeNotReady", 0, component="node-controller", object_uid=_UID, object_name=node
        )
        found = node_event(
            book,
            "RemovingNode",
            300,
            component="node-controller",
            object_uid=_UID,
            object_name=node,
            message="Node node-a event: Removing Node node-a from Controller",
        )
        assert _durations(found) == [(("node_not_ready", "removed"), 300.0)]

    @pytest.mark.parametrize(
        ("lifecycle", "opening"),
        [
            ("node_cordoned", "NodeNotSchedulable"),
            ("node_memory_pressure", "NodeHasInsufficientMemory"),
            ("node_disk_pressure", "NodeHasDiskPressure"),
            ("node_pid_pressure", "NodeHasInsufficientPID"),
        ],
    )
    def test_a_node_takes_its_conditions_with_it(
        self, book: RuleBook, node: str, lifecycle: str, opening: str
    ) -> None:
        """A node that is drained and removed is not cordoned for ever after."""
        controller = {"component": "node-controller", "object_uid": _UID}
        before = len(book.lifecycles[lifecycle])
        node_event(book, opening, 10, object_name=node)
        found = node_event(book, "RemovingNode", 70, object_name=node, **controller)
        assert _durations(found) == [((lifecycle, "removed"), 60.0)]
        assert len(book.lifecycles[lifecycle]) == before

    @pytest.mark.parametrize(
        "lifecycle",
        ["node_cordoned", "node_memory_pressure", "node_disk_pressure", "node_pid_pressure"],
    )
    def test_a_healthy_node_that_is_removed_is_not_unmatched(
        self, book: RuleBook, node: str, lifecycle: str
    ) -> None:
        """Most nodes go without a trouble that could end."""
        before = book.lifecycles[lifecycle].unmatched
        node_event(book, "RemovingNode", object_name=node, component="node-controller")
        assert book.lifecycles[lifecycle].unmatched == before

    @pytest.mark.parametrize(
        ("opening", "closing", "ended"),
        [
            ("NodeNotSchedulable", "NodeSchedulable", ("node_cordoned", "uncordoned")),
            (
                "NodeHasInsufficientMemory",
                "NodeHasSufficientMemory",
                ("node_memory_pressure", "cleared"),
            ),
            ("NodeHasDiskPressure", "NodeHasNoDiskPressure", ("node_disk_pressure", "cleared")),
            ("NodeHasInsufficientPID", "NodeHasSufficientPID", ("node_pid_pressure", "cleared")),
        ],
    )
    def test_a_condition_lasts_until_the_opposite(
        self, book: RuleBook, node: str, opening: str, closing: str, ended: tuple[str, str]
    ) -> None:
        """Cordons and pressures, from the one event to the other."""
        node_event(book, opening, 5, object_name=node)
        assert _durations(node_event(book, closing, 65, object_name=node)) == [(ended, 60.0)]

    @pytest.mark.parametrize(
        ("lifecycle", "closing"),
        [
            ("node_not_ready", "NodeReady"),
            ("node_cordoned", "NodeSchedulable"),
            ("node_memory_pressure", "NodeHasSufficientMemory"),
            ("node_disk_pressure", "NodeHasNoDiskPressure"),
            ("node_pid_pressure", "NodeHasSufficientPID"),
        ],
    )
    def test_what_a_starting_kubelet_says_is_not_unmatched(
        self, book: RuleBook, node: str, lifecycle: str, closing: str
    ) -> None:
        """All is well: a closing that never had an opening is normal there."""
        before = book.lifecycles[lifecycle].unmatched
        node_event(book, closing, object_name=node)
        assert book.lifecycles[lifecycle].unmatched == before
