"""What a first list leaves open: in any order, and nothing of it is counted."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import pytest

from exporter.events import EventRecord
from exporter.rules.lifecycles import Lifecycle
from exporter.rules.loading import load
from exporter.rules.priming import Priming, _Seen
from exporter.rules.rulebook import RuleBook
from tests.unit.events.records import EPOCH, at, named_at, record
from tests.unit.metrics.house import Clock
from tests.unit.rules.observing import observed, rules

_BOOK = """
families:
  kube_event_thing_seconds: {type: histogram, help: Time., labels: [], buckets: [1, 5]}
lifecycles:
  first: {key: [$uid], max_age: 1h}
  newest: {key: [$uid], max_age: 1h, repeat: newest}
  cycle: {key: [$uid], max_age: 1h}
rules:
  - {id: r1, components: [c], reasons: [Open], opens: first}
  - id: r2
    components: [c]
    reasons: [Close]
    closes: first
    samples: [{family: kube_event_thing_seconds, labels: {}, value: $elapsed}]
  - {id: r3, components: [c], reasons: [Try], opens: newest}
  - {id: r4, components: [c], reasons: [Done], closes: newest}
  - {id: r5, components: [c], reasons: [Again], closes: cycle, opens: cycle}
"""


@pytest.fixture
def book() -> RuleBook:
    return rules(_BOOK)


def event(reason: str, first: float, last: float | None = None, uid: str = "u") -> EventRecord:
    """One about the object of that uid, with a count if it was seen more than once."""
    return record(
        component="c",
        reason=reason,
        object_uid=uid,
        first_time=at(first),
        last_time=at(first if last is None else last),
        count=1 if last is None else 5,
    )


def listed(book: RuleBook, events: Iterable[EventRecord]) -> None:
    """A whole first list."""
    priming = Priming(book)
    for each in events:
        priming.listed(each)
    priming.publish()


def open_since(lifecycle: Lifecycle) -> dict[str, float]:
    """Uids, and the seconds after the tests' moment since which they are open."""
    return {str(uid): since - EPOCH for uid, (since, *_) in lifecycle._open.items()}


@pytest.mark.parametrize(
    ("events", "since"),
    [
        pytest.param([("Open", 1)], 1, id="an opening"),
        pytest.param([("Open", 1), ("Close", 3)], None, id="closed since"),
        pytest.param([("Open", 1), ("Close", 1)], None, id="closed in the same second"),
        pytest.param([("Open", 5), ("Close", 3)], 5, id="closed before"),
        pytest.param([("Open", 1, 9)], 1, id="a repeat: since its first occurrence"),
        pytest.param([("Open", 1, 9), ("Close", 5)], 9, id="a repeat after the closing"),
        pytest.param([("Open", 1, 9), ("Close", 9)], None, id="a repeat, then the closing"),
        pytest.param([("Open", 1, 9), ("Close", 2, 10)], None, id="a closing that repeats"),
        pytest.param([("Open", 1, 9), ("Close", 2, 5)], 9, id="repeats of both"),
        pytest.param([("Open", 1), ("Open", 4), ("Open", 6)], 1, id="three openings"),
        pytest.param([("Open", 1), ("Close", 2), ("Open", 4), ("Open", 6)], 4, id="opened anew"),
        pytest.param([("Open", 1), ("Close", 5), ("Close", 2)], None, id="two closings"),
        pytest.param([("Close", 5)], None, id="a closing alone"),
    ],
)
def test_what_was_not_closed_since_is_open(
    book: RuleBook, events: list[tuple[str, float, float]], since: float | None
) -> None:
    """Lists come in the order of names, so in any order of time."""
    for order in itertools.permutations(events):
        again = rules(_BOOK)
        listed(again, [event(*each) for each in order])
        expected = {} if since is None else {"u": since}
        assert open_since(again.lifecycles["first"]) == expected


@pytest.mark.parametrize(
    ("events", "since"),
    [
        ([("Try", 1), ("Try", 4)], 4),
        ([("Try", 1, 9)], 9),
        ([("Try", 1, 9), ("Done", 5), ("Try", 7)], 9),
        ([("Try", 4), ("Done", 5)], None),
    ],
)
def test_of_the_newest_kind_the_latest_opening_counts(
    events: list[tuple[str, float, float]], since: float | None
) -> None:
    """At its latest occurrence."""
    for order in itertools.permutations(events):
        book = rules(_BOOK)
        listed(book, [event(*each) for each in order])
        assert open_since(book.lifecycles["newest"]) == ({} if since is None else {"u": since})


@pytest.mark.parametrize(
    ("events", "since"),
    [([("Again", 1)], 1), ([("Again", 1, 9)], 9), ([("Again", 1), ("Again", 4)], 4)],
)
def test_what_ends_a_pair_and_begins_the_next_leaves_one_open(
    book: RuleBook, events: list[tuple[str, float, float]], since: float
) -> None:
    """The latest of them has no end yet."""
    listed(book, [event(*each) for each in events])
    assert open_since(book.lifecycles["cycle"]) == {"u": since}


def test_objects_are_told_apart(book: RuleBook) -> None:
    """Each by its key."""
    listed(book, [event("Open", 1, uid="a"), event("Open", 2, uid="b"), event("Close", 3, uid="a")])
    assert open_since(book.lifecycles["first"]) == {"b": 2}


