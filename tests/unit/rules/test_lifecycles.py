"""Lifecycles: openings wait for their closings, for a time."""

from __future__ import annotations

import pytest

from exporter.rules.lifecycles import MAX_OPEN, Lifecycle
from tests.unit.metrics.house import Clock

POD = ("pod",)


@pytest.fixture
def clock() -> Clock:
    return Clock(0.0)


@pytest.fixture
def lifecycle(clock: Clock) -> Lifecycle:
    """Of which the first opening counts."""
    return Lifecycle(3600, clock)


def test_a_closing_measures_from_its_opening(lifecycle: Lifecycle) -> None:
    """The difference of the two events' own times."""
    lifecycle.open(("pod", "app"), 100.0)
    assert len(lifecycle) == 1
    assert lifecycle.close(("pod", "app"), 102.5, "closed") == 2.5
    assert len(lifecycle) == 0


def test_a_closing_closes_once(lifecycle: Lifecycle) -> None:
    """A second closing has no opening."""
    lifecycle.open(POD, 100.0)
    lifecycle.close(POD, 101.0, "closed")
    assert lifecycle.close(POD, 102.0, "closed") is None
    assert lifecycle.unmatched == 1
    assert lifecycle.closed == {"closed": 1}


def test_of_the_first_kind_the_earliest_opening_counts(lifecycle: Lifecycle) -> None:
    """A pair goes on as it began; the repeat is counted."""
    lifecycle.open(POD, 100.0)
    lifecycle.open(POD, 200.0)
    assert (lifecycle.opened, lifecycle.repeated) == (1, 1)
    assert lifecycle.close(POD, 203.0, "closed") == 103.0


def test_of_the_newest_kind_a_later_opening_replaces_the_earlier() -> None:
    """A retry opens anew: the attempt before it was cut off."""
    lifecycle = Lifecycle(3600, Clock(), newest=True)
    lifecycle.open(POD, 100.0)
    lifecycle.open(POD, 200.0)
    assert (lifecycle.opened, lifecycle.repeated) == (1, 1)
    assert lifecycle.close(POD, 203.0, "closed") == 3.0


def test_endings_are_counted_by_outcome(lifecycle: Lifecycle) -> None:
    """How each pair ended; what had no opening ended nothing."""
    for outcome in ("ready", "failed", "ready"):
        lifecycle.open(POD, 100.0)
        lifecycle.close(POD, 101.0, outcome)
    lifecycle.close(POD, 102.0, "late")
    assert lifecycle.closed == {"ready": 2, "failed": 1}


def test_keys_do_not_meet(lifecycle: Lifecycle) -> None:
    """Pairs of different keys run side by side."""
    lifecycle.open(("pod", "a"), 100.0)
    lifecycle.open(("pod", "b"), 101.0)
    assert lifecycle.close(("pod", "a"), 110.0, "closed") == 10.0
    assert lifecycle.close(("pod",), 110.0, "closed") is None


def test_a_closing_before_its_opening_is_0_and_skewed(lifecycle: Lifecycle) -> None:
    """Two clocks or one-second stamps: no negative duration."""
    lifecycle.open(POD, 100.9)
    assert lifecycle.close(POD, 100.0, "closed") == 0.0
    assert lifecycle.skewed == 1
    assert lifecycle.closed == {"closed": 1}


def test_an_optional_closing_needs_no_opening(lifecycle: Lifecycle) -> None:
    """Most of such closings end nothing, and that is no fault."""
    assert lifecycle.close(POD, 100.0, "closed", optional=True) is None
    assert lifecycle.unmatched == 0
    lifecycle.open(POD, 100.0)
    assert lifecycle.close(POD, 101.0, "closed", optional=True) == 1.0


