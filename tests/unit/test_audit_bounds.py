"""Names in audit records that others choose: believed or not, and bounded."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

from tests.unit.audit.counted import ANONYMOUS, STRANGER, Counted, on, request
from tests.unit.audit.events import ALLOW, FORBID


@pytest.mark.parametrize("who", [STRANGER, ANONYMOUS])
def test_strangers_bring_no_names(who: dict[str, Any]) -> None:
    """What they are refused is counted; what they invent is one series."""
    counted = Counted()
    for number in range(50):
        counted.tell(**who, **on(f"r{number}", f"n{number}", apiGroup=f"g{number}"))
    (of_all,) = counted.found("kube_audit_requests_total").items()
    assert of_all[1] == 50
    assert 'group="other",resource="other",subresource="other"' in of_all[0]
    (denied,) = counted.found("kube_audit_denied_total").items()
    assert 'namespace="other"' in denied[0]


def test_what_others_have_used_is_told_of_strangers_too() -> None:
    """From then on; what was counted before stays where it is."""
    counted = Counted()
    for _ in range(2):
        counted.tell(**ANONYMOUS).tell()
    found = counted.found("kube_audit_requests_total")
    assert found[request(code="403", user_class="anonymous")] == 1
    strange = request(
        group="other", resource="other", subresource="other", code="403", user_class="anonymous"
    )
    assert found[strange] == 1


def test_a_stranger_who_is_let_in_has_used_a_name() -> None:
    """The API server has shown that it is there."""
    counted = Counted().tell(**{**ANONYMOUS, "annotations": ALLOW, "responseStatus": {"code": 200}})
    assert counted.found("kube_audit_requests_total") == {
        request(code="200", user_class="anonymous"): 1
    }


def test_a_stranger_who_was_never_let_in_has_used_none() -> None:
    """A client that goes before there is an answer is given a 200."""
    gone = {**ANONYMOUS, "annotations": None, "responseStatus": {"code": 200}}
    (found,) = Counted().tell(**gone).found("kube_audit_requests_total")
    assert 'resource="other"' in found


def test_custom_resources_are_bounded() -> None:
    """What is beyond the limit is counted in one series, each time."""
    counted = Counted(series_limit=5)
    for _ in range(2):
        for number in range(20):
            counted.tell(**on(f"r{number}"))
    found = counted.found("kube_audit_requests_total")
    overflow = "__overflow__"
    assert (
        found.pop(
            request(
                verb=overflow,
                group=overflow,
                resource=overflow,
                subresource=overflow,
                code=overflow,
                user_class=overflow,
            )
        )
        == 30
    )
    assert list(found.values()) == [2] * 5
    assert counted.counting.total == 40


def test_a_long_name_is_no_label_value() -> None:
    """Whoever makes one up."""
    counted = Counted().tell(**on("r" * 5_000))
    assert counted.found("kube_audit_requests_total") == {request(resource="__overflow__"): 1}


def test_a_namespace_that_cannot_be_is_not_kept() -> None:
    """Whoever may do nothing can put a megabyte into a URL, and it is in the audit log."""
    counted = Counted()
    tracemalloc.start()
    for number in range(20):
        refused = {"annotations": FORBID, "responseStatus": {"code": 403}}
        counted.tell(**on("pods", f"{number}" * 500_000), **refused)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert held < 1_000_000


def test_who_may_nothing_takes_no_room_from_others() -> None:
    """The account of any pod can ask for resources that are not there."""
    counted = Counted(series_limit=10_000)
    pod = {"username": "system:serviceaccount:shop:web", "groups": []}
    refused: dict[str, Any] = {"annotations": FORBID, "responseStatus": {"code": 403}}
    for number in range(2_001):
        counted.tell(**on(f"r{number}", apiGroup=f"g{number}"), user=pod, **refused)
    counted.tell(**on("widgets", apiGroup="example.com"), verb="delete")
    found = counted.found("kube_audit_requests_total")
    assert any('resource="widgets"' in labels for labels in found)
