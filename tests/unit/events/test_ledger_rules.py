"""The ledger's rules on one event: how many new occurrences does a version carry?"""

from __future__ import annotations

import pytest

from exporter.events import EventRecord
from tests.unit.events.ledgers import observing
from tests.unit.events.records import at, named_at, record


def legacy(count: int, version: int, **changes: object) -> EventRecord:
    """A legacy recorder's event that first occurred 10 s into the observation."""
    fields: dict[str, object] = {"name": named_at(10), "first_time": at(10), "last_time": at(10)}
    return record(**{**fields, "count": count, "resource_version": version, **changes})


def series(count: int, version: int, **changes: object) -> EventRecord:
    """The same by the new recorder: no count, and a series once it repeats."""
    return legacy(0, version, series_count=count, **changes)


class TestUnknownName:
    def test_a_new_event_counts_once(self) -> None:
        """An event first seen, with count 1, is one occurrence."""
        assert observing().changed(legacy(1, 10)) == 1

    def test_a_new_event_without_any_count_counts_once(self) -> None:
        """The new recorder's first write has neither count nor series."""
        assert observing().changed(series(0, 10)) == 1

    def test_an_event_born_with_a_count_counts_all_of_it(self) -> None:
        """Its first occurrences were kept back by client-go's spam filter; the count has them."""
        assert observing().changed(legacy(301, 10)) == 301

    def test_a_return_whose_past_was_never_seen_counts_once(self) -> None:
        """It first occurred before we looked, and its count is of the time before."""
        returned = legacy(17, 10, name=named_at(-900), first_time=at(-900))
        ledger = observing()
        assert ledger.changed(returned) == 1
        assert ledger.changed(legacy(19, 11, name=returned.name)) == 2

    def test_a_series_made_again_unchanged_counts_nothing(self) -> None:
        """Its count is of the time before, and so is its latest occurrence."""
        again = series(17, 10, name=named_at(-900), first_time=at(-900), last_time=at(-300))
        ledger = observing()
        assert ledger.changed(again) == 0
        assert ledger.changed(series(19, 11, name=again.name, last_time=at(60))) == 2

    def test_a_series_whose_past_was_never_seen_counts_once_if_it_occurred_since(self) -> None:
        """It goes on: at least its latest occurrence is new."""
        goes_on = series(17, 10, name=named_at(-900), first_time=at(-900), last_time=at(5))
        assert observing().changed(goes_on) == 1

    def test_a_single_occurrence_counts_even_if_it_is_dated_before_the_start(self) -> None:
        """It was not in the first list, so it is new, whatever its reporter's clock says."""
        assert observing().changed(legacy(1, 10, name=named_at(-3), first_time=at(-3))) == 1

    def test_the_names_nanoseconds_decide_within_a_second(self) -> None:
        """A first occurrence in the very second of the start is after it by its name."""
        born = legacy(3, 10, name=named_at(0.4), first_time="2027-01-15T08:00:00Z")
        assert observing().changed(born) == 3

    @pytest.mark.parametrize("first_time", [at(10), ""], ids=["stamp", "no-time"])
    def test_without_a_time_in_the_name_the_stamp_decides(self, first_time: str) -> None:
        """Names without a time leave firstTimestamp or eventTime; no time at all is long ago."""
        event = legacy(5, 10, name="6c1ab8a4-9d3c-4f0e-8d55-0a3f2a9d1c11", first_time=first_time)
        assert observing().changed(event) == (5 if first_time else 1)


