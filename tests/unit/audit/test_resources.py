"""Classes of resources."""

from __future__ import annotations

import pytest

from exporter.audit.resources import resource_class


@pytest.mark.parametrize(
    ("group", "resource", "expected"),
    [
        ("", "", "none"),
        ("", "pods", "pods"),
        ("", "limitranges", "built_in"),
        ("events.k8s.io", "events", "events"),
        ("apps", "deployments", "workloads"),
        ("rbac.authorization.k8s.io", "roles", "access"),
        ("policy", "poddisruptionbudgets", "built_in"),
        ("metrics.k8s.io", "pods", "custom"),
        ("example.com", "pods", "custom"),
    ],
)
def test_the_class_of_a_resource(group: str, resource: str, expected: str) -> None:
    """A custom resource is custom, whatever it is called."""
    assert resource_class(group, resource) == expected
