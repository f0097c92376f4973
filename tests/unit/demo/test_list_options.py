"""Options that exclude each other are refused as a kube-apiserver refuses them.

The messages were recorded from kube-apiserver 1.36.3 (`watchlist/`, `watchlist-off/`).
"""

from __future__ import annotations

import json

import pytest

from exporter.demo.store import ApiError, ListOptions

NEEDS_MATCH = (
    "resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to"
    " NotOlderThan"
)
GATE_OFF = (
    "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch unless the WatchList"
    " feature gate is enabled"
)
EXACT = 'resourceVersionMatch: Unsupported value: "Exact": supported values: "NotOlderThan"'
WITHOUT_SEND = (
    "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless"
    " sendInitialEvents is provided"
)
LIST_WITH_SEND = (
    "[resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is"
    " provided, sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list]"
)
WATCH = {"watch": "1"}
SEND = {"watch": "1", "sendInitialEvents": "true"}


@pytest.mark.parametrize(
    ("query", "watch_list", "text"),
    [
        (SEND, True, NEEDS_MATCH),
        (SEND | {"resourceVersionMatch": "Exact"}, True, f"[{NEEDS_MATCH}, {EXACT}]"),
        (WATCH | {"resourceVersionMatch": "NotOlderThan"}, True, WITHOUT_SEND),
        (SEND | {"resourceVersionMatch": "NotOlderThan"}, False, GATE_OFF),
        (SEND, False, f"[{NEEDS_MATCH}, {GATE_OFF}]"),
        (SEND | {"resourceVersionMatch": "Exact"}, False, f"[{NEEDS_MATCH}, {GATE_OFF}, {EXACT}]"),
        (SEND | {"watch": "0", "resourceVersionMatch": "NotOlderThan"}, True, LIST_WITH_SEND),
    ],
)
def test_a_recorded_refusal_is_repeated(query: dict[str, str], watch_list: bool, text: str) -> None:
    """Each recorded combination is answered by 422 and the recorded message."""
    with pytest.raises(ApiError) as caught:
        ListOptions.parse(query, watch_list=watch_list)
    assert caught.value.code == 422
    assert caught.value.message == f'ListOptions.meta.k8s.io "" is invalid: {text}'


def test_a_refusal_is_the_recorded_status() -> None:
    """The whole Status of `watchlist-off/core.body` is equal, in the same field order."""
    recorded = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": f'ListOptions.meta.k8s.io "" is invalid: {GATE_OFF}',
        "reason": "Invalid",
        "details": {
            "group": "meta.k8s.io",
            "kind": "ListOptions",
            "causes": [
                {
                    "reason": "FieldValueForbidden",
                    "message": GATE_OFF.removeprefix("sendInitialEvents: "),
                    "field": "sendInitialEvents",
                }
            ],
        },
        "code": 422,
    }
    with pytest.raises(ApiError) as caught:
        ListOptions.parse(SEND | {"resourceVersionMatch": "NotOlderThan"}, watch_list=False)
    assert caught.value.body().decode() == json.dumps(recorded, separators=(",", ":")) + "\n"


def test_a_malformed_version_is_an_internal_error() -> None:
    """A version that is no number is answered by 500 without a reason, as recorded."""
    with pytest.raises(ApiError) as caught:
        ListOptions.parse(WATCH | {"resourceVersion": "abc"}, watch_list=True)
    assert json.loads(caught.value.body()) == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": 'resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc":'
        " invalid syntax",
        "code": 500,
    }


def test_a_continue_token_excludes_a_version() -> None:
    """A token already says which version is listed."""
    with pytest.raises(ApiError, match="not allowed when using continue") as caught:
        ListOptions.parse({"continue": "x", "resourceVersion": "9150"}, watch_list=True)
    assert caught.value.code == 400


def test_a_malformed_limit_is_a_bad_request() -> None:
    """A limit that is no number is answered by 400."""
    with pytest.raises(ApiError) as caught:
        ListOptions.parse({"limit": "many"}, watch_list=True)
    assert caught.value.code == 400


def test_false_is_not_absent() -> None:
    """sendInitialEvents=false is an answer, and needs its match like true."""
    query = WATCH | {"sendInitialEvents": "false", "resourceVersionMatch": "NotOlderThan"}
    assert ListOptions.parse(query, watch_list=True).send_initial_events is False
    assert ListOptions.parse(WATCH, watch_list=True).send_initial_events is None
