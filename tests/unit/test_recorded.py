"""Recorded input in every form that people have it in."""

from __future__ import annotations

import codecs
import json
from collections import Counter
from typing import Any

import pytest

from exporter.commands.recorded import records


def event(name: str, second: int = 0) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": "n"},
        "reason": "R",
        "lastTimestamp": f"2026-11-22T12:00:{second:02}Z",
    }


def frame(name: str, kind: str = "ADDED") -> dict[str, Any]:
    return {"type": kind, "object": event(name)}


def read(data: bytes) -> tuple[list[tuple[str, str]], dict[str, int]]:
    problems: Counter[str] = Counter()
    found = [(kind, record.name) for kind, record, _ in records(data, problems)]
    return found, dict(problems)


LIST: dict[str, Any] = {"kind": "List", "apiVersion": "v1", "items": [event("b", 1), event("a", 2)]}


@pytest.mark.parametrize("indent", [None, 4], ids=["one line", "pretty"])
def test_a_list_is_read_in_the_order_of_time(indent: int | None) -> None:
    """Kubectl sorts a list by name; what happened first comes first here."""
    assert read(json.dumps(LIST, indent=indent).encode()) == ([("ADDED", "b"), ("ADDED", "a")], {})


def test_watch_lines_keep_their_types() -> None:
    """Frames are read as a watch gives them, blank lines aside."""
    lines = [json.dumps(frame("a")), "", json.dumps(frame("a", "DELETED"))]
    assert read("\n".join(lines).encode()) == ([("ADDED", "a"), ("DELETED", "a")], {})


def test_events_a_line_each_need_no_frame() -> None:
    """`kubectl get events --watch -o json` with `jq -c` gives such lines."""
    data = "\n".join(json.dumps(event(n)) for n in "ab").encode()
    assert read(data) == ([("ADDED", "a"), ("ADDED", "b")], {})


def test_pretty_documents_one_after_the_other() -> None:
    """`kubectl get events --watch -o json` prints such documents."""
    data = "\n".join(json.dumps(event(n), indent=4) for n in "ab").encode()
    assert read(data) == ([("ADDED", "a"), ("ADDED", "b")], {})


def test_a_damaged_document_does_not_hide_the_next() -> None:
    """Reading goes on with the next document at the start of a line."""
    data = b'{\n  "metadata": {"name": \n' + json.dumps(event("b"), indent=4).encode()
    assert read(data) == ([("ADDED", "b")], {"syntax": 1})


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("junk", "syntax"),
        ('{"type":"ADDED","object":{"metadata":5}}', "schema"),
        ('{"type":"SURPRISE","object":{}}', "unknown_type"),
        ('{"type":"ADDED","object":{}}', "unnamed"),
    ],
)
def test_what_cannot_be_read_is_counted_by_cause(line: str, cause: str) -> None:
    """A bad line is passed over; the others are read."""
    data = f"{line}\n{json.dumps(frame('a'))}\n".encode()
    assert read(data) == ([("ADDED", "a")], {cause: 1})


@pytest.mark.parametrize("indent", [None, 4], ids=["one line", "pretty"])
def test_an_array_is_a_list(indent: int | None) -> None:
    """`jq .items` makes one of a list: read in the order of time too."""
    data = json.dumps(LIST["items"], indent=indent).encode()
    assert read(data) == ([("ADDED", "b"), ("ADDED", "a")], {})


def test_an_array_of_frames_keeps_its_order() -> None:
    """`jq -s` makes one of the lines of a watch."""
    data = json.dumps([frame("a"), frame("b"), frame("a", "DELETED")]).encode()
    assert read(data) == ([("ADDED", "a"), ("ADDED", "b"), ("DELETED", "a")], {})


def test_what_cannot_be_read_in_an_array_is_counted() -> None:
    """By cause, as in lines."""
    assert read(json.dumps([event("a"), 5, {}]).encode()) == ([("ADDED", "a")], {"schema": 2})


def test_an_array_that_is_cut_off_is_read_as_far_as_it_goes() -> None:
    """The last event is lost, the others are not."""
    data = json.dumps([event("a"), event("b"), event("c")]).encode()[:-20]
    assert read(data) == ([("ADDED", "a"), ("ADDED", "b")], {"syntax": 1})


@pytest.mark.parametrize("document", [LIST, LIST["items"], frame("a")])
def test_a_byte_order_mark_is_passed_over(document: object) -> None:
    """Some editors and shells write one."""
    data = json.dumps(document).encode()
    assert read(codecs.BOM_UTF8 + data) == read(data)
    assert read(data)[1] == {}


@pytest.mark.parametrize("document", [LIST, LIST["items"]])
def test_the_position_moves_with_the_items(document: object) -> None:
    """However many events a document holds, a bar can follow them."""
    data = json.dumps(document, indent=4).encode()
    positions = [position for _, _, position in records(data, Counter())]
    assert positions == [len(data) // 2, len(data)]


def test_nothing_gives_nothing() -> None:
    """Empty input is no problem."""
    assert read(b"") == ([], {})
