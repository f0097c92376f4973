"""Field selectors take what a kube-apiserver takes, and refuse the rest in its words.

The facts are lines of the recorded `fieldselectors.tsv` of kube-apiserver 1.36.3.
"""

from __future__ import annotations

import json

import pytest

from exporter.demo.store import ApiError, FieldSelector

EVENT = json.dumps(
    {
        "metadata": {"name": "web-1.18ea5b2dfc070a5a", "namespace": "shop"},
        "involvedObject": {
            "kind": "Pod",
            "namespace": "shop",
            "name": "web-1",
            "uid": "47c0eea5",
            "apiVersion": "v1",
            "resourceVersion": "774",
            "fieldPath": "spec.containers{main}",
        },
        "reason": "BackOff",
        "source": {"component": "kubelet", "host": "node-a"},
        "type": "Warning",
        "reportingComponent": "kubelet",
    }
).encode()
SCHEDULED = b'{"source":{},"reportingComponent":"default-scheduler","type":"Normal"}'


@pytest.mark.parametrize(
    "selector",
    [
        "involvedObject.kind=Pod",
        "involvedObject.namespace=shop",
        "involvedObject.name=web-1",
        "involvedObject.uid=47c0eea5",
        "involvedObject.apiVersion=v1",
        "involvedObject.resourceVersion=774",
        "involvedObject.fieldPath=spec.containers{main}",
        "reason=BackOff",
        "reportingComponent=kubelet",
        "source=kubelet",
        "type=Warning",
        "type==Warning",
        "type!=Normal",
        "metadata.name=web-1.18ea5b2dfc070a5a",
        "metadata.namespace=shop",
        "type=Warning,reason=BackOff",
        "",
    ],
)
def test_a_supported_label_picks_the_event(selector: str) -> None:
    """Each label that the server supports is read from where the event has it."""
    assert FieldSelector.parse(selector).matches(EVENT)


@pytest.mark.parametrize(
    "selector",
    ["type!=Warning", "type=Warning,reason=Failed", "metadata.name=nope", "reason="],
)
def test_one_term_that_fails_rejects_the_event(selector: str) -> None:
    """All terms have to hold."""
    assert not FieldSelector.parse(selector).matches(EVENT)


@pytest.mark.parametrize(
    "label",
    [
        "count",
        "message",
        "reportingInstance",
        "regarding.kind",
        "reportingController",
        "source.component",
        "action",
    ],
)
def test_an_unsupported_label_is_named(label: str) -> None:
    """Any other label is answered by 400 and its name."""
    with pytest.raises(ApiError) as caught:
        FieldSelector.parse(f"{label}=x")
    assert caught.value.code == 400
    assert caught.value.message == f"field label not supported: {label}"


def test_the_source_may_be_the_reporting_controller() -> None:
    """Where source.component is empty `source` is the reporting controller."""
    assert FieldSelector.parse("source=default-scheduler").matches(SCHEDULED)


def test_an_absent_field_is_empty() -> None:
    """An event without a reason has the empty reason."""
    assert FieldSelector.parse("reason=").matches(SCHEDULED)


def test_a_backslash_protects_a_comma() -> None:
    """An escaped comma belongs to the value."""
    body = json.dumps({"reason": "a,b=c\\"}).encode()
    assert FieldSelector.parse(r"reason=a\,b\=c\\").matches(body)


def test_a_term_without_an_operator_is_refused() -> None:
    """What has no operator cannot be understood."""
    with pytest.raises(ApiError, match="can't understand 'reason'"):
        FieldSelector.parse("type=Normal,reason")
