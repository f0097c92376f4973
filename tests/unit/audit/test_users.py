"""Classes of users."""

from __future__ import annotations

import json

import msgspec
import pytest

from exporter.audit.users import user_class


@pytest.mark.parametrize(
    ("name", "groups", "expected"),
    [
        ("", [], "unauthenticated"),
        ("system:anonymous", ["system:unauthenticated"], "anonymous"),
        ("system:node:a", ["system:nodes", "system:authenticated"], "node"),
        ("system:node:a", ["system:authenticated"], "user"),
        ("system:serviceaccount:shop:web", ["system:serviceaccounts"], "service_account"),
        ("system:serviceaccount:kube-system:job-controller", [], "system"),
        ("system:serviceaccount:kube-systems:x", [], "service_account"),
        ("system:apiserver", ["system:masters"], "system"),
        ("system:kube-scheduler", [], "system"),
        ("kube-admin", ["system:masters"], "user"),
        ("ann@example.com", [], "user"),
        ("System:node:a", ["system:nodes"], "user"),
        ("system:node:a", ['x"system:nodes"', "system:nodes-not"], "user"),
    ],
)
def test_the_class_of_a_user(name: str, groups: list[str], expected: str) -> None:
    """By prefix and, of a node, by its group: a name alone has no rights of a node."""
    assert user_class(name, msgspec.Raw(json.dumps(groups).encode())) == expected