class TestKnownName:
    def test_a_repeat_counts_the_difference(self) -> None:
        """MODIFIED carries the count from the beginning: what is new is the difference."""
        ledger = observing()
        assert [ledger.changed(legacy(n, 10 + n)) for n in (1, 2, 3)] == [1, 1, 1]

    def test_a_jump_counts_all_it_jumps(self) -> None:
        """Between two tokens of the spam filter a count moves on by many."""
        ledger = observing()
        assert [ledger.changed(legacy(1, 10)), ledger.changed(legacy(221, 11))] == [1, 220]

    def test_the_same_version_again_counts_nothing(self) -> None:
        """A duplicate frame is not an occurrence."""
        ledger = observing()
        ledger.changed(legacy(4, 10))
        assert ledger.changed(legacy(4, 10)) == 0

    def test_an_older_version_counts_nothing_and_changes_nothing(self) -> None:
        """A watch resumed at an older position shows old frames again."""
        ledger = observing()
        for count in (1, 2, 3):
            ledger.changed(legacy(count, 10 + count))
        assert [ledger.changed(legacy(n, 10 + n)) for n in (1, 2, 3)] == [0, 0, 0]
        assert ledger.changed(legacy(4, 14)) == 1

    def test_a_change_that_is_no_occurrence_counts_nothing(self) -> None:
        """A label can be patched: the count stays."""
        ledger = observing()
        ledger.changed(legacy(2, 10))
        assert ledger.changed(legacy(2, 11)) == 0

    def test_a_falling_count_is_a_correction(self) -> None:
        """A count that falls on the same object counts nothing, and is counted on from there."""
        ledger = observing()
        ledger.changed(legacy(6, 10))
        assert ledger.changed(legacy(4, 11)) == 0
        assert ledger.changed(legacy(5, 12)) == 1

    def test_no_count_is_one_occurrence(self) -> None:
        """An object of core/v1 with count 0 is one occurrence by being there."""
        ledger = observing()
        assert [ledger.changed(legacy(n, 10 + n)) for n in (0, 1, 2)] == [1, 0, 1]

    def test_versions_that_cannot_be_compared_are_not(self) -> None:
        """Where resourceVersion is no number the counts alone decide."""
        ledger = observing()
        assert [ledger.changed(legacy(n, 0)) for n in (1, 2, 2)] == [1, 1, 0]

    def test_the_same_name_in_another_namespace_is_another_event(self) -> None:
        """The key is namespace and name."""
        ledger = observing()
        ledger.changed(legacy(5, 10))
        assert ledger.changed(legacy(5, 11, namespace="batch")) == 5

    def test_no_namespace_and_name_run_together(self) -> None:
        """Where namespace and name meet, the split is part of the key."""
        ledger = observing()
        ledger.changed(legacy(1, 10, namespace="a", name="b-c"))
        assert ledger.changed(legacy(1, 11, namespace="a-b", name="c")) == 1


class TestReturn:
    def test_a_return_carries_its_count_on(self) -> None:
        """client-go makes an expired event again: old name, new uid, running count."""
        ledger = observing()
        ledger.changed(legacy(16, 10))
        ledger.ended(legacy(16, 11), now=60.0)
        assert ledger.changed(legacy(25, 12, uid="u2")) == 9

    def test_a_return_by_the_new_recorder(self) -> None:
        """A series goes on under a new uid."""
        ledger = observing()
        ledger.changed(series(0, 10))
        ledger.ended(series(0, 11), now=60.0)
        assert ledger.changed(series(2, 12, uid="u2")) == 1

    def test_a_name_used_again_without_the_count_counts_anew(self) -> None:
        """Writers with fixed names delete and create: another uid whose count is not higher."""
        ledger = observing()
        ledger.changed(legacy(1, 10))
        assert ledger.changed(legacy(1, 11, uid="u2")) == 1
        assert ledger.changed(legacy(1, 12, uid="u3")) == 1

    def test_a_name_used_again_counts_all_that_it_shows(self) -> None:
        """What the new object says is all new if it says less than the old one."""
        ledger = observing()
        ledger.changed(legacy(9, 10))
        assert ledger.changed(legacy(4, 11, uid="u2")) == 4
        assert ledger.changed(legacy(6, 12, uid="u2")) == 2

    def test_an_ended_series_made_again_as_it_was_counts_nothing(self) -> None:
        """client-go ends a series with a PATCH; where that meets 404 the event is made again."""
        ledger = observing()
        for count in (0, 2, 7):
            ledger.changed(series(count, 10 + count))
        ledger.ended(series(7, 20), now=0.0)
        assert ledger.changed(series(7, 21, uid="u2")) == 0
        assert ledger.changed(series(9, 22, uid="u2")) == 2

    def test_a_series_made_again_with_less_is_another(self) -> None:
        """A lower count under another uid cannot be the same series."""
        ledger = observing()
        ledger.changed(series(7, 10))
        assert ledger.changed(series(2, 11, uid="u2")) == 2


