"""Audit records into families, looked at as a page."""

from __future__ import annotations

from typing import Any

import pytest

from exporter.metrics.text import Format
from tests.unit.audit.counted import ANONYMOUS, STRANGER, Counted, labels, request
from tests.unit.audit.events import ALLOW, FORBID, event, failure
from tests.unit.metrics.house import samples

WATCH = {"verb": "watch", "requestURI": "/api/v1/namespaces/shop/pods?watch=1"}
VIOLATION = '[{"message":"m","policy":"p","binding":"b"}]'


def test_a_request_is_counted_when_it_is_over() -> None:
    """Its stages before that are not requests."""
    counted = Counted()
    counted.tell(stage="RequestReceived", responseStatus=None, annotations=None)
    counted.tell(stage="ResponseStarted")
    assert counted.found("kube_audit_requests_total") == {}
    counted.tell()
    assert counted.found("kube_audit_requests_total") == {request(): 1}
    assert counted.counting.total == 1


def test_what_comes_twice_is_counted_once() -> None:
    """In all its families, and however often."""
    counted = Counted()
    for _ in range(3):
        counted.tell(auditID="a", annotations=FORBID, responseStatus=failure(403))
        counted.tell(auditID="w", stage="ResponseStarted", **WATCH, responseStatus={"code": 200})
    assert list(counted.found("kube_audit_requests_total").values()) == [1]
    assert list(counted.found("kube_audit_denied_total").values()) == [1]
    assert list(counted.found("kube_audit_long_running_requests_total").values()) == [1]
    assert counted.counting.duplicates == {"log": 4}


def test_a_watch_is_counted_when_it_begins_and_as_a_request_when_it_ends() -> None:
    """It has no duration: it lasts as long as its client likes."""
    counted = Counted()
    counted.tell(auditID="w", stage="ResponseStarted", **WATCH, responseStatus={"code": 200})
    began = labels(
        verb="watch", group="", resource="pods", subresource="", user_class="user", namespace="shop"
    )
    assert counted.found("kube_audit_long_running_requests_total") == {began: 1}
    assert counted.found("kube_audit_requests_total") == {}
    later = {"stageTimestamp": "2026-11-22T12:05:18.727221Z"}
    counted.tell(auditID="w", **WATCH, **later, responseStatus={"code": 200})
    assert counted.found("kube_audit_requests_total") == {request(verb="watch", code="200"): 1}
    assert counted.found("kube_audit_long_running_requests_total") == {began: 1}
    assert counted.found("kube_audit_request_duration_seconds_count") == {}


def test_an_exec_shows_at_once() -> None:
    """Before the session ends, and if its server is killed in between."""
    exec_ = {"objectRef": {**event()["objectRef"], "subresource": "exec"}, "verb": "get"}
    counted = Counted().tell(stage="ResponseStarted", **exec_, responseStatus={"code": 101})
    assert counted.found("kube_audit_long_running_requests_total") == {
        labels(
            verb="get",
            group="",
            resource="pods",
            subresource="exec",
            user_class="user",
            namespace="shop",
        ): 1
    }


def test_a_watch_that_is_refused_did_not_begin() -> None:
    """It has both stages like any other."""
    refused = {**WATCH, "annotations": FORBID, "responseStatus": failure(403)}
    counted = Counted().tell(auditID="w", stage="ResponseStarted", **refused)
    counted.tell(auditID="w", **refused)
    assert counted.found("kube_audit_long_running_requests_total") == {}
    assert list(counted.found("kube_audit_denied_total").values()) == [1]


def test_a_duration_is_in_seconds() -> None:
    """From receipt to answer, by verb and class of resource."""
    found = samples(Counted().tell().page())
    name = "kube_audit_request_duration_seconds"
    of = 'verb="create",resource_class="pods"'
    assert found[f"{name}_sum{{{of}}}"] == pytest.approx(0.014915)
    assert found[f'{name}_bucket{{{of},le="0.01"}}'] == 0
    assert found[f'{name}_bucket{{{of},le="0.025"}}'] == 1


