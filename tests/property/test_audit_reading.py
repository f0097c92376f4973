"""A log that is cut anywhere, says things twice and has junk in it, against the same log whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from exporter.audit import AuditLog, AuditReader, Identities
from exporter.metrics.births import Births, Scrapers
from exporter.metrics.page import Page
from exporter.metrics.text import Format
from exporter.pipeline import AuditCounting
from exporter.rules.loading import built_in_audit, load
from tests.unit.audit.events import FORBID, body, event, failure, line, of_body

_RULES = load(built_in_audit(), lambda: 0.0).audit
_EVENTS = st.builds(
    event,
    auditID=st.integers(0, 20).map(str),
    stage=st.sampled_from(
        ("RequestReceived", "ResponseStarted", "ResponseComplete", "Panic", "Future")
    ),
    verb=st.sampled_from(("get", "watch", "create", "brew", "")),
    user=st.sampled_from(({}, {"username": "ann"}, {"username": "system:anonymous"})),
    responseStatus=st.sampled_from(({"code": 200}, failure(401), failure(403), failure(500), {})),
    annotations=st.sampled_from((None, FORBID, {"k8s.io/deprecated": "true"})),
    stageTimestamp=st.sampled_from(("2026-11-22T11:35:19.000001Z", "2026-11-22T11:35:20Z")),
    requestObject=st.text(max_size=20) | st.just([[]]),
)
_JUNK = st.sampled_from(
    (b"\n", b"\0\0\n", b"junk\n", b"{}\n", b"[[[\n", b"\xff\n", b'{"auditID":5}\n', b'"\n', b"}\n")
)
_PIECES = st.lists(
    _EVENTS.map(lambda e: line(**e))
    | st.lists(_EVENTS, max_size=3).map(lambda events: body(*events))
    | _JUNK,
    max_size=12,
)
_HOSTILE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


def counted(pieces: Sequence[bytes]) -> tuple[Counter[str], dict[Any, int], int]:
    """Lines of the page as often as they occur, what was passed over, and the duplicates."""
    births = Births(lambda: 0.0)
    identities = Identities(("log",), limit=1_000)
    counting = AuditCounting(births, identities, series_limit=1_000, rules=_RULES)
    reader = AuditReader()
    log = AuditLog(reader)
    for piece in pieces:
        for record in log.feed(piece):
            counting.reached(record, "log")
    for record in log.end():
        counting.reached(record, "log")
    page = Page(counting.families(), births, Scrapers(births, lambda: 0.0))
    text = b"".join(page.render(Format.TEXT)[0]).decode()
    return Counter(text.splitlines()), reader.undecodable, counting.duplicates["log"]


def cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    bounds = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[a:b] for a, b in pairwise(bounds)]


@given(_PIECES, st.lists(st.integers(0, 100_000), max_size=20))
def test_any_way_of_cutting_gives_the_same(pieces: list[bytes], places: list[int]) -> None:
    """Page, problems and duplicates."""
    data = b"".join(pieces)
    assert counted(cut(data, places)) == counted([data])


@given(_PIECES, st.data())
def test_what_comes_again_changes_no_count(pieces: list[bytes], data: st.DataObject) -> None:
    """Whatever of it comes again, and whatever junk comes with it."""
    again = data.draw(st.lists(st.sampled_from(pieces) | _JUNK, max_size=12)) if pieces else []
    page, _, _ = counted(pieces)
    assert counted([*pieces, *again])[0] == page


@given(st.lists(_EVENTS, max_size=12), st.randoms())
def test_the_order_changes_no_count(events: list[dict[str, Any]], random: Any) -> None:
    """Batches are sent side by side. (Of strangers the names must be known before, and the sum
    of seconds is as exact as floats are in any order.)
    """
    lines = [line(**{**each, "auditID": str(number)}) for number, each in enumerate(events)]
    known = line(auditID="first")
    shuffled = random.sample(lines, len(lines))
    one, passed_over, duplicates = counted([known, *lines])
    other, *rest = counted([known, *shuffled])
    assert {n for n in one if "_sum{" not in n} == {n for n in other if "_sum{" not in n}
    assert rest == [passed_over, duplicates]


@given(st.sampled_from(sorted(event())), _HOSTILE)
def test_any_value_in_any_field_is_taken(name: str, value: object) -> None:
    """Read or passed over; the lines around it are read."""
    whole = {**event(), name: value}
    reader = AuditReader()
    records = reader.lines(line(auditID="a") + line(**whole) + line(auditID="b"))
    passed_over = sum(reader.undecodable.values())
    assert [records[0].audit_id, records[-1].audit_id] == ["a", "b"]
    assert len(records) + passed_over == 3
    for record in records:
        counting = AuditCounting(
            Births(lambda: 0.0), Identities(("log",), limit=10), series_limit=10, rules=_RULES
        )
        counting.reached(record, "log")


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_are_taken(data: bytes) -> None:
    """As a log and as a body; the next event is read."""
    reader = AuditReader()
    of_body(reader, data)
    assert reader.lines(data + b"\n" + line(auditID="a"))[-1].audit_id == "a"
