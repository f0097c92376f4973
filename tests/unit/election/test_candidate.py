"""What a candidate asks, and when it leads."""

from __future__ import annotations

import pytest

from exporter.kube.telemetry import Failure
from tests.unit.election.contest import TIMING, Contender, Contest, spec_of


class TestBeginning:
    def test_a_lease_that_is_not_there_is_created(self, contest: Contest) -> None:
        """Who is the first leads at once, and is handed nothing."""
        one = contest.candidate()
        assert not one.leads
        assert one.work() == ["get", "create"]
        assert one.leads
        assert one.told == [("started", "")]
        assert contest.server.holder == "a"
        assert contest.server.spec["leaseTransitions"] == 0

    def test_a_lease_that_nobody_holds_is_taken(self, contest: Contest) -> None:
        """At once, with what was published in it."""
        first = contest.candidate("first")
        first.work()
        first.publish("as far as this")
        contest.passes(0.2, first)
        first.candidate.stop()
        first.work()
        second = contest.candidate("second")
        assert second.work() == ["get", "update"]
        assert second.told[-1] == ("started", "as far as this")

    def test_a_lease_that_is_held_is_left(self, contest: Contest, leader: Contender) -> None:
        """As long as its holder renews it."""
        standby = contest.candidate("standby")
        contest.passes(60.0, leader, standby)
        assert leader.leads
        assert not standby.leads
        assert standby.telemetry.holder == "leader"

    def test_two_that_begin_together(self, contest: Contest) -> None:
        """The server takes one of them; the other reads that, and stands by."""
        one, two = contest.candidate("one"), contest.candidate("two")
        one.answered(*contest.server.answer(one.must_ask()))
        two.answered(*contest.server.answer(two.must_ask()))
        one.work()
        assert two.work() == ["create", "get"]
        assert (one.leads, two.leads) == (True, False)
        assert set(two.telemetry.failures.values()) == {0}

    def test_the_first_look_is_told(self, contest: Contest, leader: Contender) -> None:
        """Until then nobody can say whether this one stands by."""
        standby = contest.candidate("standby")
        assert not standby.telemetry.observed
        standby.work()
        assert standby.telemetry.observed
        assert ("info", "led by another", {"leader": "leader"}) in standby.notes


class TestRenewing:
    def test_it_is_renewed_each_retry_period(self, contest: Contest, leader: Contender) -> None:
        """By one request, without reading it first; the wait is counted from its start."""
        contest.now += TIMING.retry_period - 0.01
        assert leader.work() == []
        contest.now += 0.01
        assert leader.work() == ["update"]

    def test_jitter_stretches_the_wait(self, contest: Contest) -> None:
        """By a fifth at the most, as client-go's factor of 1.2."""
        one = contest.candidate()
        one.candidate._uniform = lambda: 1.0
        one.work()
        assert one.candidate.wake_at == pytest.approx(contest.now + 1.2 * TIMING.retry_period)

    def test_what_a_renewal_says(self, contest: Contest, leader: Contender) -> None:
        """A new time, the same time of acquisition and number of transitions."""
        before = dict(contest.server.spec)
        contest.now += TIMING.retry_period
        spec = spec_of(leader.must_ask())
        assert spec == before
        assert spec["holderIdentity"] == "leader"
        assert spec["leaseDurationSeconds"] == 15
        assert spec["renewTime"] == "2026-11-22T11:40:00.000000Z"

    def test_a_conflict_is_read_again_at_once(self, contest: Contest, leader: Contender) -> None:
        """Somebody has labelled it: that is no failure, and the lead goes on."""
        contest.server.touch()
        contest.now += TIMING.retry_period
        assert leader.work() == ["update", "get", "update"]
        assert leader.leads
        assert set(leader.telemetry.failures.values()) == {0}

    def test_conflicts_without_end_are_a_failure(self, contest: Contest, leader: Contender) -> None:
        """Who is always overtaken waits as after any failure."""
        contest.now += TIMING.retry_period
        leader.must_ask()
        leader.refused(409)
        leader.answered(*contest.server.answer(leader.must_ask()))
        leader.must_ask()
        leader.refused(409, "the object has been modified")
        assert leader.telemetry.failures["rejected"] == 1
        assert leader.asks() is None

    def test_a_lost_answer_does_not_end_the_lead(self, contest: Contest, leader: Contender) -> None:
        """The server has the renewal, and we do not know: it is read, and renewed again."""
        contest.now += TIMING.retry_period
        contest.server.answer(leader.must_ask())
        leader.broken()
        contest.now += TIMING.retry_period
        assert leader.work() == ["get", "update"]
        assert leader.leads

    def test_a_deleted_lease_is_made_again(self, contest: Contest, leader: Contender) -> None:
        """By the leader, at once, with what it had published."""
        leader.publish("progress")
        contest.passes(0.2, leader)
        contest.server.delete()
        contest.now += TIMING.retry_period
        assert leader.work() == ["update", "get", "create"]
        assert leader.leads
        assert contest.server.payload == "progress"


