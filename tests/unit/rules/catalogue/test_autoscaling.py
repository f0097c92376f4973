"""Autoscalers of pods, the HPA and KEDA: what they did, and what they could not do."""

from __future__ import annotations

import pytest

from exporter.rules.rulebook import AGGREGATED, RuleBook
from tests.unit.rules.observing import built_in_rules, observe

RESCALES = "kube_event_hpa_rescales_total"
HPA_FAILURES = "kube_event_hpa_failures_total"
ACTIVATIONS = "kube_event_keda_activations_total"
KEDA_FAILURES = "kube_event_keda_failures_total"
_HPA = {"component": "horizontal-pod-autoscaler", "kind": "HorizontalPodAutoscaler"}
_NO_METRICS_API = (
    "failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch "
    "metrics from resource metrics API: the server could not find the requested resource "
    "(get pods.metrics.k8s.io)"
)


@pytest.fixture(scope="module")
def book() -> RuleBook:
    """Autoscalers open and close nothing."""
    return built_in_rules()


@pytest.mark.parametrize(
    ("why", "direction"),
    [
        ("Current number of replicas above Spec.MaxReplicas", "down"),
        ("All metrics below target", "down"),
        ("Current number of replicas below Spec.MinReplicas", "up"),
        ("Current number of replicas must be greater than 0", "up"),
        ("cpu resource utilization (percentage of request) above target", "up"),
        ("external metric s0-queue(nil) above target", "up"),
        ("the moon is full", "other"),
    ],
)
def test_a_rescale_has_a_direction(book: RuleBook, why: str, direction: str) -> None:
    """The message names the new size only; why it was chosen tells the direction."""
    message = f"New size: 5; reason: {why}"
    found = observe(book, type="Normal", reason="SuccessfulRescale", message=message, **_HPA)
    assert found == [(RESCALES, ("shop", direction), None)]


@pytest.mark.parametrize(
    ("reason", "message", "cause"),
    [
        pytest.param("FailedGetResourceMetric", _NO_METRICS_API, "metrics_api", id="recorded"),
        pytest.param(
            "FailedGetResourceMetric", AGGREGATED + _NO_METRICS_API, "metrics_api", id="aggregated"
        ),
        pytest.param(
            "FailedGetContainerResourceMetric",
            "failed to get memory container metric value: no metrics returned from resource "
            "metrics API",
            "no_metrics",
            id="not-scraped-yet",
        ),
        pytest.param(
            "FailedGetResourceMetric",
            "did not receive metrics for targeted pods (pods might be unready)",
            "no_metrics",
            id="unready",
        ),
        pytest.param(
            "FailedGetExternalMetric",
            "unable to get external metric shop/s0-queue/nil: unable to fetch metrics from "
            "external metrics API: No matching metrics found for s0-queue",
            "no_metrics",
            id="no-such-external-metric",
        ),
        pytest.param(
            "FailedGetResourceMetric",
            "failed to get cpu utilization: missing request for cpu in container app of Pod web-0",
            "missing_request",
            id="no-request",
        ),
        pytest.param(
            "FailedGetPodsMetric",
            "unable to get metric hits: no pods returned by selector while calculating replica "
            "count",
            "no_pods",
            id="no-pods",
        ),
        pytest.param(
            "FailedGetObjectMetric",
            "unable to get metric hits: Ingress on shop main/unable to fetch metrics from custom "
            "metrics API: the server could not find the metric hits for ingresses main",
            "no_metrics",
            id="unknown-metric",
        ),
        pytest.param(
            "FailedGetPodsMetric",
            "unable to get metric hits: unable to fetch metrics from custom metrics API: no "
            "custom metrics API (custom.metrics.k8s.io) registered",
            "metrics_api",
            id="no-custom-api",
        ),
        pytest.param(
            "FailedGetExternalMetric",
            "unable to get external metric shop/s0-queue/nil: unable to fetch metrics from "
            'external metrics API: s0-queue.external.metrics.k8s.io is forbidden: User "u" '
            "cannot list resource",
            "forbidden",
            id="forbidden",
        ),
        pytest.param("FailedGetExternalMetric", "it rained", "other", id="unknown"),
        pytest.param("FailedGetScale", 'deployments.apps "ghost" not found', "scale_target"),
        pytest.param(
            "FailedRescale",
            "New size: 5; reason: All metrics below target; error: conflict",
            "rescale",
        ),
        pytest.param("SelectorRequired", "any", "selector"),
        pytest.param("InvalidSelector", "any", "selector"),
        pytest.param("AmbiguousSelector", "any", "selector"),
        pytest.param("InvalidMetricSourceType", "any", "invalid"),
        pytest.param("FailedConvertHPA", "any", "invalid"),
        pytest.param("FailedUpdateStatus", "any", "status"),
    ],
)
def test_what_an_hpa_could_not_do(book: RuleBook, reason: str, message: str, cause: str) -> None:
    """A metric's message says why it failed; of all else the reason does."""
    found = observe(book, reason=reason, message=message, **_HPA)
    assert found == [(HPA_FAILURES, ("shop", cause), None)]


