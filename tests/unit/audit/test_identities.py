"""What was counted before."""

from __future__ import annotations

from typing import Any

import pytest

from exporter.audit import Identities
from tests.unit.audit.events import record


def test_the_same_record_is_new_once() -> None:
    """However often it comes."""
    known = Identities(limit=10)
    assert [known.is_new(record()) for _ in range(3)] == [True, False, False]
    assert len(known) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"auditID": "x"},
        {"stage": "Panic"},
        {"requestReceivedTimestamp": "2026-11-22T11:35:18.727222Z"},
        {"stageTimestamp": "2026-11-22T11:35:18.742137Z"},
    ],
)
def test_every_part_of_an_identity_counts(other: dict[str, Any]) -> None:
    """A client that chooses the id of another request hides nothing."""
    known = Identities(limit=10)
    assert known.is_new(record())
    assert known.is_new(record(**other))


def test_at_most_the_limit_is_known_and_at_least_half_of_it() -> None:
    """What is forgotten for want of room is counted, the oldest first."""
    known = Identities(limit=10)
    records = [record(auditID=str(n)) for n in range(26)]
    for each in records:
        assert known.is_new(each)
        assert len(known) <= 10
    assert known.evicted == 26 - len(known)
    assert not any(known.is_new(each) for each in records[-5:])
    assert known.is_new(records[0])


def test_what_is_old_is_forgotten_without_being_evicted() -> None:
    """After two periods without it."""
    known = Identities(limit=10)
    known.is_new(record())
    known.next_generation()
    assert not known.is_new(record())
    known.next_generation()
    assert (len(known), known.evicted) == (0, 0)
    assert known.is_new(record())


def test_the_seed_decides_what_looks_alike() -> None:
    """Nobody can look for two ids that do, who does not know it."""
    one, other = Identities(limit=10, seed=1), Identities(limit=10, seed=2)
    one.is_new(record())
    other.is_new(record())
    assert one._latest != other._latest
