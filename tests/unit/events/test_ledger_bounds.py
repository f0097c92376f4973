"""The ledger is finite: ended events are forgotten, and a full ledger drops its oldest."""

from __future__ import annotations

import pytest

from exporter.events import EventRecord, Ledger
from tests.unit.events.ledgers import RETENTION, observing, relist
from tests.unit.events.records import EPOCH, at, named_at, record


def event(first: float, last: float, count: int, version: int, *, uid: str = "u1") -> EventRecord:
    """An event that occurred from ``first`` to ``last``, seconds into the observation."""
    return record(
        name=named_at(first),
        first_time=at(first),
        last_time=at(last),
        count=count,
        resource_version=version,
        uid=uid,
    )


def reborn(ledger: Ledger, *, now: float, backwards: bool = False) -> Ledger:
    """What the next process makes of a ledger, as a checkpoint brings it."""
    entries = [(key, entry, False) for key, entry in ledger._live.items()]
    entries += [(key, entry, True) for key, entry in ledger._ended.items()]
    again = Ledger(retention=RETENTION, limit=ledger.limit)
    again.restore(
        entries[::-1] if backwards else entries,
        since=ledger.since,
        evicted_up_to=ledger.evicted_up_to,
        clock=ledger.clock,
        now=now,
    )
    return again


class TestRetention:
    @pytest.mark.parametrize("start", [0.0, 1.0, 59.0, 86_400.0])
    def test_an_ended_event_is_remembered_for_the_retention(self, start: float) -> None:
        """Up to the retention after its end a return is known, from any start of the clock."""
        ledger = observing()
        ledger.changed(event(1, 1, 1, 10))
        ledger.ended(event(1, 1, 1, 11), now=start)
        ledger.forget(start + RETENTION)
        assert ledger.changed(event(1, 7000, 2, 12, uid="u2")) == 1

    @pytest.mark.parametrize("start", [0.0, 1.0, 59.0, 86_400.0])
    def test_then_it_is_forgotten(self, start: float) -> None:
        """Two minutes past the retention at the latest its entry is gone."""
        ledger = observing()
        ledger.changed(event(1, 1, 1, 10))
        ledger.ended(event(1, 1, 1, 11), now=start)
        ledger.forget(start + RETENTION + 120.0)
        assert len(ledger) == 0

    def test_the_end_of_others_forgets_it(self) -> None:
        """No timer is needed: as long as events end, the forgotten ones go."""
        ledger = observing()
        ledger.changed(event(1, 1, 1, 10))
        ledger.ended(event(1, 1, 1, 11), now=0.0)
        ledger.changed(event(2, 2, 1, 12))
        ledger.ended(event(2, 2, 1, 13), now=3 * RETENTION)
        assert len(ledger) == 1

    def test_a_live_event_is_never_forgotten(self) -> None:
        """Only ended events have a lifetime."""
        ledger = observing(event(-9, -9, 1, 5))
        ledger.changed(event(1, 1, 1, 10))
        ledger.forget(100 * RETENTION)
        assert len(ledger) == 2

    def test_a_returned_event_is_never_forgotten(self) -> None:
        """A return ends its end."""
        ledger = observing()
        ledger.changed(event(1, 1, 1, 10))
        ledger.ended(event(1, 1, 1, 11), now=0.0)
        ledger.changed(event(1, 99, 2, 12, uid="u2"))
        ledger.forget(100 * RETENTION)
        assert ledger.changed(event(1, 200, 3, 13, uid="u2")) == 1

    def test_its_retention_begins_anew_with_its_second_end(self) -> None:
        """What returned and ended again is remembered from the second end on."""
        ledger = observing()
        ledger.changed(event(1, 1, 1, 10))
        ledger.ended(event(1, 1, 1, 11), now=0.0)
        ledger.changed(event(1, 99, 2, 12, uid="u2"))
        ledger.ended(event(1, 99, 2, 13, uid="u2"), now=RETENTION)
        ledger.forget(RETENTION + 120.0)
        assert len(ledger) == 1

    def test_a_return_after_it_was_forgotten_counts_once(self) -> None:
        """A probe that fails every few hours returns with its whole past in its count.

        That past was counted, and the entry that knew it is gone: what the returned
        object shows beyond one occurrence must not be counted a second time.
        """
        ledger = observing()
        ledger.changed(event(10, 10, 1, 10))
        ledger.ended(event(10, 10, 1, 11), now=3_610.0)
        ledger.forget(14_400.0)
        assert ledger.changed(event(10, 14_410, 2, 12, uid="u2")) == 1

    def test_a_long_filtered_event_within_the_retention_counts_in_full(self) -> None:
        """What cannot have been forgotten was never seen: all of it is new."""
        assert observing().changed(event(10, 7_000, 26, 12)) == 26


