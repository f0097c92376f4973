"""What annotations say."""

from __future__ import annotations

import json

import pytest

from exporter.audit import Notes
from tests.unit.audit.events import ALLOW, record

OPEN = "failed-open.{}.webhook.admission.k8s.io/round_{}_index_{}"
VIOLATION = "validation.policy.admission.k8s.io/validation_failure"
LEVEL = "pod-security.kubernetes.io/audit-violations"


def violated(*policies: tuple[str, str]) -> str:
    return json.dumps(
        [{"message": "m", "policy": p, "binding": b, "expressionIndex": 0} for p, b in policies]
    )


@pytest.mark.parametrize(
    ("annotations", "notes"),
    [
        ({}, None),
        ({"pod-security.kubernetes.io/enforce-policy": "privileged:latest"}, None),
        ({"no-latest/why": "anything"}, None),
        ({"k8s.io/deprecated": "true"}, Notes(deprecated=True)),
        (
            {"k8s.io/deprecated": "true", "k8s.io/removed-release": "1.25"},
            Notes(deprecated=True, removed_release="1.25"),
        ),
        (
            {
                OPEN.format("validating", 0, 1): "v.example.com",
                OPEN.format("mutation", 0, 0): "m.example.com",
                OPEN.format("mutation", 1, 0): "m.example.com",
                OPEN.format("future", 0, 0): "x",
            },
            Notes(failed_open=(("validating", "v.example.com"), ("mutating", "m.example.com"))),
        ),
        (
            {"imagepolicywebhook.image-policy.k8s.io/failed-open": "true"},
            Notes(failed_open=(("image_policy", ""),)),
        ),
        (
            {VIOLATION: violated(("p", "b"), ("p", "b"), ("q", "b"))},
            Notes(policy_violations=(("p", "b"), ("q", "b"))),
        ),
        ({VIOLATION: "[{}]"}, Notes(policy_violations=(("", ""),))),
        ({VIOLATION: "no JSON"}, Notes(policy_violations=(("", ""),))),
        ({VIOLATION: "[" * 10_000}, Notes(policy_violations=(("", ""),))),
        ({VIOLATION: "[]"}, None),
        (
            {LEVEL: 'would violate PodSecurity "restricted:latest": runAsNonRoot != true'},
            Notes(pod_security_level="restricted"),
        ),
        (
            {LEVEL: 'would violate PodSecurity "baseline:v1.30": hostPath'},
            Notes(pod_security_level="baseline"),
        ),
        ({LEVEL: "would break something"}, Notes(pod_security_level="other")),
    ],
)
def test_what_annotations_say(annotations: dict[str, str], notes: Notes | None) -> None:
    """Each fact once, and free keys say nothing."""
    assert record(annotations={**ALLOW, **annotations}).notes == notes