def test_an_opening_is_forgotten_after_its_age(lifecycle: Lifecycle, clock: Clock) -> None:
    """What never closes does not stay; it is counted as abandoned, once."""
    lifecycle.open(POD, 100.0)
    clock.now = 3600.0
    assert lifecycle.close(POD, 200.0, "closed") is None
    assert (lifecycle.abandoned, lifecycle.unmatched) == (1, 1)
    assert len(lifecycle) == 0
    assert lifecycle.abandoned == 1


def test_an_opening_stays_until_its_age(lifecycle: Lifecycle, clock: Clock) -> None:
    """A moment before it can still be closed."""
    lifecycle.open(POD, 100.0)
    clock.now = 3599.0
    assert len(lifecycle) == 1
    assert lifecycle.close(POD, 3699.0, "closed") == 3599.0


def test_what_is_abandoned_is_seen_without_another_event(
    lifecycle: Lifecycle, clock: Clock
) -> None:
    """Whoever asks how many are open is told of none that is too old."""
    lifecycle.open(POD, 100.0)
    clock.now = 3600.0
    assert len(lifecycle) == 0
    assert lifecycle.abandoned == 1


def test_a_pair_that_was_open_for_too_long_begins_anew(lifecycle: Lifecycle, clock: Clock) -> None:
    """Its next opening is no repeat: the old pair is abandoned and another one begins."""
    lifecycle.open(POD, 100.0)
    clock.now = 3600.0
    lifecycle.open(POD, 5000.0)
    assert (lifecycle.opened, lifecycle.repeated, lifecycle.abandoned) == (2, 0, 1)
    assert lifecycle.close(POD, 5001.0, "closed") == 1.0


def test_repeats_keep_a_first_opening_alive(lifecycle: Lifecycle, clock: Clock) -> None:
    """What is told again and again is open since it began, for however long."""
    lifecycle.open(POD, 100.0)
    for hours in range(1, 51):
        clock.now = 3500.0 * hours
        lifecycle.open(POD, 100.0 + 3500.0 * hours)
    assert lifecycle.close(POD, 178_000.0, "closed") == 177_900.0
    assert (lifecycle.opened, lifecycle.repeated, lifecycle.abandoned) == (1, 50, 0)


def test_silence_after_repeats_abandons(lifecycle: Lifecycle, clock: Clock) -> None:
    """The age is counted from where it was told of last."""
    lifecycle.open(POD, 100.0)
    clock.now = 3000.0
    lifecycle.open(POD, 3100.0)
    clock.now = 6599.0
    assert len(lifecycle) == 1
    clock.now = 6600.0
    assert len(lifecycle) == 0
    assert lifecycle.abandoned == 1


def test_a_newer_opening_is_as_young_as_it_is(clock: Clock) -> None:
    """It begins anew, its age too."""
    lifecycle = Lifecycle(3600, clock, newest=True)
    lifecycle.open(POD, 100.0)
    clock.now = 3000.0
    lifecycle.open(POD, 3100.0)
    clock.now = 6599.0
    assert len(lifecycle) == 1


def test_openings_are_bounded(lifecycle: Lifecycle) -> None:
    """More openings than the bound push out the oldest, which is abandoned."""
    for number in range(MAX_OPEN + 1):
        lifecycle.open((str(number),), 1.0)
    assert len(lifecycle) == MAX_OPEN
    assert lifecycle.abandoned == 1
    assert lifecycle.close(("0",), 2.0, "closed") is None
    assert lifecycle.close(("1",), 2.0, "closed") == 1.0


def test_a_new_opening_is_the_youngest() -> None:
    """Pushed out is what was opened longest ago, not what was first opened longest ago."""
    lifecycle = Lifecycle(3600, Clock(), newest=True, max_open=3)
    for number in range(3):
        lifecycle.open((str(number),), 1.0)
    lifecycle.open(("0",), 5.0)
    lifecycle.open(("more",), 6.0)
    assert lifecycle.close(("0",), 7.0, "closed") == 2.0
    assert lifecycle.close(("1",), 7.0, "closed") is None


