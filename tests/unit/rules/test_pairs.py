"""Pairs by rules: which event opens, which closes, and from when to when."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.events.records import at, named_at, record
from tests.unit.rules.observing import observed, rules

_BOOK = """
families:
  kube_event_thing_seconds: {type: histogram, help: Time., labels: [namespace], buckets: [1, 5]}
  kube_event_why_seconds: {type: histogram, help: Time., labels: [namespace, why], buckets: [1]}
causes:
  whys: {each: true, rows: [{cause: a, pattern: 'A'}, {cause: b, pattern: 'B'}]}
lifecycles:
  first: {key: [$uid, $node], max_age: 1h}
  newest: {key: [$uid, $container], max_age: 1h, repeat: newest}
  cycle: {key: [$uid], max_age: 1h}
rules:
  - {id: r1, components: [c], reasons: [Open], opens: first}
  - id: r2
    components: [c]
    reasons: [Close]
    message: 'on (?P<node>\\S+)'
    closes: first
    outcome: ready
    samples:
      - {family: kube_event_thing_seconds, labels: {namespace: $namespace}, value: $elapsed}
  - {id: r3, components: [c], reasons: [Fail], closes: first, outcome: failed, optional: true}
  - {id: r4, components: [c], reasons: [Try], opens: newest}
  - id: r5
    components: [c]
    reasons: [Done]
    closes: newest
    samples:
      - {family: kube_event_thing_seconds, labels: {namespace: $namespace}, value: $elapsed}
      - {family: kube_event_why_seconds, labels: {namespace: $namespace, why: whys($message)},
         value: $elapsed}
  - id: r6
    components: [c]
    reasons: [Again]
    closes: cycle
    opens: cycle
    samples:
      - {family: kube_event_thing_seconds, labels: {namespace: $namespace}, value: $elapsed}
