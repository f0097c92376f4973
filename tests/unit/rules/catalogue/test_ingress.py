"""Ingress controllers: reloads, and what they could not do."""

from __future__ import annotations

import pytest

from exporter.rules.rulebook import RuleBook
from tests.unit.rules.observing import built_in_rules, observe

FAILURES = "kube_event_ingress_failures_total"
RELOADS = "kube_event_ingress_reloads_total"
_NGINX = {"component": "nginx-ingress-controller"}


@pytest.fixture(scope="module")
def book() -> RuleBook:
    """Ingress controllers open and close nothing."""
    return built_in_rules()


@pytest.mark.parametrize(
    ("type_", "message", "result"),
    [
        ("Normal", "NGINX reload triggered due to a change in configuration", "succeeded"),
        ("Warning", "Error reloading NGINX: exit status 1", "failed"),
    ],
)
def test_a_reload_is_told_apart_by_its_type(
    book: RuleBook, type_: str, message: str, result: str
) -> None:
    """RELOAD is one reason for success and failure."""
    found = observe(book, type=type_, reason="RELOAD", message=message, **_NGINX)
    assert found == [(RELOADS, ("shop", result), None)]


def test_an_annotation_that_cannot_be_read(book: RuleBook) -> None:
    """The ingress stands, and its annotation does nothing."""
    found = observe(book, kind="Ingress", reason="AnnotationParsingFailed", message="any", **_NGINX)
    assert found == [(FAILURES, ("shop", "annotation"), None)]


@pytest.mark.parametrize(
    ("component", "kind"),
    [("ingress", "Ingress"), ("service", "Service"), ("targetGroupBinding", "TargetGroupBinding")],
)
@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ("FailedBuildModel", "build_model"),
        ("FailedDeployModel", "deploy_model"),
        ("FailedAddFinalizer", "finalizer"),
        ("FailedRemoveFinalizer", "finalizer"),
        ("FailedUpdateStatus", "status"),
        ("FailedCleanupStatus", "status"),
        ("FailedLoadGroupID", "group"),
        ("ConflictingIngressClass", "ingress_class"),
        ("BackendNotFound", "backend"),
        ("FailedReconcile", "reconcile"),
        ("FailedNetworkReconcile", "network"),
        ("FailedCleanup", "cleanup"),
    ],
)
def test_what_the_aws_controller_could_not_do(
    book: RuleBook, component: str, kind: str, reason: str, cause: str
) -> None:
    """The reason is the cause, for each of its three components."""
    found = observe(book, component=component, kind=kind, reason=reason, message="any")
    assert found == [(FAILURES, ("shop", cause), None)]


def test_an_hpas_status_is_no_ingress(book: RuleBook) -> None:
    """FailedUpdateStatus is also a reason of the horizontal pod autoscaler."""
    found = observe(
        book,
        component="horizontal-pod-autoscaler",
        kind="HorizontalPodAutoscaler",
        reason="FailedUpdateStatus",
        message="any",
    )
    assert [o.family for o in found] == ["kube_event_hpa_failures_total"]


@pytest.mark.parametrize(
    ("component", "kind", "reason"),
    [
        ("nginx-ingress-controller", "Ingress", "Sync"),
        ("nginx-ingress-controller", "Ingress", "CREATE"),
        ("nginx-ingress-controller", "ConfigMap", "UPDATE"),
        ("nginx-ingress-controller", "Ingress", "DELETE"),
        ("ingress", "Ingress", "SuccessfullyReconciled"),
        ("targetGroupBinding", "TargetGroupBinding", "SuccessfullyReconciled"),
    ],
)
def test_progress_is_known_and_not_counted(
    book: RuleBook, component: str, kind: str, reason: str
) -> None:
    """A rule without samples says that nothing was forgotten."""
    assert book.rules_for("Normal", component, kind, reason)
    fields = {"component": component, "kind": kind, "reason": reason}
    assert observe(book, type="Normal", message="any", **fields) == []