class TestSeries:
    def test_the_first_series_shows_one_more(self) -> None:
        """From no series to count 2 it is one occurrence: the first was counted."""
        ledger = observing()
        assert [ledger.changed(series(n, 10 + n)) for n in (0, 2)] == [1, 1]

    def test_a_series_jumps_at_its_ticks(self) -> None:
        """Typical: nothing, 2 within seconds, silence, and one jump at a six-minute tick."""
        ledger = observing()
        assert [ledger.changed(series(n, 10 + n)) for n in (0, 2, 50)] == [1, 1, 48]

    def test_a_series_first_seen_at_2_counts_2(self) -> None:
        """An event that is born with its series brings its first occurrence along."""
        assert observing().changed(series(2, 10)) == 2

    def test_an_old_client_counts_its_series_from_1(self) -> None:
        """Up to client-go 0.25.12 the second occurrence is a series of 1."""
        ledger = observing()
        counted = [ledger.changed(series(n, 10 + n)) for n in (0, 1, 2, 5)]
        assert counted == [1, 1, 1, 3]

    def test_an_old_clients_series_first_seen_at_1_counts_2(self) -> None:
        """A series of 1 proves an old client: the first occurrence is not in it."""
        assert observing().changed(series(1, 10)) == 2

    def test_an_old_client_stays_one_after_a_return(self) -> None:
        """Expired and made again by the old client, its series still lacks the first occurrence."""
        ledger = observing()
        for count in (0, 1):
            ledger.changed(series(count, 10 + count))
        ledger.ended(series(1, 20), now=0.0)
        assert ledger.changed(series(4, 21, uid="u2")) == 3

    def test_a_series_known_by_nothing_but_its_count_is_taken_as_inclusive(self) -> None:
        """From 1.24 on servers show an old client's series from some N: one error at the most."""
        ledger = observing()
        assert [ledger.changed(series(n, 10 + n)) for n in (0, 7, 8)] == [1, 6, 1]

    def test_a_series_speaks_before_a_count(self) -> None:
        """core/v1 takes both on one object: the series is the younger."""
        assert observing().changed(legacy(9, 10, series_count=3)) == 3

    def test_counts_at_the_int32_limit_stay_in_bounds(self) -> None:
        """A count as high as the API takes spoils neither its own state nor its neighbours'."""
        ledger = observing()
        top = 2**31 - 1
        assert ledger.changed(series(1, 10)) == 2
        assert ledger.changed(series(top, 11)) == top - 2
        assert ledger.changed(series(top, 12)) == 0
        assert ledger.changed(legacy(1, 13, name="other")) == 1


class TestDeleted:
    def test_it_counts_nothing(self) -> None:
        """The TTL is not an occurrence, though the frame carries the whole object."""
        ledger = observing()
        ledger.changed(legacy(3, 10))
        ledger.ended(legacy(3, 11), now=0.0)
        assert ledger.changed(legacy(4, 12, uid="u2")) == 1

    def test_a_replayed_deletion_does_not_end_a_return(self) -> None:
        """An old DELETED frame says nothing about the object of today."""
        ledger = observing()
        ledger.changed(legacy(1, 10))
        ledger.ended(legacy(1, 11), now=0.0)
        ledger.changed(legacy(2, 12, uid="u2"))
        ledger.ended(legacy(1, 11), now=0.0)
        ledger.forget(10 * 7200.0)
        assert ledger.changed(legacy(3, 13, uid="u2")) == 1

    def test_frames_from_before_the_deletion_count_nothing(self) -> None:
        """A watch that resumes before a deletion shows the object's life again."""
        ledger = observing()
        for count in (1, 2):
            ledger.changed(legacy(count, 10 + count))
        ledger.ended(legacy(2, 13), now=0.0)
        assert [ledger.changed(legacy(n, 10 + n)) for n in (1, 2)] == [0, 0]

    def test_it_may_carry_the_last_version(self) -> None:
        """A deletion that is numbered like the object's last version ends it all the same."""
        ledger = observing()
        ledger.changed(legacy(1, 10))
        ledger.ended(legacy(1, 10), now=0.0)
        ledger.forget(10 * 7200.0)
        assert len(ledger) == 0

    def test_an_unknown_one_changes_nothing(self) -> None:
        """An event that was never seen leaves no trace by ending."""
        ledger = observing()
        ledger.ended(legacy(3, 11), now=0.0)
        assert len(ledger) == 0
