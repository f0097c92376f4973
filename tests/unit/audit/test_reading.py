"""Lines and bodies: what is read, what is passed over, and what nobody can hide."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from exporter.audit import AuditLog, AuditReader
from tests.unit.audit.events import body, event, line, of_body, problems

DEEP = "[" * 5_000 + "]" * 5_000
LEGACY = (
    b'2026-11-22T11:35:18.727221Z AUDIT: id="a" stage="ResponseComplete" ip="::1" method="get"'
    b' user="ann" groups="<none>" as="<self>" namespace="shop" uri="/api" response="200"\n'
)
HALF_A_PAIR = r'"\ud800"'


def ids(records: Any) -> list[str]:
    return [record.audit_id for record in records]


def with_object(written: str, **fields: Any) -> bytes:
    """A line whose request had a body that its client wrote so."""
    head, tail = line(**fields).split(b',"requestReceivedTimestamp"')
    return head + b',"requestObject":' + written.encode() + b',"requestReceivedTimestamp"' + tail


def test_lines_are_read_in_their_order() -> None:
    """Blank ones are nothing."""
    reader = AuditReader()
    found = reader.lines(line(auditID="a") + b"\n  \r\n\0\0" + line(auditID="b"))
    assert (ids(found), problems(reader)) == (["a", "b"], {})


def test_a_body_holds_events_without_a_kind() -> None:
    """As the webhook sends them; on a line of the input they are read as well."""
    sent = body(event(auditID="a"), event(auditID="b"))
    reader = AuditReader()
    assert ids(of_body(reader, sent) or []) == ["a", "b"]
    assert ids(reader.lines(sent + line(auditID="c"))) == ["a", "b", "c"]
    assert problems(reader) == {}


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"junk",
        b"[]",
        b"5",
        b"{}",
        b'{"items":5}',
        b'{"items":null}',
        line(),
        b"\xff\xfe",
        b"[" * 9_999,
    ],
)
def test_what_is_no_list_of_events_is_none(sent: bytes) -> None:
    """Its sender can be told so; nothing of it is counted as an event that was damaged."""
    reader = AuditReader()
    assert of_body(reader, sent) is None
    assert problems(reader) == {}


def test_an_empty_body_has_no_events() -> None:
    """It is a list all the same."""
    assert of_body(AuditReader(), b'{"kind":"EventList","items":[]}') == []


@pytest.mark.parametrize(
    ("fields", "cause"),
    [
        ({"auditID": None}, "schema"),
        ({"auditID": ""}, "schema"),
        ({"stage": None}, "schema"),
        ({"stage": 5}, "schema"),
        ({"user": "ann"}, "schema"),
        ({"user": {"username": 5}}, "schema"),
        ({"objectRef": []}, "schema"),
        ({"responseStatus": {"code": "200"}}, "schema"),
        ({"responseStatus": {"code": True}}, "schema"),
        ({"responseStatus": {"code": 1.5}}, "schema"),
        ({"annotations": {"a": None}}, "schema"),
        ({"requestReceivedTimestamp": 5}, "schema"),
        ({"items": 5}, "schema"),
    ],
)
def test_an_event_of_another_shape_takes_no_other_along(fields: dict[str, Any], cause: str) -> None:
    """On a line, and among the items of a body."""
    reader = AuditReader()
    assert ids(reader.lines(line(**fields) + line(auditID="b"))) == ["b"]
    assert problems(reader) == {cause: 1}
    sent = body(event(auditID="a"), event(**fields), event(auditID="b"))
    assert ids(of_body(reader, sent) or []) == ["a", "b"]
    assert problems(reader) == {cause: 2}


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (b"junk\n", "syntax"),
        (b"\xff\xfe\n", "syntax"),
        (b"5\n", "schema"),
        (b"[]\n", "schema"),
        (b"{}\n", "schema"),
        (line()[:-20] + b"\n", "syntax"),
        (b"[" * 5_000 + b"\n", "schema"),
        (b'{"a":' * 5_000 + b"\n", "syntax"),
        (b'{"auditID":"' + b'\\"' * 500_000 + b"\n", "syntax"),
        (b'{"metadata":{"name":"a"},"reason":"Failed","kind":"Event"}\n', "schema"),
        (LEGACY, "legacy"),
    ],
)
def test_a_damaged_line_is_counted_by_cause(text: bytes, cause: str) -> None:
    """The lines before and after it are read."""
    reader = AuditReader()
    assert ids(reader.lines(line(auditID="a") + text + line(auditID="b"))) == ["a", "b"]
    assert problems(reader) == {cause: 1}


@pytest.mark.parametrize(
    "written",
    [
        DEEP,
        f'{{"a":{DEEP},"b":{DEEP}}}',
        '{"a":' * 5_000 + "1" + "}" * 5_000,
        HALF_A_PAIR,
        r'{"a":"\\\ud800\udc00\udfff","b":"\\ud800"}',
        "1e999999",
        "9" * 10_000,
        '{"auditID":"x","stage":"ResponseComplete"}',
        '{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"x"}',
        r'["\ud800",{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"x"}]',
        r'"{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\"}"',
    ],
)
def test_nobody_hides_a_request_by_its_body(written: str) -> None:
    """What the API server takes is in the audit event as the client wrote it."""
    odd = with_object(written, auditID="odd")
    reader = AuditReader()
    assert ids(reader.lines(line(auditID="a") + odd + line(auditID="b"))) == ["a", "odd", "b"]
    sent = body(event(auditID="a"), event(auditID="b")).replace(
        b'"items":[', b'"items":[' + odd.rstrip() + b","
    )
    assert ids(of_body(reader, sent) or []) == ["odd", "a", "b"]
    assert problems(reader) == {}


@pytest.mark.parametrize("digits", [19, 20, 400, 4_000])
def test_a_huge_number_is_no_code(digits: int) -> None:
    """The request is counted all the same."""
    (found,) = AuditReader().lines(line(responseStatus={"code": 10**digits}))
    assert found.code == 0


def test_a_number_beyond_all_reason_is_passed_over() -> None:
    """As an event of another shape."""
    reader = AuditReader()
    huge = line(responseStatus={"code": 777}).replace(b"777", b"7" * 1_000_000)
    assert (reader.lines(huge), problems(reader)) == ([], {"schema": 1})


def test_a_read_text_that_is_no_utf8_is_read_as_far_as_it_is() -> None:
    """A damaged character is no reason to lose a request."""
    reader = AuditReader()
    (found,) = reader.lines(line(user={"username": "XX"}).replace(b"XX", b"a\xffb"))
    assert (found.user, problems(reader)) == ("a\ufffdb", {})


def test_a_server_that_lost_its_power_goes_on_behind_half_a_line() -> None:
    """The whole event on the line is read, and the half one counted."""
    reader = AuditReader()
    halves = [line(auditID="a")[:at] for at in (1, 40, 300, len(line(auditID="a")) - 3)]
    for times, half in enumerate(halves, 1):
        assert ids(reader.lines(half + line(auditID="b"))) == ["b"]
        assert problems(reader) == {"syntax": times}
    assert ids(reader.lines(line(auditID="a").rstrip() + line(auditID="b"))) == ["a", "b"]
    assert problems(reader) == {"syntax": len(halves)}


def test_an_event_inside_a_body_is_none_of_the_server_s() -> None:
    """Even where the line around it is damaged: there is more behind it."""
    reader = AuditReader()
    inner = line(auditID="forged").decode().strip()
    damaged = with_object(inner, auditID="a").replace(b'"stage":"R', b'"stage:"R', 1)
    assert reader.lines(damaged) == []
    assert problems(reader) == {"syntax": 1}


def test_a_stream_is_cut_anywhere() -> None:
    """Byte by byte, and all at once."""
    data = line(auditID="a") + b"junk\n" + body(event(auditID="b")) + line(auditID="c")
    for size in (1, 7, len(data)):
        reader = AuditReader()
        log = AuditLog(reader)
        pieces = [data[i : i + size] for i in range(0, len(data), size)]
        found = [record for piece in pieces for record in log.feed(piece)]
        assert (ids(found), log.end(), problems(reader)) == (["a", "b", "c"], [], {"syntax": 1})


def test_a_line_of_many_megabytes_is_read() -> None:
    """The answer to a list at level RequestResponse; in pieces it is held once."""
    items = json.dumps([{"metadata": {"name": "x" * 100}}] * 100_000)
    long = with_object(items, auditID="long")
    assert len(long) > 10_000_000
    reader = AuditReader()
    log = AuditLog(reader)
    found = []
    for begin in range(0, len(long), 65_536):
        found += log.feed(long[begin : begin + 65_536])
    assert (ids(found), problems(reader)) == (["long"], {})


def test_a_line_beyond_the_limit_is_passed_over() -> None:
    """The next is read."""
    reader = AuditReader()
    log = AuditLog(reader, limit=2_000)
    assert ids(log.feed(with_object(DEEP) + line(auditID="b"))) == ["b"]
    assert log.feed(b"x" * 5_000) == []
    assert ids(log.feed(b"x\n" + line(auditID="c"))) == ["c"]
    assert problems(reader) == {"overlong": 2}


def test_a_last_line_without_its_end() -> None:
    """Is read if it is whole, else it was cut off."""
    reader = AuditReader()
    log = AuditLog(reader)
    assert log.feed(line(auditID="a").rstrip()) == []
    assert ids(log.end()) == ["a"]
    assert log.feed(line(auditID="b")[:100]) == []
    assert log.end() == []
    assert problems(reader) == {"truncated": 1}


def test_bad_input_costs_time_by_its_length_and_not_by_its_square() -> None:
    """A string that never ends, full of quotes: 32 times the length, not 1 000 times the time."""

    def seconds(quotes: int) -> float:
        text = b'{"auditID":"' + b'\\"' * quotes + b"\n"
        began = time.process_time()
        AuditReader().lines(text)
        return time.process_time() - began

    short = min(seconds(20_000) for _ in range(3))
    assert seconds(640_000) < 200 * short + 0.05
