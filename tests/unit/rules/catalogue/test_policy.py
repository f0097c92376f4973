"""Kyverno: results of policies, once each, where the resource is."""

from __future__ import annotations

import pytest

from exporter.rules.rulebook import RuleBook
from tests.unit.rules.observing import built_in_rules, observe

RESULTS = "kube_event_policy_results_total"
_POLICY = {"component": "kyverno-admission", "kind": "ClusterPolicy", "object_namespace": ""}


@pytest.fixture(scope="module")
def book() -> RuleBook:
    """Policies open and close nothing."""
    return built_in_rules()


@pytest.mark.parametrize(
    ("reason", "message", "namespace", "result"),
    [
        (
            "PolicyViolation",
            "Pod shop/web-0: [require-limits] fail (blocked); validation error: no limits",
            "shop",
            "blocked",
        ),
        (
            "PolicyViolation",
            "Pod shop/web-0: [require-limits] fail; validation error: (blocked) is a word",
            "shop",
            "violation",
        ),
        ("PolicyViolation", "Namespace lab: [labels] fail (blocked); no", "", "blocked"),
        ("PolicyViolation", "Namespace lab: [labels] fail; no", "", "violation"),
        ("PolicyError", "Pod shop/web-0: [verify] error; no such image", "shop", "error"),
        ("PolicyError", "policy add-quota/quota error: no", "", "error"),
        (
            "PolicyError",
            "failed to clean up the target resource Pod/shop/web-0: conflict",
            "shop",
            "error",
        ),
        (
            "PolicySkipped",
            "resource Pod/shop/web-0 was skipped from rule limits due to policy exception a/b",
            "shop",
            "skipped",
        ),
        ("PolicySkipped", "resource Namespace/lab was skipped from rule labels", "", "skipped"),
        ("PolicyApplied", "Pod shop/web-0: pass", "shop", "applied"),
        ("PolicyApplied", "Pod shop/web-0 is successfully mutated", "shop", "applied"),
        (
            "PolicyApplied",
            "successfully cleaned up the target resource Pod/shop/web-0",
            "shop",
            "applied",
        ),
        ("PolicyApplied", "resource generated", "", "applied"),
    ],
)
def test_a_result_counts_where_the_resource_is(
    book: RuleBook, reason: str, message: str, namespace: str, result: str
) -> None:
    """A ClusterPolicy has no namespace: the resource's is in the message."""
    found = observe(book, reason=reason, message=message, **_POLICY)
    assert found == [(RESULTS, (namespace, result), None)]


@pytest.mark.parametrize(
    "component",
    [
        "kyverno-admission",
        "kyverno-scan",
        "kyverno-generate",
        "kyverno-mutate",
        "kyverno-cleanup",
    ],
)
def test_every_controller_of_kyverno_is_heard(book: RuleBook, component: str) -> None:
    """A policy in a namespace lends its own where the message names none."""
    found = observe(
        book, component=component, kind="Policy", reason="PolicyApplied", message="resource mutated"
    )
    assert found == [(RESULTS, ("shop", "applied"), None)]


@pytest.mark.parametrize("kind", ["Pod", "Deployment", "PolicyException"])
@pytest.mark.parametrize(
    "reason", ["PolicyViolation", "PolicyApplied", "PolicyError", "PolicySkipped"]
)
def test_a_resource_says_it_again(book: RuleBook, kind: str, reason: str) -> None:
    """What stands on the policy and on the resource is one result, and counts on the policy."""
    assert book.rules_for("Warning", "kyverno-admission", kind, reason)
    message = "policy require-limits/limits fail: validation error: no limits"
    fields = {"component": "kyverno-admission", "kind": kind, "reason": reason}
    assert observe(book, message=message, **fields) == []


def test_another_engines_violation_is_not_kyvernos(book: RuleBook) -> None:
    """The component tells whose policy it is."""
    found = observe(
        book, component="gatekeeper", kind="ClusterPolicy", reason="PolicyViolation", message="any"
    )
    assert found == []
