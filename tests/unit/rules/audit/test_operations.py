"""The built-in list of sensitive operations: what each is, and for whom it is silent."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.audit.events import ALLOW, failure
from tests.unit.rules.audit.requests import (
    CLUSTER,
    FIRING,
    PRIVILEGED,
    SILENT,
    Json,
    acting_as,
    pod,
    role,
)
from tests.unit.rules.audit.speaking import built_in, operations

# Of these the cluster itself is an operator too; all others are outsiders' alone.
OF_ANYBODY = {
    "exec",
    "attach",
    "port_forward",
    "pod_proxy",
    "node_proxy",
    "ephemeral_container",
    "cluster_admin_binding",
    "role_escalation",
    "system_role_change",
}
OF_OUTSIDERS = [
    (operation, fields)
    for operation, fields in FIRING
    if operation not in OF_ANYBODY and "impersonatedUser" not in fields
]


@pytest.mark.parametrize(("operation", "fields"), FIRING)
def test_an_operation_is_seen(operation: str, fields: Json) -> None:
    """Once, by whoever is asking."""
    assert operation in operations(**fields)


@pytest.mark.parametrize(("operation", "fields"), SILENT)
def test_what_is_none_is_not(operation: str, fields: Json) -> None:
    """By its exceptions, or since it is something else."""
    assert operation not in operations(**fields)


@pytest.mark.parametrize(("operation", "fields"), FIRING)
def test_what_failed_or_changes_nothing_is_none(operation: str, fields: Json) -> None:
    """Whatever it asked for."""
    assert operations(**{**fields, "responseStatus": failure(403)}) == set()
    if fields["verb"] in ("create", "update", "patch", "delete", "deletecollection"):
        uri = fields.get("requestURI", "/x").partition("?")[0] + "?dryRun=All"
        assert operations(**{**fields, "requestURI": uri}) == set()


@pytest.mark.parametrize(("operation", "fields"), OF_OUTSIDERS)
def test_the_cluster_itself_is_no_outsider(operation: str, fields: Json) -> None:
    """Nodes, components, controllers: what they do all day is no operation."""
    for who in CLUSTER:
        assert operation not in operations(**{**fields, **who})


def test_every_operation_of_the_list_is_tried() -> None:
    """Both ways: as it is, and where it is not; deletions have nothing that looks like them."""
    named = {labels[0] for rule in built_in().all() for labels in _constants(rule.samples)}
    assert {operation for operation, _ in FIRING} == named
    assert len(named) == 29
    silent = {operation for operation, _ in SILENT}
    assert named - silent == {
        "attach",
        "port_forward",
        "pod_proxy",
        "ephemeral_container",
        "token_request",
        "csr_approval",
        "namespace_deletion",
        "node_deletion",
        "volume_deletion",
        "volume_claim_deletion",
        "crd_deletion",
        "api_service_deletion",
        "events_deletion",
    }


def _constants(samples: Any) -> list[tuple[str, ...]]:
    return [sample.values[0] for sample in samples]


def test_a_request_can_be_several_operations() -> None:
    """A privileged pod in kube-system with a directory of its node, made as somebody else."""
    whole = pod(containers=PRIVILEGED, volumes=[{"hostPath": {"path": "/"}}], hostPID=True)
    whole["objectRef"]["namespace"] = "kube-system"
    assert operations(**whole, **acting_as("bob")) == {
        "privileged_pod",
        "host_path_pod",
        "host_namespace_pod",
        "kube_system_change",
        "impersonation",
    }
    escalating = {**role(verbs=["*"], name="system:x"), "annotations": ALLOW}
    assert operations(**escalating) == {"rbac_change", "role_escalation", "system_role_change"}
