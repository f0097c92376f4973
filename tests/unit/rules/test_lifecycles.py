"""Lifecycles: openings wait for their closings, for a time."""

from __future__ import annotations

from exporter.rules.lifecycles import MAX_OPEN, Lifecycle


class Clock:
    """Seconds, by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_closing_measures_from_its_opening() -> None:
    """The difference of the two events' own times."""
    lifecycle = Lifecycle(3600, Clock())
    lifecycle.open(("pod", "app"), 100.0)
    assert lifecycle.close(("pod", "app"), 102.5) == 2.5
    assert len(lifecycle) == 0


def test_a_closing_closes_once() -> None:
    """A second closing has no opening."""
    lifecycle = Lifecycle(3600, Clock())
    lifecycle.open(("pod",), 100.0)
    lifecycle.close(("pod",), 101.0)
    assert lifecycle.close(("pod",), 102.0) is None
    assert lifecycle.unmatched == 1


def test_a_later_opening_replaces_the_earlier() -> None:
    """A retry opens anew: the attempt before it was cut off."""
    lifecycle = Lifecycle(3600, Clock())
    lifecycle.open(("pod",), 100.0)
    lifecycle.open(("pod",), 200.0)
    assert lifecycle.close(("pod",), 203.0) == 3.0


def test_keys_do_not_meet() -> None:
    """Pairs of different keys run side by side."""
    lifecycle = Lifecycle(3600, Clock())
    lifecycle.open(("pod", "a"), 100.0)
    lifecycle.open(("pod", "b"), 101.0)
    assert lifecycle.close(("pod", "a"), 110.0) == 10.0


def test_a_closing_before_its_opening_is_0_and_skewed() -> None:
    """Two clocks or one-second stamps: no negative duration."""
    lifecycle = Lifecycle(3600, Clock())
    lifecycle.open(("pod",), 100.9)
    assert lifecycle.close(("pod",), 100.0) == 0.0
    assert lifecycle.skewed == 1


def test_an_opening_is_forgotten_after_its_age() -> None:
    """What never closes does not stay."""
    clock = Clock()
    lifecycle = Lifecycle(3600, clock)
    lifecycle.open(("pod",), 100.0)
    clock.now = 3601.0
    assert lifecycle.close(("pod",), 200.0) is None


def test_openings_are_bounded() -> None:
    """More openings than the bound push out the oldest."""
    lifecycle = Lifecycle(3600, Clock())
    for number in range(MAX_OPEN + 1):
        lifecycle.open((str(number),), 1.0)
    assert len(lifecycle) == MAX_OPEN
    assert lifecycle.close(("0",), 2.0) is None
    assert lifecycle.close(("1",), 2.0) == 1.0


def test_a_new_opening_is_the_youngest() -> None:
    """Pushed out is what was opened longest ago, not what was first opened longest ago."""
    lifecycle = Lifecycle(3600, Clock())
    for number in range(MAX_OPEN):
        lifecycle.open((str(number),), 1.0)
    lifecycle.open(("0",), 5.0)
    lifecycle.open(("more",), 6.0)
    assert lifecycle.close(("0",), 7.0) == 2.0
    assert lifecycle.close(("1",), 7.0) is None


def test_stamps_that_lie_an_age_apart_measure_nothing() -> None:
    """Event times can be anything; one absurd duration would spoil a sum for good."""
    lifecycle = Lifecycle(3600, Clock())
    lifecycle.open(("pod",), 100.0)
    assert lifecycle.close(("pod",), 253_402_300_799.0) is None
    assert lifecycle.unmatched == 1


def test_an_opening_without_a_time_opens_nothing() -> None:
    """Nothing could be measured from it."""
    lifecycle = Lifecycle(3600, Clock())
    lifecycle.open(("pod",), 0.0)
    assert lifecycle.close(("pod",), 50.0) is None
