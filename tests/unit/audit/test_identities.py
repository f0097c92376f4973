"""What was counted before."""

from __future__ import annotations

from typing import Any

import pytest

from exporter.audit import Identities
from tests.unit.audit.events import record

LOG, WEBHOOK = "log", "webhook"


def identities(limit: int = 10, seed: int = 0) -> Identities:
    return Identities((WEBHOOK, LOG), limit=limit, seed=seed)


def continued(known: Identities) -> Identities:
    """Another process that goes on from what was kept."""
    other = identities(known.limit)
    other.restore(known.seed, known.take_new())
    return other


def test_the_same_record_is_new_once() -> None:
    """However often it comes, and from wherever."""
    known = identities()
    sources = [LOG, LOG, WEBHOOK, WEBHOOK]
    assert [known.is_new(record(), source) for source in sources] == [True, False, False, False]
    assert known.known() == {WEBHOOK: 0, LOG: 1}


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
    known = identities()
    assert known.is_new(record(), LOG)
    assert known.is_new(record(**other), LOG)


def test_at_most_the_limit_is_known_and_at_least_half_of_it() -> None:
    """What is forgotten for want of room is counted, the oldest first."""
    known = identities()
    records = [record(auditID=str(n)) for n in range(26)]
    for each in records:
        assert known.is_new(each, LOG)
        assert len(known) <= 10
    assert known.evicted() == {WEBHOOK: 0, LOG: 26 - len(known)}
    assert not any(known.is_new(each, LOG) for each in records[-5:])
    assert known.is_new(records[0], LOG)


def test_a_source_takes_no_room_from_another() -> None:
    """A log of many hours, read at once, does not make a batch that is sent again new."""
    known = identities()
    known.is_new(record(), WEBHOOK)
    for number in range(100):
        known.is_new(record(auditID=str(number)), LOG)
    assert not known.is_new(record(), WEBHOOK)
    assert not known.is_new(record(), LOG)


def test_what_is_old_is_forgotten_without_being_evicted() -> None:
    """After two periods without it."""
    known = identities()
    known.is_new(record(), LOG)
    known.next_generation()
    assert not known.is_new(record(), LOG)
    known.next_generation()
    assert (len(known), known.evicted()) == (0, {WEBHOOK: 0, LOG: 0})
    assert known.is_new(record(), LOG)


def test_the_seed_decides_what_looks_alike() -> None:
    """Nobody can look for two ids that do, who does not know it."""
    one, other = identities(seed=1), identities(seed=2)
    for known in (one, other):
        known.keep_changes()
        known.is_new(record(), LOG)
    assert one.take_new() != other.take_new()


def test_what_is_new_is_taken_once_with_its_generation() -> None:
    """What is forgotten by then is not taken at all."""
    known = identities()
    known.keep_changes()
    taken = []
    for number in range(3):
        known.is_new(record(auditID=str(number)), LOG)
        known.next_generation()
    known.is_new(record(auditID="last"), LOG)
    taken = [(each.generation, len(each.identities)) for each in known.take_new()]
    assert taken == [(4, 8), (3, 8)]
    assert known.oldest() == {WEBHOOK: 3, LOG: 3}
    assert known.take_new() == []


def test_another_process_knows_what_was_kept() -> None:
    """Of both generations, and forgets them in turn."""
    known = identities(seed=7)
    known.keep_changes()
    known.is_new(record(auditID="old"), LOG)
    known.next_generation()
    known.is_new(record(auditID="new"), LOG)
    next_ = continued(known)
    assert next_.seed == 7
    assert not next_.is_new(record(auditID="old"), WEBHOOK)
    assert not next_.is_new(record(auditID="new"), LOG)
    next_.next_generation()
    assert next_.is_new(record(auditID="old"), LOG)
    assert not next_.is_new(record(auditID="new"), LOG)


def test_what_nobody_takes_does_not_pile_up() -> None:
    """A file that cannot be written for weeks costs no more than what is known anyway."""
    known = identities(limit=100)
    known.keep_changes()
    for number in range(10_000):
        known.is_new(record(auditID=str(number)), LOG)
    assert sum(len(each.identities) for each in known.take_new()) <= 100 * 8
