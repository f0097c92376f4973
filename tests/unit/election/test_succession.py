"""How the Lease passes from one to another: taken when it runs out, or released."""

from __future__ import annotations

import pytest

from exporter.config.timing import LeaseTiming
from exporter.election.request import Verb
from tests.unit.election.contest import TIMING, Contender, Contest


class TestTakingOver:
    def test_a_lease_that_is_not_renewed_is_taken(
        self, contest: Contest, leader: Contender
    ) -> None:
        """As soon as it has been unchanged for its duration, since it was first seen so."""
        leader.publish("as far as this")
        contest.passes(0.2, leader)
        contest.now += 1.0
        standby = contest.candidate("standby")
        standby.work()
        seen = contest.now
        contest.passes(TIMING.lease_duration - 0.05, standby)
        assert not standby.leads
        contest.now = seen + TIMING.lease_duration
        assert standby.work() == ["get", "update"]
        assert standby.leads
        assert standby.told == [("observed", "as far as this"), ("started", "as far as this")]
        assert contest.server.payload == "as far as this"
        assert contest.server.spec["leaseTransitions"] == 1

    def test_the_holders_own_duration_counts(self, contest: Contest) -> None:
        """A standby with other flags waits for as long as the holder relies on."""
        patient = LeaseTiming(lease_duration=60.0, renew_deadline=40.0, retry_period=2.0)
        contest.candidate("leader", patient).work()
        standby = contest.candidate("standby")
        contest.passes(59.0, standby)
        assert not standby.leads
        contest.passes(1.1, standby)
        assert standby.leads

    def test_without_a_duration_our_own_counts(self, contest: Contest, leader: Contender) -> None:
        """A holder that does not say for how long may be of another make."""
        contest.server.touch(leaseDurationSeconds=None)
        standby = contest.candidate("standby")
        contest.passes(TIMING.lease_duration - 1.0, standby)
        assert not standby.leads
        contest.passes(1.1, standby)
        assert standby.leads

    def test_time_stamps_do_not_count(self, contest: Contest, leader: Contender) -> None:
        """By the Lease's own times it ran out long ago, or will never run out."""
        for stamp in ("1970-01-01T00:00:00.000000Z", "2999-01-01T00:00:00.000000Z"):
            contest.server.touch(renewTime=stamp, acquireTime=stamp, holderIdentity="somebody")
            standby = contest.candidate("standby")
            contest.passes(TIMING.lease_duration - 1.0, standby)
            assert not standby.leads
            contest.passes(1.1, standby)
            assert standby.leads

    def test_a_renewal_in_between_wins(self, contest: Contest, leader: Contender) -> None:
        """The claim names the version that was read: the server refuses it."""
        standby = contest.candidate("standby")
        standby.work()
        contest.now += TIMING.lease_duration
        standby.answered(*contest.server.answer(standby.must_ask()))
        claim = standby.must_ask()
        assert claim.verb is Verb.UPDATE
        contest.server.touch()
        standby.answered(*contest.server.answer(claim))
        assert standby.work() == ["get"]
        assert not standby.leads

    def test_our_own_claim_of_which_we_were_not_told(self, contest: Contest) -> None:
        """The Lease has our name in it: nobody else leads, and it is claimed again at once."""
        one = contest.candidate()
        one.answered(*contest.server.answer(one.must_ask()))
        contest.server.answer(one.must_ask())
        one.broken()
        assert not one.leads
        contest.now += TIMING.retry_period
        assert one.work() == ["get", "update"]
        assert one.leads

    def test_a_deleted_lease_is_not_taken_at_once(
        self, contest: Contest, leader: Contender
    ) -> None:
        """Who has seen it held waits for as long: its holder does not know yet."""
        standby = contest.candidate("standby")
        standby.work()
        contest.server.delete()
        contest.passes(TIMING.lease_duration - 0.1, standby)
        assert not standby.leads
        contest.passes(4.0, standby)
        assert standby.leads

    def test_it_is_counted(self, contest: Contest, leader: Contender) -> None:
        """How often this one began to lead."""
        assert leader.telemetry.transitions == 1
        contest.now += TIMING.renew_deadline
        leader.work()
        assert leader.telemetry.transitions == 2


class TestReleasing:
    def test_it_leads_no_more_before_it_releases(self, contest: Contest, leader: Contender) -> None:
        """Another may lead as soon as the server has the release."""
        leader.candidate.stop()
        assert not leader.leads
        assert leader.told == [("stopped",)]
        assert contest.server.holder == "leader"

    def test_what_a_release_says(self, contest: Contest, leader: Contender) -> None:
        """Nobody holds it, as client-go's ReleaseOnCancel."""
        leader.candidate.stop()
        assert leader.work() == ["update"]
        assert contest.server.spec["holderIdentity"] == ""
        assert contest.server.spec["leaseDurationSeconds"] == 1
        assert contest.server.spec["leaseTransitions"] == 0
        assert leader.candidate.released
        assert leader.logged()[-1] == "lease released"

    def test_the_last_payload_goes_with_it(self, contest: Contest, leader: Contender) -> None:
        """What is published between the two, too."""
        leader.candidate.stop()
        assert leader.publish("the last scrape")
        leader.work()
        assert contest.server.payload == "the last scrape"
        assert not leader.publish("after it")

    def test_with_a_renewal_on_its_way(self, contest: Contest, leader: Contender) -> None:
        """Whether it arrived is found out."""
        contest.now += TIMING.retry_period
        contest.server.answer(leader.must_ask())
        leader.candidate.stop()
        assert leader.work() == ["get", "update"]
        assert contest.server.holder == ""

    def test_a_claim_on_its_way_is_given_up(self, contest: Contest) -> None:
        """One that does not lead can hold the Lease."""
        one = contest.candidate()
        one.answered(*contest.server.answer(one.must_ask()))
        contest.server.answer(one.must_ask())
        one.candidate.stop()
        assert one.work() == ["get", "update"]
        assert contest.server.holder == ""

    def test_the_answer_to_an_earlier_request_is_not_heard(
        self, contest: Contest, leader: Contender
    ) -> None:
        """It cannot make a leader of one that has stopped."""
        contest.now += TIMING.retry_period
        answer = contest.server.answer(leader.must_ask())
        leader.candidate.stop()
        leader.answered(*answer)
        assert not leader.leads

    def test_a_standby_has_nothing_to_release(self, contest: Contest, leader: Contender) -> None:
        """And asks nothing."""
        standby = contest.candidate("standby")
        standby.work()
        standby.candidate.stop()
        assert standby.candidate.released
        assert standby.work() == []

    def test_what_another_holds_is_not_released(self, contest: Contest, leader: Contender) -> None:
        """It is read again after a conflict, and left."""
        contest.server.touch(holderIdentity="another")
        leader.candidate.stop()
        assert leader.work() == ["update", "get"]
        assert contest.server.holder == "another"

    def test_what_was_deleted_is_not_released(self, contest: Contest, leader: Contender) -> None:
        """Nor made again."""
        contest.server.delete()
        leader.candidate.stop()
        assert leader.work() == ["update", "get"]
        assert leader.candidate.released
        assert contest.server.document is None

    def test_a_release_that_fails_is_tried_again(self, contest: Contest, leader: Contender) -> None:
        """There is little time left: soon."""
        leader.candidate.stop()
        leader.must_ask()
        leader.refused(503)
        assert leader.candidate.wake_at == pytest.approx(contest.now + 0.2)
        contest.now += 0.2
        assert leader.work() == ["get", "update"]
        assert contest.server.holder == ""
