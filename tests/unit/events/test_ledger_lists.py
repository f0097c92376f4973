"""The ledger and lists: a baseline, then differences, never a recount."""

from __future__ import annotations

import pytest

from exporter.events import EventRecord, Ledger
from tests.unit.events.ledgers import RETENTION, observing, relist
from tests.unit.events.records import EPOCH, at, named_at, record


def event(number: int, count: int, version: int, **changes: object) -> EventRecord:
    """One of several events, first occurring ``number`` seconds into the observation."""
    fields: dict[str, object] = {
        "name": named_at(number),
        "first_time": at(number),
        "last_time": at(number + version),
        "count": count,
        "resource_version": version,
    }
    return record(**{**fields, **changes})


class TestBaseline:
    def test_the_first_list_counts_nothing(self) -> None:
        """What happened before we looked is not new, whatever the counts say."""
        ledger = Ledger(retention=RETENTION, limit=10)
        assert relist(ledger, [event(1, 1, 5), event(2, 40, 6)]) == []

    def test_what_comes_after_is_counted_from_there(self) -> None:
        """An event of the baseline goes on at its count."""
        ledger = observing(event(-50, 40, 6))
        assert ledger.changed(event(-50, 43, 7)) == 3

    def test_an_empty_first_list_is_a_baseline(self) -> None:
        """After an empty first list, the next one is a difference."""
        ledger = observing()
        assert [n for _, n in relist(ledger, [event(1, 2, 5)])] == [2]

    def test_observation_starts_with_the_list_that_was_published(self) -> None:
        """A first list that broke was no look: what happens until the next one is baseline."""
        ledger = Ledger(retention=RETENTION, limit=10)
        ledger.begin_list(server_time=EPOCH)
        ledger.listed(event(1, 1, 5))
        ledger.abandon_list()
        assert relist(ledger, [event(1, 2, 6)], server_time=EPOCH + 60) == []
        assert ledger.since == EPOCH + 60

    def test_later_lists_do_not_move_the_start(self) -> None:
        """The start of observation is the first list's, however often we list."""
        ledger = observing()
        relist(ledger, [], server_time=EPOCH + 600)
        assert ledger.since == EPOCH


class TestRelist:
    def test_what_was_seen_counts_nothing(self) -> None:
        """A list of known versions shows nothing new."""
        ledger = observing(event(-9, 4, 5))
        ledger.changed(event(1, 2, 10))
        assert relist(ledger, [event(-9, 4, 5), event(1, 2, 10)]) == []

    def test_what_the_watch_missed_is_counted_once(self) -> None:
        """New events and repeats that only the list shows are counted, and then known."""
        ledger = observing(event(-9, 4, 5))
        items = [event(-9, 6, 20), event(1, 3, 21)]
        assert sorted(n for _, n in relist(ledger, items)) == [2, 3]
        assert relist(ledger, items) == []

    def test_missed_occurrences_come_oldest_first(self) -> None:
        """Pairs of events want the order of time; a list is sorted by name."""
        ledger = observing()
        late, early = event(30, 1, 21), event(5, 1, 20)
        assert [found for found, _ in relist(ledger, [late, early])] == [early, late]

    def test_a_return_that_happened_unseen(self) -> None:
        """Expired and made again while the watch was down: the running count tells what is new."""
        ledger = observing()
        ledger.changed(event(1, 4, 10))
        assert [n for _, n in relist(ledger, [event(1, 6, 30, uid="u2")])] == [2]

    def test_a_name_used_again_unseen(self) -> None:
        """Another uid with no higher count is a new object in a list, too."""
        ledger = observing()
        ledger.changed(event(1, 1, 10))
        assert [n for _, n in relist(ledger, [event(1, 1, 30, uid="u2")])] == [1]

    def test_what_is_missing_has_ended_and_is_remembered(self) -> None:
        """An event that expired unseen is known when it returns."""
        ledger = observing()
        ledger.changed(event(1, 4, 10))
        relist(ledger, [])
        assert ledger.changed(event(1, 5, 31, uid="u2")) == 1

    def test_what_is_missing_is_forgotten_in_the_end(self) -> None:
        """An end found by a list is an end: retention runs from there."""
        ledger = observing()
        ledger.changed(event(1, 1, 10))
        relist(ledger, [], now=60.0)
        ledger.forget(60.0 + RETENTION + 120.0)
        assert len(ledger) == 0

    def test_a_list_does_not_lengthen_an_end_that_was_known(self) -> None:
        """Retention runs from the deletion, not from each list that lacks the event."""
        ledger = observing()
        ledger.changed(event(1, 1, 10))
        ledger.ended(event(1, 1, 11), now=60.0)
        relist(ledger, [], now=RETENTION)
        ledger.forget(60.0 + RETENTION + 120.0)
        assert len(ledger) == 0

    def test_an_event_in_the_list_lives(self) -> None:
        """A return that the list shows, even at a version that was seen, is not forgotten."""
        ledger = observing()
        ledger.changed(event(1, 2, 10))
        relist(ledger, [], now=0.0)
        relist(ledger, [event(1, 2, 10)], now=60.0)
        ledger.forget(10 * RETENTION)
        assert len(ledger) == 1


