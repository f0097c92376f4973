"""Bodies that are large, or of whatever their sender likes: no piece of them is much."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest

from exporter.audit import AuditReader, AuditRecord, UnreadableBatchError
from exporter.audit.batches import PIECE_BYTES, items_of, pieces
from tests.unit.audit.events import body, event, of_body, problems

FILLED = "/" + "x" * 100_000
NESTED = [{"level": "x", "of": "a client"}] * 10


def sliced(reader: AuditReader, sent: bytes) -> list[list[str]]:
    slices = reader.slices(sent)
    assert slices is not None
    return [ids(records) for records in slices]


def ids(records: list[AuditRecord]) -> list[str]:
    return [record.audit_id for record in records]


def flat(slices: list[list[str]]) -> list[str]:
    return [each for one in slices for each in one]


def test_a_large_body_comes_in_slices() -> None:
    """Of which none takes long; together they are the whole."""
    events = [event(auditID=str(n), requestURI=FILLED) for n in range(30)]
    found = sliced(AuditReader(), body(*events))
    assert [len(each) for each in found] == [11, 11, 8]
    assert flat(found) == [str(n) for n in range(30)]


def test_many_small_items_come_in_slices() -> None:
    """It is their number that takes time."""
    found = sliced(AuditReader(), body(*(event(auditID=str(n)) for n in range(2_500))))
    assert max(map(len, found)) <= 1_000
    assert flat(found) == [str(n) for n in range(2_500)]


def test_a_small_body_comes_at_once() -> None:
    """The same as without slices, problems included."""
    reader = AuditReader()
    sent = body(event(auditID="a"), {"auditID": 1}, event(auditID="b"))
    assert sliced(reader, sent) == [["a", "b"]]
    assert problems(reader) == {"schema": 1}


@pytest.mark.parametrize("junk", [b"", b"[]", b'{"items":{}}', b'{"items":[{"a":"\\ud800"}]}'])
def test_what_must_be_mended_or_is_no_list_has_no_slices(junk: bytes) -> None:
    """Whoever asks decides who takes the time to mend it."""
    assert AuditReader().slices(junk) is None


def test_what_looks_like_a_place_to_cut_and_is_none() -> None:
    """A client can put what begins like an item into its request, wherever it likes."""
    events = [
        event(auditID=str(n), requestObject={"x": NESTED * 20_000, "y": '},{"level":'})
        for n in range(4)
    ]
    assert flat(sliced(AuditReader(), body(*events))) == ["0", "1", "2", "3"]


def test_a_sender_may_write_as_it_likes() -> None:
    """Blanks, another order of the keys, one odd item among the others."""
    events: list[Any] = [
        {**dict(sorted(event(auditID=str(n)).items())), "requestURI": FILLED} for n in range(30)
    ]
    events[7]["verb"] = 7
    reader = AuditReader()
    sent = json.dumps({"kind": "EventList", "items": events}, indent=1).encode()
    assert flat(sliced(reader, sent)) == [str(n) for n in range(30) if n != 7]
    assert problems(reader) == {"schema": 1}


def test_one_item_may_be_as_large_as_a_body() -> None:
    """The list of all pods, with its answer, at the level RequestResponse."""
    answer = {"items": [{"metadata": {"name": str(n)}, "x": "y" * 50} for n in range(100_000)]}
    large = event(auditID="large", responseObject=answer)
    sent = body(event(auditID="a"), large, event(auditID="b"))
    assert len(sent) > 4 * PIECE_BYTES
    assert flat(sliced(AuditReader(), sent)) == ["a", "large", "b"]


@pytest.mark.parametrize("item", [b"0", b"[]", b"{}", b'""'], ids=repr)
def test_millions_of_nothing_are_no_millions_of_objects(item: bytes) -> None:
    """No API server sends them."""
    count = 16 * PIECE_BYTES // (len(item) + 1)
    sent = b'{"kind":"EventList","items":[' + b",".join([item] * count) + b"]}"
    reader = AuditReader()
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableBatchError):
            of_body(reader, sent)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * len(sent)


def test_pieces_are_the_whole() -> None:
    """Whatever the pieces are, nothing stands in two of them, and nothing in none."""
    sent = body(*(event(auditID=str(n), requestURI=FILLED[: n * 997]) for n in range(100)))
    items = items_of(sent)
    assert items is not None
    joined = b",".join(filter(None, pieces(items, lambda array: array[1:-1])))
    assert joined == bytes(items)
