"""Sensitive operations in the recorded audit events, judged a second time by this file.

The second judgement reads plain JSON and knows no rules. Of the recordings it is known what was
done to the clusters: by one administrator (``kube-admin``), by tests, and by the cluster itself.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.integration.test_audit_recordings import (
    Json,
    Samples,
    bodies_of,
    each_version,
    log_of,
    logged,
    once,
    over,
    page_of,
    samples,
    sent,
    who,
)

FAMILY = "kube_audit_sensitive_operations_total"
RBAC = "rbac.authorization.k8s.io"
WRITES = ("create", "update", "patch", "delete", "deletecollection")
# All are true: what the administrator did by hand, and the set-up of the tests of admission.
EXPECTED: dict[str, Samples] = {
    "kubernetes-1.20.2": {
        ("namespace_deletion", "user", "quota"): 1,
        ("volume_claim_deletion", "user", "data"): 4,
    },
    "kubernetes-1.36.3": {
        ("admission_config_change", "user", ""): 3,
        ("ephemeral_container", "user", "lab"): 1,
        ("events_deletion", "user", "lab"): 1,
        ("namespace_deletion", "user", "quota"): 1,
        ("node_deletion", "user", ""): 1,
        ("volume_claim_deletion", "user", "data"): 1,
    },
}
DELETIONS = {
    "namespaces": "namespace_deletion",
    "nodes": "node_deletion",
    "persistentvolumes": "volume_deletion",
    "persistentvolumeclaims": "volume_claim_deletion",
    "events": "events_deletion",
}


def recorded(version: str) -> list[Json]:
    """Log and bodies, each event once: what the API server answered without an error."""
    everything = over(once([*logged(version), *sent(version)]))
    return [event for event in everything if event["responseStatus"]["code"] < 400]


def reference(event: Json) -> tuple[str, str, str]:
    ref = event.get("objectRef", {})
    return ref.get("apiGroup", ""), ref.get("resource", ""), ref.get("subresource", "")


def judged(event: Json) -> str:
    """What an operation of the administrator is; there is none of anybody else but the cluster."""
    group, resource, subresource = reference(event)
    verb = event["verb"]
    if verb.startswith("delete") and resource in DELETIONS and not subresource:
        return DELETIONS[resource]
    if (resource, subresource) == ("pods", "ephemeralcontainers") and verb in WRITES:
        return "ephemeral_container"
    if group == "admissionregistration.k8s.io" and verb in WRITES and not subresource:
        return "admission_config_change"
    return ""


@each_version
def test_the_operations_are_those_that_were_done(version: str) -> None:
    """By a list made by hand, and by plain JSON."""
    page, _, _ = page_of(log_of(version), *bodies_of(version))
    found = samples(page, FAMILY)
    assert found == EXPECTED[version]
    again: Counter[tuple[str, ...]] = Counter()
    for event in recorded(version):
        if who(event) == "user" and judged(event):
            ref = event["objectRef"]
            own = judged(event).startswith(("node", "admission"))
            again[judged(event), "user", "" if own else ref.get("namespace", "")] += 1
    assert found == again


def _by(name: str) -> Any:
    return lambda event: event["user"].get("username", "").endswith(name)


@pytest.mark.parametrize(
    ("what", "is_so"),
    [
        ("tokens for pods", lambda e: reference(e)[1:] == ("serviceaccounts", "token")),
        ("roles at start", lambda e: reference(e)[0] == RBAC and _by("system:apiserver")(e)),
        (
            "roles that are gathered",
            lambda e: reference(e)[0] == RBAC and _by(":clusterrole-aggregation-controller")(e),
        ),
        (
            "a namespace that ends",
            lambda e: e["verb"] == "deletecollection" and _by(":namespace-controller")(e),
        ),
        ("all secrets", lambda e: reference(e)[1] == "secrets" and e["verb"] in ("list", "watch")),
        (
            "writes in kube-system",
            lambda e: (
                e["verb"] in WRITES and e.get("objectRef", {}).get("namespace") == "kube-system"
            ),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_the_cluster_does_all_day_is_none(what: str, is_so: Any) -> None:
    """It is in the recordings, and looks like operations."""
    events = recorded("kubernetes-1.36.3")
    looking = [event for event in events if is_so(event)]
    assert looking, what
    assert {who(event) for event in looking} <= {"node", "system"}
