"""Disruption budgets, evictions that fail, owners in another namespace."""

from __future__ import annotations

import pytest

from exporter.rules.rulebook import RuleBook
from tests.unit.rules.observing import Observation, built_in_rules, observe

FAILURES = "kube_event_disruption_budget_failures_total"


@pytest.fixture(scope="module")
def book() -> RuleBook:
    """The catalogue: nothing here opens a lifecycle."""
    return built_in_rules()


def _budget(book: RuleBook, reason: str, message: str, **fields: object) -> list[Observation]:
    about = {"component": "controllermanager", "kind": "PodDisruptionBudget", "field_path": ""}
    return observe(book, reason=reason, message=message, **{**about, **fields})


@pytest.mark.parametrize(
    ("reason", "message", "cause"),
    [
        pytest.param("NoPods", "Failed to get pods: no", "pods_unknown", id="pods"),
        pytest.param(
            "NoControllerRef",
            'found no controller ref for pod "bare"',
            "no_controller",
            id="no-controller-ref",
        ),
        pytest.param(
            "NoControllers",
            'found no controllers for pod "odd"',
            "no_controller",
            id="no-controllers",
        ),
        pytest.param(
            "CalculateExpectedPodCountFailed",
            "Failed to calculate the number of expected pods: widgets.example.org does not "
            "implement the scale subresource",
            "expected_count",
            id="count",
        ),
        pytest.param(
            "UnmanagedPods",
            "Pods selected by this PodDisruptionBudget (selector: &LabelSelector{}) were found to "
            "be unmanaged. As a result, the status of the PDB cannot be calculated correctly",
            "unmanaged_pods",
            id="unmanaged-recorded",
        ),
    ],
)
def test_a_budget_that_cannot_be_computed(
    book: RuleBook, reason: str, message: str, cause: str
) -> None:
    """Warnings of the disruption controller, each with its cause."""
    found = _budget(book, reason, message)
    assert found == [Observation(FAILURES, ("shop", cause), None)]


def test_a_budget_without_pods_is_no_failure(book: RuleBook) -> None:
    """As recorded: a Normal event, as when the workload is scaled to 0."""
    assert _budget(book, "NoPods", "No matching pods found", type="Normal") == []


@pytest.mark.parametrize(
    "error", ['found no controller ref for pod "bare"', 'found no controllers for pod "odd"']
)
def test_the_second_event_of_a_failure_is_no_second_failure(book: RuleBook, error: str) -> None:
    """A pod without a controller is told by an event of its own before."""
    message = f"Failed to calculate the number of expected pods: {error}"
    assert _budget(book, "CalculateExpectedPodCountFailed", message) == []


@pytest.mark.parametrize(
    ("component", "reason", "cause"),
    [
        ("controllermanager", "MultiplePodDisruptionBudgets", "multiple_budgets"),
        ("controllermanager", "NotDeleted", "not_deleted"),
        ("sigs.k8s.io.descheduler", "EvictionFailed", "eviction_failed"),
    ],
)
def test_a_pod_that_cannot_be_evicted(
    book: RuleBook, component: str, reason: str, cause: str
) -> None:
    """Told of the pod, not of its budget."""
    found = observe(book, component=component, reason=reason, message="no")
    assert found == [Observation(FAILURES, ("shop", cause), None)]


@pytest.mark.parametrize("kind", ["Pod", "ConfigMap", "Widget"])
def test_an_owner_in_another_namespace(book: RuleBook, kind: str) -> None:
    """Of any kind of object: the garbage collector deletes it. Kinds are endless, and no label."""
    found = observe(
        book,
        component="garbage-collector-controller",
        kind=kind,
        reason="OwnerRefInvalidNamespace",
        message="ownerRef [v1/ConfigMap, namespace: shop, name: boss] does not exist in namespace "
        '"shop"',
    )
    labels = ("shop", "any", "owner_namespace")
    assert found == [Observation("kube_event_workload_failures_total", labels, None)]
