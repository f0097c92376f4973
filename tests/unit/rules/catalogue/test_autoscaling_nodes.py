"""Autoscalers of nodes, cluster-autoscaler and Karpenter: what they did, and could not do."""

from __future__ import annotations

import pytest

from exporter.rules.rulebook import RuleBook
from tests.unit.rules.observing import built_in_rules, observe

ACTIONS = "kube_event_autoscaler_actions_total"
FAILURES = "kube_event_autoscaler_failures_total"
REFUSALS = "kube_event_scale_up_refusals_total"


@pytest.fixture(scope="module")
def book() -> RuleBook:
    """Autoscalers open and close nothing."""
    return built_in_rules()


@pytest.mark.parametrize(
    ("kind", "reason", "message", "action"),
    [
        (
            "Pod",
            "TriggeredScaleUp",
            "pod triggered scale-up: [{pool-a 1->3 (max: 5)}]",
            "scale_up_triggered",
        ),
        ("ConfigMap", "ScaledUpGroup", "Scale-up: group pool-a size set to 3", "scale_up"),
        (
            "ConfigMap",
            "ScaledUpGroup",
            "Scale-up: group pool-a size set to 3 instead of 1 (max: 5)",
            "scale_up",
        ),
        ("ConfigMap", "ScaleDown", "Scale-down: node a-1 removed with drain", "scale_down"),
        ("ConfigMap", "ScaleDownEmpty", "Scale-down: empty node a-1 removed", "scale_down"),
        (
            "ConfigMap",
            "DeleteUnregistered",
            "Removed unregistered node a-1",
            "unregistered_node_removed",
        ),
    ],
)
def test_what_cluster_autoscaler_did(
    book: RuleBook, kind: str, reason: str, message: str, action: str
) -> None:
    """Its objects vary: a pod, and the ConfigMap of its status."""
    found = observe(
        book,
        type="Normal",
        component="cluster-autoscaler",
        kind=kind,
        reason=reason,
        message=message,
    )
    assert found == [(ACTIONS, ("cluster_autoscaler", action), None)]


def test_a_pod_that_cluster_autoscaler_evicts_is_an_eviction_too(book: RuleBook) -> None:
    """The autoscaler's act, and the pod's drain."""
    found = observe(
        book,
        type="Normal",
        component="cluster-autoscaler",
        reason="ScaleDown",
        message="deleting pod for node scale down",
    )
    assert found == [
        (ACTIONS, ("cluster_autoscaler", "pod_evicted"), None),
        ("kube_event_evictions_total", ("shop", "drain"), None),
    ]


@pytest.mark.parametrize(
    ("kind", "reason", "message"),
    [
        ("ConfigMap", "ScaledUpGroup", "Scale-up: setting group pool-a size to 3"),
        (
            "ConfigMap",
            "ScaleDown",
            (
                "Scale-down: removing node a-1, utilization: {0.1 0.1 0 cpu 0.1}, pods to "
                "reschedule: web-0"
            ),
        ),
        ("ConfigMap", "ScaleDownEmpty", 'Scale-down: removing empty node "a-1"'),
        ("Node", "ScaleDown", "marked the node as toBeDeleted/unschedulable"),
        ("Node", "ScaleDown", "nodes removed by cluster autoscaler"),
    ],
)
def test_what_cluster_autoscaler_announces_is_not_counted(
    book: RuleBook, kind: str, reason: str, message: str
) -> None:
    """A group that will grow and a node that will go are said again when it has happened."""
    found = observe(
        book,
        type="Normal",
        component="cluster-autoscaler",
        kind=kind,
        reason=reason,
        message=message,
    )
    assert found == []


@pytest.mark.parametrize(
    ("kind", "reason", "cause"),
    [
        ("ConfigMap", "FailedToScaleUpGroup", "scale_up"),
        ("ConfigMap", "ScaleUpFailed", "scale_up"),
        ("ConfigMap", "ScaleUpTimedOut", "registration_timeout"),
        ("Node", "ScaleDownFailed", "scale_down"),
        ("ConfigMap", "ScaleDownFailed", "scale_down"),
        ("Pod", "ScaleDownFailed", "drain"),
        ("ConfigMap", "MaxNodesTotalReached", "limit"),
        ("Pod", "MaxNodesTotalReached", "limit"),
        ("ConfigMap", "ClusterUnhealthy", "unhealthy"),
        ("ConfigMap", "DeleteUnregisteredFailed", "termination"),
        ("ConfigMap", "PriorityConfigMapInvalid", "other"),
        ("ConfigMap", "PriorityConfigMapNotFound", "other"),
        ("Node", "ClusterAutoscalerCleanup", "other"),
    ],
)
def test_what_cluster_autoscaler_could_not_do(
    book: RuleBook, kind: str, reason: str, cause: str
) -> None:
    """The reason tells the cause, on whatever object it is written."""
    found = observe(
        book, component="cluster-autoscaler", kind=kind, reason=reason, message="failed"
    )
    assert found == [(FAILURES, ("cluster_autoscaler", cause), None)]