def test_a_panic_ends_a_request() -> None:
    """Panics of all classes are there at 0 before."""
    counted = Counted()
    before = [v for n, v in samples(counted.page()).items() if n.startswith("kube_audit_panics")]
    assert len(before) > 10
    assert set(before) == {0}
    counted.tell(stage="Panic", responseStatus=failure(500))
    assert counted.found("kube_audit_panics_total") == {labels(resource_class="pods"): 1}
    assert counted.found("kube_audit_requests_total") == {request(code="500"): 1}


def test_impersonation_is_told_apart() -> None:
    """Whoever impersonates: the class is of its own."""
    counted = Counted().tell(impersonatedUser={"username": "bob"}).tell()
    assert counted.found("kube_audit_requests_total") == {
        request(user_class="impersonated"): 1,
        request(): 1,
    }


@pytest.mark.parametrize(
    ("fields", "cause", "user_class"),
    [
        (STRANGER, "unauthenticated", "unauthenticated"),
        (ANONYMOUS, "authorizer", "anonymous"),
        ({"annotations": FORBID, "responseStatus": failure(403)}, "authorizer", "user"),
        ({"responseStatus": failure(403, "exceeded quota")}, "admission", "user"),
        ({"annotations": None, "responseStatus": failure(403)}, "impersonation", "user"),
    ],
)
def test_a_denial_says_who_refused(fields: dict[str, Any], cause: str, user_class: str) -> None:
    """By resource and namespace, which others have used before."""
    assert Counted().tell().tell(**fields).found("kube_audit_denied_total") == {
        labels(
            cause=cause,
            verb="create",
            group="",
            resource="pods",
            subresource="",
            user_class=user_class,
            namespace="shop",
        ): 1
    }


def test_annotations_are_counted_with_their_namespace() -> None:
    """Each kind in a family of its own."""
    counted = Counted().tell(
        annotations={
            **ALLOW,
            "k8s.io/deprecated": "true",
            "k8s.io/removed-release": "1.40",
            "failed-open.validating.webhook.admission.k8s.io/round_0_index_0": "v.example.com",
            "validation.policy.admission.k8s.io/validation_failure": VIOLATION,
            "pod-security.kubernetes.io/audit-violations": 'violate PodSecurity "baseline:v1"',
        }
    )
    assert counted.found("kube_audit_deprecated_api_requests_total") == {
        labels(
            group="", version="v1", resource="pods", removed_release="1.40", user_class="user"
        ): 1
    }
    assert counted.found("kube_audit_webhook_failed_open_total") == {
        labels(type="validating", webhook="v.example.com"): 1
    }
    assert counted.found("kube_audit_policy_violations_total") == {
        labels(policy="p", binding="b", namespace="shop"): 1
    }
    assert counted.found("kube_audit_pod_security_violations_total") == {
        labels(level="baseline", resource="pods", namespace="shop"): 1
    }


def test_names_of_users_and_objects_are_exemplars() -> None:
    """They stand in no label."""
    fields = {"annotations": FORBID, "responseStatus": failure(403)}
    counted = Counted().tell(auditID="4711", **fields)
    page = counted.page(Format.OPENMETRICS)
    assert '# {user="ann",name="web-0"} 1' in page
    assert '# {audit_id="4711"} 1' in page
    assert "ann" not in counted.page()
    assert "web-0" not in counted.page()


def test_an_idle_series_ends_and_comes_again() -> None:
    """Panics stay: alerts read them at 0."""
    counted = Counted().tell()
    for _ in range(3):
        counted.counting.next_generation(1)
    assert counted.found("kube_audit_requests_total") == {}
    assert "kube_audit_panics_total{" in counted.page()
    assert counted.tell().found("kube_audit_requests_total") == {request(): 1}


def test_what_another_process_counted_is_added() -> None:
    """By family and label values; what does not fit is refused."""
    counted = Counted().tell()
    values = ("create", "", "pods", "", "201", "user")
    assert counted.counting.add("kube_audit_requests_total", values, 4)
    assert counted.found("kube_audit_requests_total") == {request(): 5}
    assert not counted.counting.add("kube_audit_requests_total", values[1:], 4)
    assert not counted.counting.add("kube_audit_other_total", values, 4)
