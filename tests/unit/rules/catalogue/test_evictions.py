"""Evictions and preemptions: who took a pod from its node, and why."""

from __future__ import annotations

import pytest

from exporter.rules.rulebook import RuleBook
from tests.unit.rules.observing import built_in_rules, observe

EVICTIONS = "kube_event_evictions_total"
PREEMPTIONS = "kube_event_preemptions_total"


@pytest.fixture(scope="module")
def book() -> RuleBook:
    """The catalogue: nothing here opens a lifecycle."""
    return built_in_rules()


def _causes(book: RuleBook, family: str, **fields: object) -> list[tuple[str, ...]]:
    found = observe(book, **fields)
    return [o.labels for o in found if o.family == family]


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        pytest.param(
            "The node was low on resource: memory. Container app was using 1310Mi, which exceeds "
            "its request of 0. ",
            "memory",
            id="memory-1.20",
        ),
        pytest.param(
            "The node was low on resource: memory. Threshold quantity: 100Mi, available: 88Mi. "
            "Container app was using 1310Mi, request is 64Mi, has larger consumption of memory. ",
            "memory",
            id="memory-1.26",
        ),
        pytest.param(
            "The node was low on resource: ephemeral-storage. Threshold quantity: 2134Mi, "
            "available: 2050Mi. ",
            "disk",
            id="nodes-disk",
        ),
        pytest.param("The node was low on resource: inodes. ", "disk", id="inodes"),
        pytest.param("The node was low on resource: pids. ", "pid", id="pids"),
        pytest.param("The node was low on resource: licences. ", "other", id="unknown-resource"),
        pytest.param("The node had condition: [MemoryPressure]. ", "node_condition", id="refused"),
        pytest.param(
            'Usage of EmptyDir volume "v" exceeds the limit "1Mi". ', "emptydir", id="recorded"
        ),
        pytest.param(
            'Container app exceeded its local ephemeral storage limit "1Gi". ',
            "ephemeral_storage",
            id="containers-own-limit",
        ),
        pytest.param(
            "Pod ephemeral local storage usage exceeds the total limit of containers 1Mi. ",
            "ephemeral_storage",
            id="pods-own-limit-recorded",
        ),
        pytest.param(
            '(combined from similar events): Usage of EmptyDir volume "v" exceeds the limit "1". ',
            "emptydir",
            id="merged",
        ),
        pytest.param("A reason of the future.", "other", id="unknown"),
    ],
)
def test_the_kubelets_eviction_has_the_cause_of_its_message(
    book: RuleBook, message: str, cause: str
) -> None:
    """The resource, the condition or the limit that the kubelet names."""
    found = _causes(book, EVICTIONS, reason="Evicted", message=message)
    assert found == [("shop", cause)]


def test_karpenters_eviction_is_a_drain(book: RuleBook) -> None:
    """The same reason as the kubelet's, of another component and another meaning."""
    found = _causes(
        book,
        EVICTIONS,
        component="karpenter",
        type="Normal",
        reason="Evicted",
        message="Evicted pod: The node was low on resource: memory.",
    )
    assert found == [("shop", "drain")]


def test_a_normal_evicted_of_the_kubelet_is_none(book: RuleBook) -> None:
    """The kubelet's evictions are warnings."""
    message = "The node was low on resource: memory. "
    assert _causes(book, EVICTIONS, type="Normal", reason="Evicted", message=message) == []


@pytest.mark.parametrize("component", ["taint-controller", "taint-eviction-controller"])
@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Marking for deletion Pod shop/web-0", [("shop", "taint")]),
        ("Marking for deletion", [("shop", "taint")]),
        ("Cancelling deletion of Pod shop/web-0", []),
        ("Cancelling deletion", []),
    ],
)
def test_a_taint_evicts_where_the_pod_is_marked(
    book: RuleBook, component: str, message: str, expected: list[tuple[str, str]]
) -> None:
    """One reason for two opposite acts; in 1.20 the pod has no uid there."""
    found = _causes(
        book,
        EVICTIONS,
        component=component,
        type="Normal",
        reason="TaintManagerEviction",
        object_uid="",
        message=message,
    )
    assert found == expected


def test_a_pod_that_goes_with_its_node_is_evicted(book: RuleBook) -> None:
    """The node controller, before evictions by taint."""
    found = _causes(
        book,
        EVICTIONS,
        component="node-controller",
        type="Normal",
        reason="NodeControllerEviction",
        message="Marking for deletion Pod web-0 from Node node-a",
    )
    assert found == [("shop", "node_lost")]


@pytest.mark.parametrize(
    ("kind", "reason", "expected"),
    [
        ("Pod", "EvictedByVPA", [("shop", "vpa")]),
        ("VerticalPodAutoscaler", "EvictedPod", []),
    ],
)
def test_an_eviction_by_vpa_counts_once(
    book: RuleBook, kind: str, reason: str, expected: list[tuple[str, str]]
) -> None:
    """The updater tells of it twice: of the pod, and of the autoscaler."""
    found = _causes(
        book, EVICTIONS, component="vpa-updater", type="Normal", kind=kind, reason=reason
    )
    assert found == expected


@pytest.mark.parametrize("strategy", ["LowNodeUtilization", "RemoveDuplicates", "OwnStrategy"])
def test_the_deschedulers_reason_is_its_strategy(book: RuleBook, strategy: str) -> None:
    """Whatever strategy: a pod was evicted."""
    found = _causes(
        book,
        EVICTIONS,
        component="sigs.k8s.io.descheduler",
        type="Normal",
        reason=strategy,
        message="pod eviction from node-a node by sigs.k8s.io/descheduler",
    )
    assert found == [("shop", "descheduler")]


def test_an_eviction_that_failed_is_none(book: RuleBook) -> None:
    """The descheduler's warning: the pod is where it was."""
    found = _causes(
        book, EVICTIONS, component="sigs.k8s.io.descheduler", reason="EvictionFailed", message="no"
    )
    assert found == []


@pytest.mark.parametrize(
    "message",
    [
        pytest.param("Preempted by shop/vip on node node-a", id="1.20-recorded"),
        pytest.param("Preempted by a pod on node node-a", id="1.24"),
        pytest.param(
            "Preempted by pod 126bdb82-6231-473f-9f44-0d3248adcf91 on node node-a",
            id="1.36-recorded",
        ),
    ],
)
@pytest.mark.parametrize("scheduler", ["default-scheduler", "batch-scheduler", "gang"])
def test_the_scheduler_preempts(book: RuleBook, scheduler: str, message: str) -> None:
    """Under the name of whatever profile, in all three forms."""
    found = _causes(
        book,
        PREEMPTIONS,
        component=scheduler,
        type="Normal",
        reason="Preempted",
        message=message,
    )
    assert found == [("shop", "scheduler")]


def test_cluster_autoscalers_scale_down_drains_pods(book: RuleBook) -> None:
    """A pod that goes with a node which is not needed; the node's own event evicts nothing."""
    fields = {"component": "cluster-autoscaler", "type": "Normal", "reason": "ScaleDown"}
    message = "deleting pod for node scale down"
    assert _causes(book, EVICTIONS, message=message, **fields) == [("shop", "drain")]
    assert _causes(book, EVICTIONS, kind="Node", message=message, **fields) == []


def test_the_kubelet_preempts(book: RuleBook) -> None:
    """To admit a critical pod."""
    message = "Preempted in order to admit critical pod"
    found = _causes(book, PREEMPTIONS, reason="Preempting", message=message)
    assert found == [("shop", "kubelet")]