class TestRestarts:
    def test_an_ended_event_is_forgotten_however_often_the_process_dies(self) -> None:
        """Each new process goes on with the ends as they were told, not with ends of its own: else
        one that is killed every hour would never forget.
        """
        kept = observing()
        for life in range(5):
            kept.changed(event(life, life, 1, 10 * life + 1))
            kept.ended(event(life, life, 1, 10 * life + 2), now=0.0)
            kept.forget(RETENTION / 2)
            kept = reborn(kept, now=0.0)  # on a clock that begins anew
        assert len(kept) == 2

    @pytest.mark.parametrize("now", [0.0, 59.0, 1e6])
    def test_a_restart_makes_nobody_forget_early(self, now: float) -> None:
        """Whatever the clock of the new process shows, the retention is kept."""
        ledger = observing()
        ledger.changed(event(1, 1, 1, 10))
        ledger.ended(event(1, 1, 1, 11), now=86_400.0)
        ledger = reborn(ledger, now=now)
        ledger.forget(now + RETENTION)
        assert ledger.changed(event(1, 7000, 2, 12, uid="u2")) == 1

    def test_what_ended_first_is_forgotten_first(self) -> None:
        """In whatever order the entries are read."""
        ledger = observing()
        for number in (1, 2, 3):
            ledger.changed(event(number, number, 1, 10 + number))
            ledger.ended(event(number, number, 1, 20 + number), now=3000.0 * number)
        ledger = reborn(ledger, now=0.0, backwards=True)
        ledger.forget(RETENTION - 5000.0)
        assert len(ledger) == 2


class TestLimit:
    def test_a_full_ledger_drops_its_oldest_and_says_so(self) -> None:
        """The limit holds, and what was dropped for it is counted."""
        ledger = observing(limit=64)
        for number in range(100):
            ledger.changed(event(number, number, 1, 10 + number))
        assert len(ledger) == 64
        assert ledger.evicted == 36

    def test_a_list_over_the_limit_is_cut_to_it(self) -> None:
        """A first list of more events than the limit does not break it."""
        ledger = observing(*(event(-n, -n, 1, n) for n in range(1, 101)), limit=64)
        assert len(ledger) == 64
        assert ledger.evicted == 36

    def test_a_repeat_of_a_dropped_event_counts_low_never_high(self) -> None:
        """What was dropped may have been counted: its next version counts one, not its count."""
        ledger = observing(limit=1)
        ledger.changed(event(1, 1, 40, 10))
        ledger.changed(event(2, 2, 1, 11))
        assert ledger.changed(event(1, 3, 41, 12)) == 1

    def test_a_repeat_of_an_event_dropped_from_a_list_counts_low_never_high(self) -> None:
        """The same for what a list over the limit lost."""
        ledger = observing(limit=2)
        items = [event(n, n, 5, 10 + n) for n in range(1, 5)]
        relist(ledger, items, server_time=EPOCH + 60)
        assert all(ledger.changed(event(n, 90, 6, 20 + n)) <= 1 for n in range(1, 5))

    def test_a_relist_does_not_count_dropped_events_again(self) -> None:
        """A relist over the limit finds events that were counted and dropped: they are not new."""
        ledger = observing(limit=2)
        items = [event(n, n, 1, 10 + n) for n in range(1, 5)]
        for item in items:
            ledger.changed(item)
        assert relist(ledger, items, server_time=EPOCH + 60) == []

    def test_what_begins_after_the_drop_counts_in_full(self) -> None:
        """Later events cannot have been dropped."""
        ledger = observing(limit=1)
        ledger.changed(event(1, 1, 1, 10))
        ledger.changed(event(2, 2, 1, 11))
        assert ledger.changed(event(3, 4, 12, 12)) == 12


