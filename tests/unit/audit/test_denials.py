"""Who refused a request."""

from __future__ import annotations

from typing import Any

import pytest

from exporter.audit import denial_of
from tests.unit.audit.events import FORBID, event, failure, record

# As recorded of kube-apiserver 1.36.3.
POLICY = (
    "pods \"latest\" is forbidden: ValidatingAdmissionPolicy 'no-latest' with binding 'no-latest'"
    " denied request: latest is not allowed"
)
INVALID = 'Pod "fat" is invalid: spec.containers[0].resources.requests: Invalid value: "64Mi"'
WEBHOOK = 'admission webhook "hook.example.com" denied the request: no'


def about(subresource: str) -> dict[str, Any]:
    return {**event()["objectRef"], "subresource": subresource}


@pytest.mark.parametrize(
    ("fields", "cause"),
    [
        ({}, None),
        ({"responseStatus": failure(401), "user": {}, "annotations": None}, "unauthenticated"),
        ({"responseStatus": failure(403), "annotations": FORBID}, "authorizer"),
        ({"responseStatus": failure(403), "verb": "list", "annotations": FORBID}, "authorizer"),
        ({"responseStatus": failure(403, "exceeded quota")}, "admission"),
        ({"responseStatus": failure(403)}, "admission"),
        ({"responseStatus": failure(422, POLICY)}, "admission"),
        ({"responseStatus": failure(422, INVALID)}, None),
        ({"responseStatus": failure(422, INVALID + ", \"AdmissionPolicy 'x'\"")}, None),
        ({"responseStatus": failure(500, 'admission webhook "x" cannot be asked')}, None),
        ({"responseStatus": failure(400, WEBHOOK)}, "admission"),
        ({"responseStatus": failure(401, POLICY)}, "admission"),
        ({"responseStatus": failure(403), "annotations": None}, "impersonation"),
        ({"responseStatus": failure(403), "verb": "get", "annotations": None}, "impersonation"),
        ({"responseStatus": failure(403), "user": {}, "annotations": None}, None),
        ({"responseStatus": failure(404)}, None),
        ({"responseStatus": failure(409)}, None),
        ({"responseStatus": failure(429)}, None),
        ({"responseStatus": failure(500, 'failed calling webhook "hook.example.com"')}, None),
        ({"responseStatus": failure(400), "user": {}, "annotations": None}, None),
        # Whom the API server only passes on to.
        ({"responseStatus": failure(401), "objectRef": about("proxy")}, None),
        ({"responseStatus": failure(403), "objectRef": about("proxy")}, None),
        ({"responseStatus": failure(403), "verb": "get"}, None),
        ({"responseStatus": failure(403), "verb": "get", "objectRef": about("exec")}, "admission"),
        ({"responseStatus": failure(403), "objectRef": about("eviction")}, "admission"),
    ],
)
def test_the_cause_of_a_denial(fields: dict[str, Any], cause: str | None) -> None:
    """By code, decision and, where the code says too little, by the message."""
    assert denial_of(record(**fields)) == cause