def test_nothing_is_counted(book: RuleBook) -> None:
    """What happened before we looked is not news; its end is."""
    listed(book, [event("Open", 1, 5), event("Close", 0.5), event("Done", 1), event("Try", 2)])
    for lifecycle in book.lifecycles.values():
        assert (lifecycle.opened, lifecycle.repeated, lifecycle.closed) == (0, 0, {})
        assert (lifecycle.unmatched, lifecycle.abandoned, lifecycle.skewed) == (0, 0, 0)
    (found,) = observed(book, event("Close", 8))
    assert found.value == 7.0


def test_the_nanoseconds_of_the_name_count(book: RuleBook) -> None:
    """An opening and a closing of one second are told apart where names say more."""
    opening = record(
        component="c",
        reason="Open",
        object_uid="u",
        name=named_at(1.75),
        first_time=at(1),
        last_time=at(1),
    )
    listed(book, [opening, event("Close", 1.5)])
    assert open_since(book.lifecycles["first"]) == pytest.approx({"u": 1.75})


def test_an_opening_without_a_time_is_passed_over(book: RuleBook) -> None:
    """Nothing could be measured from it."""
    listed(book, [record(component="c", reason="Open", first_time="", last_time="")])
    assert len(book.lifecycles["first"]) == 0


def test_an_abandoned_list_opens_nothing(book: RuleBook) -> None:
    """Half a list may lack the closings; the next one begins from nothing."""
    priming = Priming(book)
    priming.listed(event("Open", 1, uid="a"))
    priming.abandon()
    priming.listed(event("Open", 2, uid="b"))
    priming.publish()
    assert open_since(book.lifecycles["first"]) == {"b": 2}


def test_a_list_is_published_once(book: RuleBook) -> None:
    """What it said is forgotten then."""
    priming = Priming(book)
    priming.listed(event("Open", 1))
    priming.publish()
    observed(book, event("Close", 2))
    priming.publish()
    assert len(book.lifecycles["first"]) == 0


def test_scopes_have_lists_of_their_own(book: RuleBook) -> None:
    """A list that breaks takes nothing of another scope's with it."""
    here, there = Priming(book), Priming(book)
    here.listed(event("Open", 1, uid="a"))
    there.listed(event("Open", 2, uid="b"))
    there.abandon()
    here.publish()
    there.publish()
    assert open_since(book.lifecycles["first"]) == {"a": 1}


def test_what_a_watch_has_opened_stays(book: RuleBook) -> None:
    """A scope that is listed later knows less of it than the watch that saw it."""
    observed(book, event("Open", 4))
    observed(book, event("Try", 4))
    listed(book, [event("Open", 1), event("Try", 1)])
    assert open_since(book.lifecycles["first"]) == {"u": 4}
    assert open_since(book.lifecycles["newest"]) == {"u": 4}


def test_where_there_is_no_room_the_youngest_are_open() -> None:
    """Those that have a chance to be closed in time; what a watch saw begin stays."""
    book = rules(_BOOK)
    lifecycle = Lifecycle(3600, Clock(), max_open=3)
    book.lifecycles = {"first": lifecycle}
    observed(book, event("Open", 0.5, uid="seen"))
    listed(book, [event("Open", second, uid=f"u{second}") for second in (4, 1, 5, 2, 3)])
    assert open_since(lifecycle) == {"seen": 0.5, "u4": 4, "u5": 5}
    assert lifecycle.abandoned == 0
    listed(book, [event("Open", 9, uid="more")])
    assert len(lifecycle) == 3


def test_a_list_without_end_takes_bounded_room() -> None:
    """Who may create events can open one pair, or all there are, as often as they like."""
    seen = _Seen()
    for number in range(60_000):
        seen.opening(("one",), {number + 1.0, number + 1.5})
        seen.closing((str(number),), 1.0, restarts=True)
    seen.opening(("two",), {1.0})
    assert sum(map(len, seen._openings.values())) == 100_000
    assert len(seen._closings) == len(seen._restarts) == 50_000


def test_a_known_key_is_heard_when_there_is_no_room_for_more() -> None:
    """Its latest closing counts all the same."""
    lifecycle, seen = Lifecycle(3600, Clock()), _Seen()
    seen.opening(("0",), {5.0})
    for number in range(50_000):
        seen.closing((str(number),), 1.0, restarts=False)
    seen.closing(("0",), 9.0, restarts=False)
    seen.open(lifecycle)
    assert len(lifecycle) == 0


def test_other_events_are_not_read() -> None:
    """Patterns are looked at for events only that can open or close something."""
    book = load([("f", "rules: [{id: r1, components: [c], reasons: [R]}]")], lambda: 0.0)
    priming = Priming(book)
    priming.listed(event("R", 1))
    priming.listed(event("X", 1))
    assert priming._seen == {}


def test_what_has_repeated_for_long_is_open_since_it_began(book: RuleBook) -> None:
    """Its first occurrence may be older than a pair may be silent: it was told of since."""
    listed(book, [event("Open", 0, 50_000)])
    assert [o.value for o in observed(book, event("Close", 51_000))] == [51_000.0]


def test_a_lifecycle_may_begin_in_no_list() -> None:
    """Where an opening need not be the first, those before it may have expired."""
    book = rules(_BOOK.replace("first: {key: [$uid]", "first: {prime: false, key: [$uid]"))
    listed(book, [event("Open", 0)])
    assert len(book.lifecycles["first"]) == 0