@pytest.mark.parametrize(
    ("why", "cause"),
    [
        ("2 Insufficient cpu", "no_fit"),
        ("1 max node group size reached, 2 Insufficient cpu", "limit"),
        ("1 max cluster cpu, memory limit reached", "limit"),
        ("1 in backoff after failed scale-up", "backoff"),
    ],
)
@pytest.mark.parametrize("note", ["", " (it wouldn't fit if a new node is added)"])
def test_a_pod_that_no_group_can_grow_for(book: RuleBook, note: str, why: str, cause: str) -> None:
    """The message says what would help: a higher limit, patience or another group."""
    message = f"pod didn't trigger scale-up{note}: {why}"
    found = observe(
        book,
        type="Normal",
        component="cluster-autoscaler",
        reason="NotTriggerScaleUp",
        message=message,
    )
    assert found == [(REFUSALS, ("shop", "cluster_autoscaler", cause), None)]


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        (
            'Failed to schedule pod, incompatible with nodepool "default", did not tolerate taint',
            "no_fit",
        ),
        (
            'Failed to schedule pod, all available instance types exceed limits for nodepool: "x"',
            "limit",
        ),
    ],
)
def test_karpenter_finds_no_place(book: RuleBook, message: str, cause: str) -> None:
    """Its FailedScheduling is its own refusal, and none of the scheduler's failures."""
    found = observe(book, component="karpenter", reason="FailedScheduling", message=message)
    assert found == [(REFUSALS, ("shop", "karpenter", cause), None)]


@pytest.mark.parametrize(
    ("kind", "reason", "cause"),
    [
        ("NodePool", "NoCompatibleInstanceTypes", "no_instance_type"),
        ("NodeClaim", "InsufficientCapacityError", "capacity"),
        ("NodeClaim", "NodeClassNotReady", "node_class"),
        ("NodeClaim", "UnregisteredTaintMissing", "other"),
        ("NodeClaim", "FailedConsistencyCheck", "other"),
        ("Node", "FailedDraining", "drain"),
        ("Node", "FailedTermination", "termination"),
        ("NodeClaim", "FailedTermination", "termination"),
        ("NodeClaim", "TerminationGracePeriodExpiring", "other"),
        ("NodeClaim", "NodeRepairBlocked", "repair_blocked"),
        ("NodePool", "NodeRepairBlocked", "repair_blocked"),
    ],
)
def test_what_karpenter_could_not_do(book: RuleBook, kind: str, reason: str, cause: str) -> None:
    """The reason tells the cause; what one can do little about is another."""
    found = observe(book, component="karpenter", kind=kind, reason=reason, message="any")
    assert found == [(FAILURES, ("karpenter", cause), None)]


@pytest.mark.parametrize(
    ("kind", "reason", "action"),
    [
        ("Pod", "Nominated", "pod_nominated"),
        ("Pod", "Disrupted", "pod_evicted"),
        ("NodeClaim", "DisruptionLaunching", "replacement_launched"),
        ("NodeClaim", "DisruptionTerminating", "node_disrupted"),
        ("NodeClaim", "DisruptionBlocked", "disruption_blocked"),
        ("NodePool", "DisruptionBlocked", "disruption_blocked"),
        ("NodeClaim", "SpotInterrupted", "spot_interrupted"),
    ],
)
def test_what_karpenter_did(book: RuleBook, kind: str, reason: str, action: str) -> None:
    """The reason is the action."""
    found = observe(
        book, type="Normal", component="karpenter", kind=kind, reason=reason, message="any"
    )
    assert found == [(ACTIONS, ("karpenter", action), None)]


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("Node", "DisruptionTerminating"),
        ("Node", "DisruptionBlocked"),
        ("Node", "TerminationGracePeriodExpiring"),
        ("Node", "NodeRepairBlocked"),
        ("Node", "SpotInterrupted"),
        ("Node", "AwaitingVolumeDetachment"),
        ("Node", "Unconsolidatable"),
        ("NodeClaim", "Unconsolidatable"),
        ("NodeClaim", "DisruptionWaitingReadiness"),
        ("NodeClaim", "SpotRebalanceRecommendation"),
    ],
)
def test_karpenter_says_it_of_the_node_again(book: RuleBook, kind: str, reason: str) -> None:
    """The node's half of what its claim says, waiting and advice are known and not counted."""
    assert book.rules_for("Normal", "karpenter", kind, reason)
    found = observe(
        book, type="Normal", component="karpenter", kind=kind, reason=reason, message="any"
    )
    assert found == []