class TestStreamedList:
    """A streamed list can go on to the changes of its own time before its end mark."""

    def test_an_event_shown_twice_is_counted_once(self) -> None:
        """Shown at 5 and then at 6, an event known at 4 has two new occurrences."""
        ledger = observing()
        ledger.changed(event(1, 4, 10))
        items = [event(1, 5, 20), event(1, 6, 21)]
        assert sum(n for _, n in relist(ledger, items)) == 2

    def test_a_new_event_shown_twice_is_counted_once(self) -> None:
        """The same for an event that only this list has shown."""
        ledger = observing()
        items = [event(1, 1, 20), event(1, 2, 21), event(1, 2, 21)]
        assert sum(n for _, n in relist(ledger, items)) == 2
        assert ledger.changed(event(1, 3, 22)) == 1


class TestAbandonedList:
    def test_it_changes_nothing(self) -> None:
        """Half a list is not published: neither its counts nor its gaps are believed."""
        ledger = observing()
        ledger.changed(event(1, 2, 10))
        ledger.begin_list(server_time=EPOCH)
        ledger.listed(event(1, 9, 20))
        ledger.listed(event(2, 7, 21))
        ledger.abandon_list()
        assert len(ledger) == 1
        assert sorted(n for _, n in relist(ledger, [event(1, 9, 20), event(2, 7, 21)])) == [7, 7]

    def test_a_new_list_drops_the_one_before(self) -> None:
        """A list that begins anew holds nothing of what was listed before."""
        ledger = observing()
        ledger.begin_list(server_time=EPOCH)
        ledger.listed(event(1, 9, 20))
        assert relist(ledger, [event(2, 1, 21)])[0][0].name == event(2, 1, 21).name
        assert len(ledger) == 1

    def test_an_item_outside_of_a_list_is_a_mistake(self) -> None:
        """Items come after the list's beginning."""
        with pytest.raises(RuntimeError, match="without begin_list"):
            observing().listed(event(1, 1, 1))

    def test_an_end_outside_of_a_list_is_a_mistake(self) -> None:
        """A list is published once."""
        with pytest.raises(RuntimeError, match="without begin_list"):
            observing().publish_list(1, 0.0)


class TestRestoredStore:
    """An etcd restored from a backup: resourceVersions start over below what we saw."""

    def test_events_in_the_list_go_on_at_their_new_versions(self) -> None:
        """The list's version is believed although it is lower, and so are later frames."""
        ledger = observing()
        ledger.changed(event(1, 5, 900))
        assert relist(ledger, [event(1, 3, 400)], version=450) == []
        assert ledger.changed(event(1, 4, 460)) == 1

    def test_events_that_the_backup_lacks_can_return(self) -> None:
        """A name that was last seen at a version of the lost time is not hidden by it."""
        ledger = observing()
        ledger.changed(event(1, 5, 900))
        relist(ledger, [], version=450)
        assert ledger.changed(event(1, 6, 470, uid="u2")) == 1

    def test_an_ended_event_that_the_backup_brings_back_is_not_counted_again(self) -> None:
        """What was counted before its deletion is not new when the backup has it still."""
        ledger = observing()
        ledger.changed(event(1, 5, 900))
        ledger.ended(event(1, 5, 910), now=0.0)
        assert relist(ledger, [event(1, 5, 400)], version=450) == []
        assert ledger.changed(event(1, 6, 470)) == 1
