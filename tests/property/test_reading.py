"""Reading never raises: whatever stands in a line, it ends in a value or a record."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from exporter.events import EventObject, Ledger, read_event
from exporter.events.record import container_of
from exporter.kube.frames import Frame, FrameReader, Page, Status, Undecodable
from exporter.metrics.births import Births
from exporter.pipeline import Counting
from exporter.rules.loading import built_in, load

_READER = FrameReader(EventObject)
_COUNTING = Counting(load(built_in(), lambda: 0.0), Births(lambda: 0.0), series_limit=1000)

_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(
        ["2026-11-22T11:35:21Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "\ud800"]
    )
)
_KEYS = st.sampled_from(
    [
        "type",
        "object",
        "metadata",
        "name",
        "namespace",
        "uid",
        "resourceVersion",
        "creationTimestamp",
        "annotations",
        "involvedObject",
        "regarding",
        "kind",
        "fieldPath",
        "reason",
        "message",
        "note",
        "source",
        "deprecatedSource",
        "component",
        "host",
        "reportingComponent",
        "reportingController",
        "count",
        "deprecatedCount",
        "series",
        "lastObservedTime",
        "firstTimestamp",
        "lastTimestamp",
        "eventTime",
        "code",
        "details",
        "retryAfterSeconds",
        "items",
        "continue",
    ]
)
_JSON = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(_KEYS | st.text(), inner, max_size=5)
    ),
    max_leaves=15,
)


def _optional(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


def _text(*usual: str) -> st.SearchStrategy[Any]:
    return st.sampled_from(usual) | st.text() | st.none()


_COUNTS = st.none() | st.integers(-3, 3) | st.integers()
_TIMES = _text("2026-11-22T11:35:21Z", "2026-11-22T11:35:21.5Z", "0001-01-01T00:00:00Z", "never")
_REFERENCE = _optional(kind=_text("Pod", "Node"), name=_text("web-0"), fieldPath=_text("a{b}"))
_SOURCE = _optional(component=_text("kubelet"), host=_text("node-a"))
_EVENTS = st.fixed_dictionaries(
    {"metadata": _optional(name=_text("web-0.18ea5ae068f57856"), resourceVersion=_text("7"))},
    optional={
        "involvedObject": _REFERENCE | st.none(),
        "regarding": _REFERENCE,
        "type": _text("Normal", "Warning"),
        "reason": _text("Pulled", "Pulling", "Failed", "FailedCreate"),
        "message": _text('Pulling image "nginx"', 'Successfully pulled image "a/b" in 1.5s'),
        "source": _SOURCE | st.none(),
        "reportingController": _text("kubelet"),
        "count": _COUNTS,
        "series": st.none() | _optional(count=_COUNTS, lastObservedTime=_TIMES),
        "firstTimestamp": _TIMES,
        "lastTimestamp": _TIMES,
        "eventTime": _TIMES,
    },
)
_FRAMES = st.fixed_dictionaries(
    {"type": st.sampled_from(["ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"]) | _SCALARS},
    optional={"object": _EVENTS | _JSON},
)


def _encode(value: object) -> bytes:
    # Go's encoder writes no NaN, but a proxy may: Python's does.
    return json.dumps(value).encode()


@given(_JSON | _FRAMES)
def test_a_line_of_json_is_a_frame_or_a_cause(value: object) -> None:
    """Any JSON on a line of a watch is a frame of the protocol, or named as what is wrong."""
    frame = _READER.frame(_encode(value))
    assert isinstance(frame, Undecodable | Frame)
    if isinstance(frame, Frame):
        assert isinstance(frame.object, Status) == (frame.type in ("BOOKMARK", "ERROR"))


@given(st.binary() | st.text().map(str.encode))
def test_a_line_of_anything_is_a_frame_or_a_cause(line: bytes) -> None:
    """Bytes that are no JSON at all are named as such."""
    assert isinstance(_READER.frame(line), Undecodable | Frame)


@given(st.binary() | (_JSON | _FRAMES).map(_encode))
def test_a_body_of_anything_is_a_page_or_none(body: bytes) -> None:
    """A page's items are read one by one: a bad one does not spoil the rest, nor raise."""
    page = _READER.page(body)
    assert page is None or isinstance(page, Page)
    for raw in (page and page.items) or ():
        assert isinstance(_READER.item(raw), Undecodable | EventObject)
    assert isinstance(_READER.status(body), Status)


@given(_EVENTS)
def test_an_event_of_any_content_is_counted(event: dict[str, Any]) -> None:
    """Whatever its fields hold, an event that can be told from others goes all the way."""
    item = _READER.item(msgspec.Raw(_encode(event)))
    if isinstance(item, Undecodable):
        return
    record = read_event(item)
    assert (record is None) == (not (item.metadata and item.metadata.name))
    if record is None:
        return
    container_of(record.field_path)
    ledger = Ledger(retention=60.0, limit=10)
    ledger.begin_list(server_time=0.0)
    ledger.publish_list(0, 0.0)
    before = _COUNTING.total
    times = ledger.changed(record)
    assert times >= 1
    _COUNTING.occurred(record, times)
    assert _COUNTING.total == before + times
    ledger.ended(record, 0.0)
    ledger.begin_list(server_time=0.0)
    ledger.listed(record)
    ledger.publish_list(0, 0.0)


def test_a_line_nested_without_end_is_a_cause() -> None:
    """Nesting deeper than any decoder follows is bad data like any other."""
    for bracket in (b"[", b'{"object":'):
        assert isinstance(_READER.frame(bracket * 100_000), Undecodable)
        assert _READER.page(bracket * 100_000) is None
