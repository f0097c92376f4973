"""What a leader publishes with its Lease, and when."""

from __future__ import annotations

import json

import pytest

from exporter.election.lease import PAYLOAD_LIMIT_BYTES, PayloadTooLargeError
from tests.unit.election.contest import TIMING, Contender, Contest


@pytest.fixture
def leader(contest: Contest) -> Contender:
    """One that leads, and has written long enough ago."""
    leader = contest.candidate("leader")
    leader.work()
    contest.now += 1.0
    return leader


def test_a_payload_is_written_at_once(contest: Contest, leader: Contender) -> None:
    """By one request, which is a renewal as well."""
    assert leader.publish("progress")
    assert leader.work() == ["update"]
    assert contest.server.payload == "progress"
    contest.now += TIMING.renew_deadline - 0.1
    assert leader.leads


def test_while_one_is_written_the_next_waits(contest: Contest, leader: Contender) -> None:
    """Of those that come meanwhile the last one is written."""
    leader.publish("one")
    request = leader.must_ask()
    leader.publish("two")
    leader.publish("three")
    assert leader.asks() is None
    contest.now += 0.2
    leader.answered(*contest.server.answer(request))
    assert contest.server.payload == "one"
    assert leader.work() == ["update"]
    assert contest.server.payload == "three"


def test_it_is_told_once_when_it_stands_in_the_lease(contest: Contest, leader: Contender) -> None:
    """Not before the server has answered, and not again with each renewal."""
    leader.publish("progress")
    request = leader.must_ask()
    assert leader.published == []
    leader.answered(*contest.server.answer(request))
    contest.now += TIMING.retry_period
    leader.work()
    assert leader.published == ["progress"]


def test_the_same_again_is_not_written(contest: Contest, leader: Contender) -> None:
    """A scrape that exposed nothing new costs no write."""
    leader.publish("progress")
    leader.work()
    contest.now += 1.0
    leader.publish("progress")
    assert leader.work() == []


def test_a_renewal_keeps_it(contest: Contest, leader: Contender) -> None:
    """It stands in the Lease until another takes its place."""
    leader.publish("progress")
    leader.work()
    contest.now += TIMING.retry_period
    assert leader.work() == ["update"]
    assert contest.server.payload == "progress"


def test_writes_are_spaced(contest: Contest, leader: Contender) -> None:
    """However many scrapers there are, ten a second at the most."""
    leader.publish("one")
    leader.work()
    leader.publish("two")
    assert leader.work() == []
    assert leader.candidate.wake_at == pytest.approx(contest.now + 0.1)
    contest.now = leader.candidate.wake_at
    assert leader.work() == ["update"]


def test_large_payloads_are_spaced_by_their_size(contest: Contest, leader: Contender) -> None:
    """Each is a whole object in etcd's history: 64 KiB a second, beside the renewals."""
    leader.publish("x" * 128 * 1024)
    leader.work()
    leader.publish("small")
    assert leader.candidate.wake_at == pytest.approx(contest.now + 2.0, abs=0.1)


def test_a_write_that_failed_is_not_repeated_at_once(contest: Contest, leader: Contender) -> None:
    """A payload is no reason to press a server that is in trouble."""
    leader.publish("progress")
    leader.must_ask()
    leader.refused(503)
    contest.now += 0.5
    leader.publish("more progress")
    assert leader.asks() is None
    contest.now += TIMING.retry_period
    assert leader.work() == ["get", "update"]
    assert contest.server.payload == "more progress"


def test_a_standby_publishes_nothing(contest: Contest, leader: Contender) -> None:
    """It is told so."""
    standby = contest.candidate("standby")
    standby.work()
    assert not standby.publish("progress")


def test_what_was_not_written_ends_with_the_lead(contest: Contest, leader: Contender) -> None:
    """Who leads again is handed what stands in the Lease, and it stays there."""
    leader.publish("written")
    leader.work()
    contest.now += TIMING.renew_deadline - 0.1
    leader.publish("not written")
    contest.now += 0.1
    leader.work()
    assert leader.told[-1] == ("started", "written")
    contest.now += TIMING.retry_period
    leader.work()
    assert contest.server.payload == "written"


def test_a_standby_is_told_each_new_version(contest: Contest, leader: Contender) -> None:
    """Once, with its payload."""
    standby = contest.candidate("standby")
    standby.work()
    standby.told.clear()
    leader.publish("one")
    contest.passes(2.1, leader, standby)
    leader.publish("two")
    contest.passes(0.1, leader)
    contest.passes(TIMING.retry_period * 3, standby)
    assert standby.told == [("observed", "one"), ("observed", "two")]


def test_what_has_no_room_is_refused(contest: Contest, leader: Contender) -> None:
    """Kubernetes allows 256 KiB of annotations; bytes count, not characters."""
    assert leader.publish("x" * PAYLOAD_LIMIT_BYTES)
    for payload in ("x" * (PAYLOAD_LIMIT_BYTES + 1), "é" * (PAYLOAD_LIMIT_BYTES // 2 + 1)):
        with pytest.raises(PayloadTooLargeError, match="more than 245760 bytes"):
            leader.publish(payload)


def test_others_annotations_and_labels_stay(contest: Contest, leader: Contender) -> None:
    """Whatever the object holds is written back as it was read."""
    assert contest.server.document is not None
    metadata = contest.server.document["metadata"]
    metadata["labels"] = {"app": "exporter"}
    metadata["annotations"] = {"note": "mine"}
    contest.server.document["extra"] = {"kept": [1, 2.5, None]}
    contest.server.touch(strategy="OldestEmulationVersion")
    leader.publish("progress")
    leader.work()
    document = json.loads(json.dumps(contest.server.document))
    assert document["metadata"]["labels"] == {"app": "exporter"}
    assert document["metadata"]["annotations"]["note"] == "mine"
    assert document["extra"] == {"kept": [1, 2.5, None]}
    assert document["spec"]["strategy"] == "OldestEmulationVersion"
    assert contest.server.payload == "progress"