def test_a_failed_metric_counts_once(book: RuleBook) -> None:
    """FailedComputeMetricsReplicas sums up what FailedGet* said before, and adds nothing."""
    summary = f"invalid metrics (1 invalid out of 1), first error is: {_NO_METRICS_API}"
    fields = {"reason": "FailedComputeMetricsReplicas", **_HPA}
    assert book.rules_for("Warning", fields["component"], fields["kind"], fields["reason"])
    assert observe(book, message=summary, **fields) == []


@pytest.mark.parametrize(
    ("reason", "direction"),
    [("KEDAScaleTargetActivated", "up"), ("KEDAScaleTargetDeactivated", "down")],
)
def test_keda_scales_from_and_to_zero(book: RuleBook, reason: str, direction: str) -> None:
    """Activation goes up, deactivation down."""
    found = observe(
        book,
        type="Normal",
        component="keda-operator",
        kind="ScaledObject",
        reason=reason,
        message="Scaled apps/v1.Deployment shop/web from 0 to 1",
    )
    assert found == [(ACTIVATIONS, ("shop", direction), None)]


@pytest.mark.parametrize("kind", ["ScaledObject", "ScaledJob"])
@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ("ScaledObjectCheckFailed", "check"),
        ("ScaledJobCheckFailed", "check"),
        ("KEDAScalerFailed", "scaler"),
        ("KEDAMetricSourceFailed", "metric_source"),
        ("KEDAScaleTargetActivationFailed", "activation"),
        ("KEDAScaleTargetDeactivationFailed", "deactivation"),
        ("KEDAJobCreateFailed", "job_create"),
        ("ScaledObjectFallbackActivated", "fallback"),
        ("ScaledObjectUpdateFailed", "update"),
        ("ScaledJobUpdateFailed", "update"),
    ],
)
def test_what_keda_could_not_do(book: RuleBook, kind: str, reason: str, cause: str) -> None:
    """The reason is the cause, of scaled objects and scaled jobs alike."""
    found = observe(book, component="keda-operator", kind=kind, reason=reason, message="any")
    assert found == [(KEDA_FAILURES, ("shop", cause), None)]


@pytest.mark.parametrize(
    "reason",
    [
        "ScaledObjectReady",
        "ScaledJobReady",
        "ScaledObjectDeleted",
        "ScaledJobDeleted",
        "KEDAScalersStarted",
        "KEDAScalersStopped",
        "KEDAJobsCreated",
    ],
)
def test_progress_of_keda_is_known_and_not_counted(book: RuleBook, reason: str) -> None:
    """A rule without samples says that nothing was forgotten."""
    fields = {"component": "keda-operator", "kind": "ScaledObject", "reason": reason}
    assert book.rules_for("Normal", fields["component"], fields["kind"], reason)
    assert observe(book, type="Normal", message="any", **fields) == []