class TestChanges:
    def test_what_nobody_takes_does_not_pile_up(self) -> None:
        """Without a scraper no checkpoint is written, for weeks: what waits for one is no more
        than all there is.
        """
        ledger = observing()
        ledger.keep_changes()
        for number in range(2000):
            ledger.changed(event(number, number, 1, 2 * number + 1))
            ledger.ended(event(number, number, 1, 2 * number + 2), now=100.0 * number)
        assert len(ledger) < 100
        assert len(ledger._changed or ()) < 200

    def test_then_all_there_is_is_told(self) -> None:
        """Whoever takes them at last is told of all entries, and after that of changes alone."""
        ledger = observing()
        ledger.keep_changes()
        for number in range(2000):
            ledger.changed(event(number, number, 1, 2 * number + 1))
            ledger.ended(event(number, number, 1, 2 * number + 2), now=100.0 * number)
        changes = ledger.take_changes()
        assert changes.whole
        assert changes.entries == {key: ~entry for key, entry in ledger._ended.items()}
        ledger.changed(event(5000, 5000, 1, 9000))
        changes = ledger.take_changes()
        assert (changes.whole, len(changes.entries)) == (False, 1)


class TestRoom:
    def test_what_has_ended_makes_room_before_what_lives(self) -> None:
        """Also after a relist: an ended event may return, a live one surely repeats."""
        living = [event(n, n, 5, 100 + n, uid=f"u{n}") for n in range(1, 21)]
        ledger = observing(*living, limit=64)
        for number in range(100, 140):
            ledger.changed(event(number, number, 1, 1000 + number))
            ledger.ended(event(number, number, 1, 2000 + number), now=0.0)
        relist(ledger, living, version=3000)
        for number in range(200, 210):
            ledger.changed(event(number, number, 1, 4000 + number))
        assert ledger.evicted > 0
        again = [ledger.changed(event(n, 300, 9, 5000 + n, uid=f"u{n}")) for n in range(1, 21)]
        assert again == [4] * 20

    def test_many_ends_are_bounded_too(self) -> None:
        """All that is kept of events that came and went fits the limit."""
        ledger = observing(limit=100)
        for number in range(1, 5000):
            ledger.changed(event(number, number, 1, number))
            ledger.ended(event(number, number, 1, number + 1), now=float(number) / 100)
        assert len(ledger) <= 100
        assert len(ledger._live) + len(ledger._ended) == len(ledger)

    def test_a_stamp_from_the_future_does_not_make_the_rest_look_old(self) -> None:
        """One reporter with a wrong clock must not turn every new event into a return."""
        ledger = observing(limit=10)
        for number in range(1, 12):
            ledger.changed(
                record(
                    name=named_at(number), last_time="9999-01-01T00:00:00Z", resource_version=number
                )
            )
        assert ledger.evicted > 0
        ledger.forget(1000.0)
        assert ledger.changed(event(2000, 2001, 7, 100)) == 7


class TestUnlisted:
    def test_what_was_deleted_while_it_was_listed_counts_and_has_ended(self) -> None:
        """A streamed list goes on to the changes of its own time."""
        ledger = observing(event(-9, -9, 1, 5))
        ledger.begin_list(server_time=EPOCH + 100)
        ledger.listed(event(-9, -9, 1, 5))
        ledger.listed(event(50, 50, 2, 20))
        ledger.unlisted(event(50, 50, 2, 21))
        [(_, times)] = ledger.publish_list(30, 0.0)
        assert times == 2
        ledger.forget(RETENTION + 120.0)
        assert len(ledger) == 1

    def test_what_is_listed_again_lives(self) -> None:
        """The last word of the list counts."""
        ledger = observing()
        ledger.begin_list(server_time=EPOCH + 100)
        ledger.listed(event(50, 50, 1, 20))
        ledger.unlisted(event(50, 50, 1, 21))
        ledger.listed(event(50, 60, 2, 22, uid="u2"))
        ledger.publish_list(30, 0.0)
        ledger.forget(100 * RETENTION)
        assert len(ledger) == 1

    def test_it_needs_a_list(self) -> None:
        """Outside a list a deletion is told by ``ended``."""
        with pytest.raises(RuntimeError, match="without begin_list"):
            observing().unlisted(event(1, 1, 1, 1))
