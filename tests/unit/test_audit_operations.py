"""What rules make of audit records, and the name of who asks: in families, looked at as a page."""

from __future__ import annotations

from typing import Any

import pytest

from exporter.metrics.text import Format
from tests.unit.audit.counted import ANONYMOUS, STRANGER, Counted, labels, on
from tests.unit.audit.events import FORBID, failure
from tests.unit.metrics.house import samples
from tests.unit.rules.audit.speaking import OPERATIONS, built_in, rules

SECRET = {"verb": "get", **on("secrets", name="db"), "responseStatus": {"code": 200}}
EXEC = {"verb": "get", **on("pods", subresource="exec"), "responseStatus": {"code": 101}}
NODE = {"user": {"username": "system:node:a", "groups": ["system:nodes"]}}
TRIED = "kube_audit_tried_total"
PROBED = f"""
families: {{{TRIED}: {{type: counter, help: Tried., labels: [resource, namespace, user_class]}}}}
"""
TRIES = (
    f"codes: [failed], samples: [{{family: {TRIED}, labels: {{resource: $resource, "
    "namespace: $namespace, user_class: $user_class}}]"
)


def operation(name: str, **more: str) -> str:
    return labels(operation=name, **{"user_class": "user", "namespace": "shop", **more})


def test_an_operation_is_counted_in_its_namespace() -> None:
    """Each time, and once."""
    counted = Counted(rules=built_in()).tell(**SECRET).tell(auditID="a", **SECRET)
    counted.tell(auditID="a", **SECRET)
    assert counted.found(OPERATIONS) == {operation("secret_read"): 2}
    assert '# {user="ann",name="db"}' in counted.page(Format.OPENMETRICS)


def test_a_session_is_counted_when_it_begins() -> None:
    """And not again when it ends."""
    counted = Counted(rules=built_in()).tell(auditID="x", stage="ResponseStarted", **EXEC)
    assert counted.found(OPERATIONS) == {operation("exec"): 1}
    counted.tell(auditID="x", **EXEC)
    assert counted.found(OPERATIONS) == {operation("exec"): 1}


def test_operations_on_the_cluster_stand_at_0() -> None:
    """Alerts can tell never from not known; and they stay, however long nothing happens."""
    counted = Counted(rules=built_in())
    deletion = OPERATIONS + operation("node_deletion", namespace="")
    assert samples(counted.page())[deletion] == 0
    counted.tell(**SECRET)
    for _ in range(3):
        counted.counting.next_generation(1)
    found = samples(counted.page())
    assert found[deletion] == 0
    assert OPERATIONS + operation("secret_read") not in found


def test_what_another_process_counted_is_added() -> None:
    """As for other families."""
    counted = Counted(rules=built_in())
    assert counted.counting.add(OPERATIONS, ("exec", "user", "shop"), 2)
    assert not counted.counting.add(OPERATIONS, ("exec", "user"), 2)
    assert counted.found(OPERATIONS) == {operation("exec"): 2}


def test_what_rules_feed_is_bounded() -> None:
    """By the limit of series, with an overflow."""
    counted = Counted(rules=rules(TRIES, head=PROBED), series_limit=5)
    for number in range(20):
        fields = {"annotations": FORBID, "responseStatus": failure(403)}
        counted.tell(**fields, **on("pods", f"n{number}"))
    found = counted.found(TRIED)
    assert len(found) == 6
    assert sum(found.values()) == 20


@pytest.mark.parametrize("who", [STRANGER, ANONYMOUS])
def test_strangers_bring_no_names(who: dict[str, Any]) -> None:
    """Into what rules feed neither."""
    counted = Counted(rules=rules(TRIES, head=PROBED)).tell()
    for number in range(50):
        counted.tell(**who, **on(f"r{number}", f"n{number}"))
    counted.tell(**who)
    user_class = "anonymous" if who is ANONYMOUS else "unauthenticated"
    assert counted.found(TRIED) == {
        labels(resource="other", namespace="other", user_class=user_class): 50,
        labels(resource="pods", namespace="shop", user_class=user_class): 1,
    }


def test_without_user_labels_no_name_is_on_the_page() -> None:
    """Nor the family that has nothing else."""
    counted = Counted(rules=built_in()).tell(**SECRET)
    assert "ann" not in counted.page().replace("annotat", "")
    assert "kube_audit_user_requests_total" not in counted.page()


def test_user_labels_stand_behind_the_others() -> None:
    """In four families, and in one of their own."""
    counted = Counted(rules=built_in(), user_labels=True).tell(**SECRET)
    assert counted.found(OPERATIONS) == {operation("secret_read", user="ann"): 1}
    assert counted.found("kube_audit_user_requests_total") == {
        labels(user="ann", user_class="user", verb="get"): 1
    }
    counted.tell(annotations=FORBID, responseStatus=failure(403))
    counted.tell(stage="ResponseStarted", **EXEC)
    counted.tell(annotations={"k8s.io/deprecated": "true"})
    for family in ("denied", "long_running_requests", "deprecated_api_requests"):
        (found,) = counted.found(f"kube_audit_{family}_total")
        assert found.endswith(',user="ann"}')


def test_the_name_is_of_who_really_asks() -> None:
    """Of strangers nobody knows it, and nodes have one each."""
    counted = Counted(rules=built_in(), user_labels=True)
    counted.tell(impersonatedUser={"username": "bob"}).tell(**STRANGER).tell(**NODE)
    assert counted.found("kube_audit_user_requests_total") == {
        labels(user="ann", user_class="impersonated", verb="create"): 1,
        labels(user="", user_class="unauthenticated", verb="create"): 1,
        labels(user="", user_class="node", verb="create"): 1,
    }


def test_names_of_users_are_bounded() -> None:
    """In number, and in length."""
    counted = Counted(rules=built_in(), user_labels=True, series_limit=10_000)
    for number in range(2_100):
        counted.tell(user={"username": f"user-{number}"})
    counted.tell(user={"username": "u" * 5_000})
    found = counted.found("kube_audit_user_requests_total")
    assert len(found) == 2_001
    assert found[labels(user="__overflow__", user_class="user", verb="create")] == 101


def test_a_family_with_a_user_of_its_own_is_left_as_it_is() -> None:
    """Where somebody has declared the label."""
    head = PROBED.replace("resource, namespace", "user").replace(
        "class]", "class], unbounded: [user]"
    )
    text = f"samples: [{{family: {TRIED}, labels: {{user: $user, user_class: $user_class}}}}]"
    counted = Counted(rules=rules(text, head=head), user_labels=True).tell()
    assert counted.found(TRIED) == {labels(user="ann", user_class="user"): 1}
