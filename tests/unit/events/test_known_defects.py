"""Ways in which other exporters miscount events, each shown not to be ours.

D9, D10, D13 and D14 of that list are about how counters are kept and how a process
watches; what a ledger can have of them is here too.
"""

from __future__ import annotations

from exporter.events import Ledger
from tests.unit.events.ledgers import RETENTION, observing, relist
from tests.unit.events.records import EPOCH, at, named_at, record

_BORN = {"name": named_at(5), "first_time": at(5), "last_time": at(5)}


def test_d1_a_restart_does_not_count_the_list() -> None:
    """Events that stand in the cluster when the process starts are no spike."""
    ledger = Ledger(retention=RETENTION, limit=1000)
    standing = [record(name=f"web.{n}", count=n, resource_version=n) for n in range(1, 50)]
    assert relist(ledger, standing) == []


def test_d2_a_resync_is_not_counted() -> None:
    """Objects delivered again unchanged are no occurrences, once or a hundred times."""
    ledger = observing()
    event = record(**_BORN, count=3, resource_version=7)
    assert [ledger.changed(event) for _ in range(100)] == [3, *[0] * 99]


def test_d3_repeats_are_not_invisible() -> None:
    """Updates count: a crash loop is one object and many occurrences."""
    ledger = observing()
    repeats = [record(**_BORN, count=n, resource_version=n) for n in range(1, 31)]
    assert sum(map(ledger.changed, repeats)) == 30


def test_d4_an_update_is_not_always_one() -> None:
    """A heartbeat of a series stands for all occurrences since the last."""
    ledger = observing()
    beats = [record(**_BORN, count=0, series_count=n, resource_version=5 + n) for n in (0, 2, 90)]
    assert [ledger.changed(beat) for beat in beats] == [1, 1, 88]


def test_d5_the_first_series_does_not_count_the_first_occurrence_again() -> None:
    """None, then a series of 2: two occurrences in all, not three."""
    ledger = observing()
    frames = [record(**_BORN, count=0, series_count=n, resource_version=5 + n) for n in (0, 2)]
    assert sum(map(ledger.changed, frames)) == 2


def test_d6_a_lower_count_never_takes_away() -> None:
    """A counter cannot fall: an object made again with a lower count adds what it shows."""
    ledger = observing()
    ledger.changed(record(**_BORN, count=9, resource_version=6))
    assert ledger.changed(record(**_BORN, count=2, resource_version=7, uid="u2")) == 2
    assert ledger.changed(record(**_BORN, count=1, resource_version=8, uid="u2")) == 0


def test_d7_an_added_event_with_a_count_is_not_one_nor_all() -> None:
    """A return after the TTL shows the running count: only its increase is new."""
    ledger = observing()
    ledger.changed(record(**_BORN, count=9, resource_version=6))
    ledger.ended(record(**_BORN, count=9, resource_version=7), now=0.0)
    assert ledger.changed(record(**_BORN, count=10, resource_version=8, uid="u2")) == 1


def test_d8_what_a_lost_watch_missed_is_found() -> None:
    """Between two watches lies a list, and it is compared, not skipped."""
    ledger = observing()
    ledger.changed(record(**_BORN, count=2, resource_version=6))
    found = relist(ledger, [record(**_BORN, count=40, resource_version=90)])
    assert [times for _, times in found] == [38]


def test_d9_the_end_of_an_event_does_not_end_its_count() -> None:
    """When the TTL takes the object, what was counted stays known."""
    ledger = observing()
    event = record(**_BORN, count=2, resource_version=6)
    ledger.changed(event)
    ledger.ended(record(**_BORN, count=2, resource_version=7), now=0.0)
    assert len(ledger) == 1


def test_d10_an_event_without_count_is_not_0() -> None:
    """The new recorder writes no count: its event is one occurrence all the same."""
    assert observing().changed(record(**_BORN, count=0, resource_version=6)) == 1


def test_d11_null_time_stamps_do_not_make_an_event_old() -> None:
    """Events of the new recorder have no lastTimestamp; whether they began late is known anyway."""
    born = record(name=named_at(5), first_time="", last_time="", count=0, series_count=4)
    assert observing().changed(born) == 4
    by_event_time = record(name="plain", first_time=at(5), last_time=at(5), count=4)
    assert observing().changed(by_event_time) == 4


def test_d12_the_same_name_in_two_namespaces_is_two_events() -> None:
    """An event is known by namespace and name."""
    ledger = observing()
    both = [record(**_BORN, count=3, resource_version=n, namespace=f"ns-{n}") for n in (6, 7)]
    assert [ledger.changed(event) for event in both] == [3, 3]


def test_d13_a_broken_list_does_not_end_the_counting() -> None:
    """A list that breaks is forgotten, and the next one finds the same."""
    ledger = observing()
    event = record(**_BORN, count=2, resource_version=6)
    for _ in range(3):
        ledger.begin_list(server_time=EPOCH)
        ledger.listed(event)
        ledger.abandon_list()
    assert [times for _, times in relist(ledger, [event])] == [2]


def test_d14_one_reason_does_not_hide_another_of_the_same_object() -> None:
    """Events of one object are counted each for itself."""
    ledger = observing()
    first, second = (record(name=f"web-0.{r}", reason=r, count=2) for r in ("Pulled", "Failed"))
    relist(ledger, [first, second])
    assert ledger.changed(record(name="web-0.Pulled", count=3, resource_version=8)) == 1
    assert ledger.changed(record(name="web-0.Failed", count=3, resource_version=9)) == 1
