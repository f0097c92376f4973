"""Nodes: conditions, comings and goings, failures; and how long conditions lasted."""

from __future__ import annotations

import pytest

from exporter.rules.rulebook import RuleBook
from tests.unit.events.records import at
from tests.unit.rules.observing import Observation, built_in_rules, observe

CONDITIONS = "kube_event_node_conditions_total"
CHANGES = "kube_event_node_lifecycle_total"
FAILURES = "kube_event_node_failures_total"
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


def _node(book: RuleBook, reason: str, seconds: float = 0.0, **fields: object) -> list[Observation]:
    """What a kubelet's event of its node adds."""
    about = {
        "kind": "Node",
        "object_namespace": "",
        "object_name": "node-a",
        "object_uid": "node-a",
        "field_path": "",
        "type": "Normal",
        "reason": reason,
        "message": f"Node node-a status is now: {reason}",
        "first_time": at(seconds),
        "last_time": at(seconds),
    }
    return observe(book, **{**about, **fields})


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
    assert _node(book, reason, object_name=node) == [
        Observation(CONDITIONS, (condition, status), None)
    ]


def test_a_node_that_does_not_answer_is_unknown(book: RuleBook, node: str) -> None:
    """The node controller says so of a node whose kubelet is silent."""
    found = _node(
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
            _node(
                book,
                "NodeNotReady",
                10,
                component="node-controller",
                object_name=node,
                object_uid=_UID,
            )
            found = _node(book, "NodeReady", 100, object_name=node, object_uid=kubelets_uid)
            assert _durations(found) == [(("node_not_ready", "ready"), 90.0)]

    def test_nodes_do_not_meet(self, book: RuleBook, node: str) -> None:
        """One node's return is not another's."""
        _node(book, "NodeNotReady", 10, object_name=node)
        assert _durations(_node(book, "NodeReady", 20, object_name="node-b")) == []

    def test_a_kubelet_that_comes_back_not_ready_begins_nothing_anew(
        self, book: RuleBook, node: str
    ) -> None:
        """As recorded with 1.20: the controller, then the kubelet at its start, then ready."""
        _node(
            book, "NodeNotReady", 0, component="node-controller", object_uid=_UID, object_name=node
        )
        _node(book, "NodeNotReady", 81, object_name=node)
        found = _node(book, "NodeReady", 91, object_name=node)
        assert _durations(found) == [(("node_not_ready", "ready"), 91.0)]

    def test_a_second_outage_is_measured_from_its_own_beginning(
        self, book: RuleBook, node: str
    ) -> None:
        """The event goes on with count 2, and its first occurrence is that of the first outage."""
        _node(book, "NodeNotReady", 0, object_name=node)
        _node(book, "NodeReady", 10, object_name=node)
        _node(book, "NodeNotReady", 1000, first_time=at(0), count=2, object_name=node)
        found = _node(book, "NodeReady", 1030, object_name=node)
        assert _durations(found) == [(("node_not_ready", "ready"), 30.0)]

    def test_a_removed_node_is_not_silent_any_more(self, book: RuleBook, node: str) -> None:
        """The node goes: the pair ends with another outcome."""
        _node(
            book, "NodeNotReady", 0, component="node-controller", object_uid=_UID, object_name=node
        )
        found = _node(
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
        _node(book, opening, 10, object_name=node)
        found = _node(book, "RemovingNode", 70, object_name=node, **controller)
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
        _node(book, "RemovingNode", object_name=node, component="node-controller")
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
        _node(book, opening, 5, object_name=node)
        assert _durations(_node(book, closing, 65, object_name=node)) == [(ended, 60.0)]

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
        _node(book, closing, object_name=node)
        assert book.lifecycles[lifecycle].unmatched == before


@pytest.mark.parametrize(
    ("component", "reason", "message", "change"),
    [
        pytest.param("kubelet", "Starting", "Starting kubelet.", "starting", id="kubelet"),
        pytest.param("kube-proxy", "Starting", "Starting kube-proxy.", "proxy_starting", id="1.20"),
        pytest.param("kube-proxy", "Starting", "", "proxy_starting", id="new-api-no-message"),
        pytest.param(
            "kubelet",
            "Rebooted",
            "Node node-a has been rebooted, boot id: 12345678-1234-4234-8234-123456789abc",
            "rebooted",
            id="reboot",
        ),
        pytest.param(
            "kubelet",
            "Shutdown",
            "Shutdown manager detected shutdown event",
            "shutdown",
            id="shutdown",
        ),
        pytest.param(
            "kubelet",
            "Shutdown",
            "Shutdown manager detected shutdown cancellation",
            "shutdown_cancelled",
            id="no-shutdown-after-all",
        ),
        pytest.param(
            "node-controller",
            "RegisteredNode",
            "Node node-a event: Registered Node node-a in Controller",
            "registered",
            id="registered",
        ),
        pytest.param(
            "node-controller",
            "RemovingNode",
            "Node node-a event: Removing Node node-a from Controller",
            "removed",
            id="removed",
        ),
        pytest.param(
            "node-controller",
            "DeletingAllPods",
            "Node node-a event: Deleting all Pods from Node node-a",
            "pods_deleted",
            id="pods",
        ),
        pytest.param(
            "cloud-node-lifecycle-controller",
            "DeletingNode",
            "Deleting node node-a because it does not exist in the cloud provider",
            "deleted",
            id="deleted",
        ),
        pytest.param(
            "cloud-node-lifecycle-controller",
            "Deleting node node-a because it does not exist in the cloud provider",
            "Node node-a event: DeletingNode",
            "deleted",
            id="deleted-1.20-a-sentence-as-reason",
        ),
        pytest.param(
            "cloud-node-controller",
            "Synced",
            "Node synced successfully",
            "initialized",
            id="initialized",
        ),
    ],
)
def test_nodes_come_and_go(
    book: RuleBook, component: str, reason: str, message: str, change: str
) -> None:
    """One change each, by component where the reason has several meanings."""
    found = _node(book, reason, component=component, message=message)
    assert found == [Observation(CHANGES, (change,), None)]


@pytest.mark.parametrize("reason", ["NodeAllocatableEnforced", "InvalidDiskCapacity", "CgroupV1"])
def test_what_is_said_at_every_start_is_known_and_not_counted(book: RuleBook, reason: str) -> None:
    """Limits in force, a disk not yet measured, the old cgroups: nothing happened to the node."""
    assert book.rules_for("Warning", "kubelet", "Node", reason)
    assert _node(book, reason, type="Warning") == []


@pytest.mark.parametrize(
    ("component", "reason", "cause"),
    [
        ("kubelet", "EvictionThresholdMet", "eviction_threshold"),
        ("kubelet", "ImageGCFailed", "image_gc"),
        ("kubelet", "FreeDiskSpaceFailed", "disk_full"),
        ("kubelet", "ContainerGCFailed", "container_gc"),
        ("kubelet", "PossibleMemoryBackedVolumesOnDisk", "memory_volumes_on_disk"),
        ("kubelet", "KubeletSetupFailed", "kubelet_setup"),
        ("kubelet", "FailedNodeAllocatableEnforcement", "allocatable"),
        ("kubelet", "MissingClusterDNS", "dns"),
        ("kubelet", "CheckLimitsForResolvConf", "dns_limits"),
        ("cidrAllocator", "CIDRNotAvailable", "cidr"),
        ("cidrAllocator", "CIDRAssignmentFailed", "cidr"),
        ("route_controller", "FailedToCreateRoute", "route"),
    ],
)
def test_what_fails_on_a_node(book: RuleBook, component: str, reason: str, cause: str) -> None:
    """One cause for each reason; the messages do not matter."""
    found = _node(book, reason, component=component, type="Warning")
    assert found == [Observation(FAILURES, (cause,), None)]


def test_the_reason_of_another_component_is_another_thing(book: RuleBook) -> None:
    """An operator of somebody's may say Starting and Synced of nodes as well."""
    for reason in ("Starting", "Synced", "NodeReady", "Shutdown"):
        assert _node(book, reason, component="my-operator") == []