"""


class Told:
    """A rule book, and events in their order."""

    def __init__(self) -> None:
        self.book = rules(_BOOK)

    def __call__(
        self, reason: str, seconds: float, *, times: int = 1, **fields: object
    ) -> list[float | None]:
        """What an event that was last seen then adds to histograms."""
        event = record(
            component="c",
            reason=reason,
            **{"message": "on node-a", "last_time": at(seconds), "first_time": at(seconds)}
            | fields,
        )
        return [o.value for o in observed(self.book, event, times)]

    def state(self, lifecycle: str = "first") -> dict[str, object]:
        """Its numbers that are not 0."""
        pairs = self.book.lifecycles[lifecycle]
        numbers = {
            "open": len(pairs),
            "opened": pairs.opened,
            "repeated": pairs.repeated,
            "closed": pairs.closed,
            "unmatched": pairs.unmatched,
            "skewed": pairs.skewed,
            "abandoned": pairs.abandoned,
        }
        return {name: number for name, number in numbers.items() if number}


@pytest.fixture
def told() -> Told:
    return Told()


def test_opening_and_closing_meet_by_their_key(told: Told) -> None:
    """The key may be a field in one rule and a group of the message in the other."""
    assert told("Open", 1) == []
    assert told("Close", 4) == [3.0]
    assert told.state() == {"opened": 1, "closed": {"ready": 1}}


def test_another_key_does_not_close_it(told: Told) -> None:
    """A closing without its opening measures nothing, and is counted as unmatched."""
    told("Open", 1)
    assert told("Close", 4, message="on node-b") == []
    assert told("Close", 4, object_uid="another") == []
    assert told.state() == {"open": 1, "opened": 1, "unmatched": 2}


def test_an_ending_has_its_outcome(told: Told) -> None:
    """As the rule that closes says, `closed` where it does not."""
    told("Open", 1)
    told("Fail", 2)
    told("Try", 3)
    told("Done", 4)
    assert told.state() == {"opened": 1, "closed": {"failed": 1}}
    assert told.state("newest") == {"opened": 1, "closed": {"closed": 1}}


def test_an_optional_closing_may_find_nothing(told: Told) -> None:
    """That is not counted as unmatched."""
    told("Fail", 2)
    assert told.state() == {}


def test_a_new_event_opens_at_its_first_occurrence(told: Told) -> None:
    """It is shown with a count already: the pair began with the first of them."""
    told("Open", 9, times=4, count=4, first_time=at(2))
    assert told("Close", 10) == [8.0]


def test_a_pair_that_is_open_goes_on_as_it_began(told: Told) -> None:
    """A repeat of the opening changes nothing."""
    told("Open", 2)
    told("Open", 9, count=2, first_time=at(2))
    assert told.state()["repeated"] == 1
    assert told("Close", 10) == [8.0]


@pytest.mark.parametrize(
    "shown", [{"count": 3}, {"count": 0, "series_count": 3}, {"count": 1, "series_count": 3}]
)
def test_a_repeat_after_the_closing_opens_at_its_latest_occurrence(
    told: Told, shown: dict[str, int]
) -> None:
    """What it showed before belongs to the pair that is closed."""
    told("Open", 2, times=2, count=2)
    told("Close", 3)
    fields: dict[str, Any] = {"first_time": at(2), **shown}
    told("Open", 9, **fields)
    assert told("Close", 10) == [1.0]


def test_an_old_clients_repeat_does_too(told: Told) -> None:
    """Its series begins at 1 with the second occurrence: that is not the whole event."""
    told("Open", 2, count=0)
    told("Close", 3)
    told("Open", 9, first_time=at(2), count=0, series_count=1)
    assert told("Close", 10) == [1.0]


def test_an_old_clients_series_that_is_new_opens_at_its_first_occurrence(told: Told) -> None:
    """Both of its occurrences are new."""
    told("Open", 9, times=2, first_time=at(2), count=0, series_count=1)
    assert told("Close", 10) == [8.0]


def test_a_return_whose_past_is_unknown_opens_at_its_latest_occurrence(told: Told) -> None:
    """Of thirty occurrences only one is known to be new."""
    told("Open", 9, times=1, count=30, first_time=at(2))
    assert told("Close", 10) == [1.0]


def test_the_nanoseconds_of_the_name_are_the_opening(told: Told) -> None:
    """They are finer than the stamps, which are whole seconds."""
    told("Open", 2, name=named_at(2.25))
    (value,) = told("Close", 4, name=named_at(4.5))
    assert value == pytest.approx(2.25)


def test_of_the_newest_kind_the_latest_occurrence_of_the_latest_opening_counts(told: Told) -> None:
    """Whatever came before was cut off."""
    told("Try", 9, times=4, count=4, first_time=at(2))
    assert told("Done", 10, message="A")[0] == 1.0
    told("Try", 11)
    told("Try", 15, count=2, first_time=at(11))
    assert told("Done", 18, message="A")[0] == 3.0
    assert told.state("newest") == {"opened": 2, "repeated": 1, "closed": {"closed": 2}}


def test_a_container_is_a_key(told: Told) -> None:
    """Two containers of a pod are two pairs."""
    told("Try", 1)
    told("Try", 2, field_path="spec.initContainers{setup}")
    assert told("Done", 5, message="A")[0] == 4.0
    assert told("Done", 5, message="A", field_path="spec.initContainers{setup}")[0] == 3.0


def test_the_time_since_the_opening_can_have_several_labels(told: Told) -> None:
    """A table of which every row counts gives an observation for each."""
    told("Try", 1)
    event = record(component="c", reason="Done", message="A and B", last_time=at(3))
    found = observed(told.book, event)
    assert [(o.labels, o.value) for o in found] == [
        (("shop",), 2.0),
        (("shop", "a"), 2.0),
        (("shop", "b"), 2.0),
    ]


def test_an_event_can_end_a_pair_and_begin_the_next(told: Told) -> None:
    """It is closed before it is opened."""
    assert told("Again", 1) == []
    assert told("Again", 4) == [3.0]
    assert told("Again", 9) == [5.0]
    assert told.state("cycle") == {
        "open": 1,
        "opened": 3,
        "closed": {"closed": 2},
        "unmatched": 1,
    }


def test_such_an_event_begins_the_next_with_its_latest_occurrence(told: Told) -> None:
    """Each of its earlier ones was ended by the one after it."""
    told("Again", 9, times=5, count=5, first_time=at(1))
    assert told("Again", 10) == [1.0]


def test_huge_keys_take_little_room(told: Told) -> None:
    """What is longer than any name is told apart without being kept."""
    huge = "n" * 100_000
    for node in (huge + "a", huge + "b"):
        told("Open", 1, host=node)
    assert len(told.book.lifecycles["first"]) == 2
    assert told("Close", 3, message=f"on {huge}a") == [2.0]
    (key,) = told.book.lifecycles["first"]._open
    assert len(str(key)) < 1000


def test_a_key_may_be_no_unicode(told: Told) -> None:
    """A lone surrogate, as a JSON escape can bring one, in a text of any length."""
    node = "\ud800" * 300
    told("Open", 1, host=node)
    assert told("Close", 3, message=f"on {node}") == [2.0]