class TestCeasing:
    def test_without_renewals_it_ceases_at_the_deadline(
        self, contest: Contest, leader: Contender
    ) -> None:
        """Counted from the start of the last renewal that succeeded."""
        contest.now += TIMING.retry_period
        request = leader.must_ask()
        contest.now += 3.0
        leader.answered(*contest.server.answer(request))
        contest.now = request.started + TIMING.renew_deadline - 0.01
        assert leader.leads
        contest.now += 0.02
        assert not leader.leads
        leader.asks()
        assert leader.told == [("stopped",)]

    def test_no_renewal_outlasts_the_deadline(self, contest: Contest, leader: Contender) -> None:
        """Half of it a request may take, and no longer than the lead lasts."""
        contest.now += TIMING.retry_period
        assert leader.must_ask().timeout == TIMING.renew_deadline / 2
        contest.now += 5.0
        leader.broken()
        assert leader.must_ask().timeout == pytest.approx(3.0)

    def test_who_slept_wakes_up_as_a_standby(self, contest: Contest, leader: Contender) -> None:
        """It did nothing meanwhile, and is asked before it does."""
        contest.now += 100.0
        assert not leader.leads
        assert not leader.publish("too late")

    def test_an_answer_that_comes_too_late_makes_no_leader(
        self, contest: Contest, leader: Contender
    ) -> None:
        """The renewal was stored, but longer ago than a lead lasts: it has to be renewed again."""
        contest.now += TIMING.retry_period
        answer = contest.server.answer(leader.must_ask())
        contest.now += 60.0
        leader.answered(*answer)
        assert leader.told == [("stopped",)]
        assert leader.work() == ["get", "update"]
        assert leader.leads

    def test_a_renewal_after_the_deadline_begins_anew(
        self, contest: Contest, leader: Contender
    ) -> None:
        """Nobody took the Lease in time: it is handed its own payload."""
        leader.publish("mine")
        contest.passes(0.2, leader)
        contest.now += TIMING.renew_deadline
        leader.work()
        assert leader.told == [("stopped",), ("started", "mine")]
        assert contest.server.spec["leaseTransitions"] == 0

    def test_it_ceases_when_it_reads_that_another_holds_it(
        self, contest: Contest, leader: Contender
    ) -> None:
        """Somebody gave the Lease away by hand; the deadline is not waited for."""
        contest.server.touch(holderIdentity="favourite")
        contest.now += TIMING.retry_period
        assert leader.work() == ["update", "get"]
        assert not leader.leads
        assert leader.told == [("stopped",), ("observed", "")]
        assert leader.candidate.released

    def test_why_is_logged(self, contest: Contest, leader: Contender) -> None:
        """With the failure that was in the way."""
        contest.now += TIMING.retry_period
        leader.must_ask()
        leader.broken(Failure.REFUSED)
        contest.now += TIMING.renew_deadline
        leader.asks()
        assert ("warning", "leading no more", {"why": "not renewed in time (refused: broken)"}) in (
            leader.notes
        )
