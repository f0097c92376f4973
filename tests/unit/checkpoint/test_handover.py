"""The handover: what a leader writes a standby reads, and no more than there is room for."""

from __future__ import annotations

import pytest

from exporter.checkpoint.handover import Handover, read, written
from exporter.checkpoint.state import Cut, Held

HELD = (
    Held("kube_events_total", ("Warning", 'a"\n\ud800\u00e9', ""), 3, birth=7),
    Held("kube_wait_seconds", (), [0, 2, 1, 0.1], birth=8),
)


def cut(*held: Held) -> Cut:
    return Cut(1, 0, {}, {}, held, versions={"": 42, "shop": 7})


def test_what_is_written_is_read() -> None:
    """Versions, labels and amounts, to the last bit."""
    text, left_out = written(cut(*HELD), 10_000)
    found = read(text)
    assert found is not None
    assert left_out == 0
    assert found.versions == {"": 42, "shop": 7}
    assert [each.what for each in found.held] == [each.what for each in HELD]


def test_it_is_never_longer_than_its_limit() -> None:
    """What has no room is counted; the rest can be read."""
    many = [Held("kube_events_total", (f"reason-{number}",), 1) for number in range(100)]
    for limit in (100, 500, 1000, 5000, 10_000):
        text, left_out = written(cut(*many), limit)
        found = read(text)
        assert found is not None
        assert len(text.encode()) <= limit
        assert len(found.held) == 100 - left_out


def test_where_there_was_no_leader_nothing_was_shown() -> None:
    """A Lease without our annotation."""
    assert read("") == Handover()


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "[]",
        "7",
        '{"handover": 2, "versions": {}, "held": []}',
        '{"handover": 1, "held": []}',
        '{"handover": 1, "versions": {"": "x"}, "held": []}',
        '{"handover": 1, "versions": {}, "held": [["family"]]}',
    ],
)
def test_what_cannot_be_read_is_none(text: str) -> None:
    """Whoever may write the Lease may write anything."""
    assert read(text) is None