def test_stamps_that_lie_an_age_apart_measure_nothing(lifecycle: Lifecycle) -> None:
    """Event times can be anything; one absurd duration would spoil a sum for good."""
    lifecycle.open(POD, 100.0)
    assert lifecycle.close(POD, 253_402_300_799.0, "closed") is None
    assert (lifecycle.unmatched, lifecycle.abandoned) == (1, 1)


def test_an_opening_without_a_time_opens_nothing(lifecycle: Lifecycle) -> None:
    """Nothing could be measured from it."""
    lifecycle.open(POD, 0.0)
    assert (len(lifecycle), lifecycle.opened) == (0, 0)
    assert lifecycle.close(POD, 50.0, "closed") is None


def test_a_closing_without_a_time_measures_nothing(lifecycle: Lifecycle) -> None:
    """The pair has ended, nobody knows when: a duration of 0 would be a lie."""
    lifecycle.open(POD, 100.0)
    assert lifecycle.close(POD, 0.0, "closed") is None
    assert (lifecycle.closed, lifecycle.skewed) == ({"closed": 1}, 0)
    assert len(lifecycle) == 0


class TestPriming:
    """What was open before we looked."""

    def test_it_is_open_and_not_counted(self, lifecycle: Lifecycle) -> None:
        """It began before: only its end is news."""
        lifecycle.prime(POD, 100.0)
        assert len(lifecycle) == 1
        assert (lifecycle.opened, lifecycle.repeated, lifecycle.abandoned) == (0, 0, 0)
        assert lifecycle.close(POD, 160.0, "closed") == 60.0
        assert lifecycle.closed == {"closed": 1}

    @pytest.mark.parametrize("newest", [True, False])
    def test_what_was_seen_to_begin_goes_on(self, newest: bool) -> None:
        """Another scope's first list says nothing newer than its watch."""
        lifecycle = Lifecycle(3600, Clock(), newest=newest)
        lifecycle.open(POD, 100.0)
        lifecycle.prime(POD, 50.0)
        assert lifecycle.close(POD, 160.0, "closed") == 60.0
        assert (lifecycle.opened, lifecycle.repeated) == (1, 0)

    def test_it_does_not_push_out_what_was_seen(self) -> None:
        """Where there is no room, the past stays closed."""
        lifecycle = Lifecycle(3600, Clock(), max_open=2)
        lifecycle.open(("a",), 100.0)
        for key in ("b", "c", "d"):
            lifecycle.prime((key,), 50.0)
        assert lifecycle.room == 0
        assert lifecycle.close(("a",), 101.0, "closed") == 1.0
        assert lifecycle.close(("c",), 101.0, "closed") is None
        assert lifecycle.abandoned == 0

    def test_a_pair_that_is_too_old_makes_room(self, clock: Clock) -> None:
        """And is counted as abandoned, as it would be a moment later."""
        lifecycle = Lifecycle(3600, clock, max_open=1)
        lifecycle.open(POD, 100.0)
        clock.now = 3600.0
        lifecycle.prime(POD, 3700.0)
        assert lifecycle.abandoned == 1
        assert lifecycle.close(POD, 3701.0, "closed") == 1.0

    def test_without_a_time_it_opens_nothing(self, lifecycle: Lifecycle) -> None:
        """As any opening."""
        lifecycle.prime(POD, 0.0)
        assert len(lifecycle) == 0


def test_one_made_anew_is_of_the_same_kind_and_empty(clock: Clock) -> None:
    """It shares nothing but the clock with the one it is made of."""
    used = Lifecycle(3600, clock, newest=True, primed=False, max_open=2)
    used.open(POD, 100.0)
    fresh = used.anew()
    assert (len(fresh), fresh.opened, fresh.closed) == (0, 0, {})
    assert (fresh.newest, fresh.primed, fresh.room) == (True, False, 2)
    fresh.open(("other",), 100.0)
    assert (len(used), used.opened) == (1, 1)
