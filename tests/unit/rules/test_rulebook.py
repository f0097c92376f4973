"""The rule book: look-up, the first rule that matches, expressions, lifecycles."""

from __future__ import annotations

from tests.unit.events.records import at, record
from tests.unit.rules.observing import observe, observed, rules, sums

_BOOK = """
families:
  kube_event_things_total: {type: counter, help: Things., labels: [namespace, thing]}
  kube_event_thing_seconds: {type: histogram, help: Time., labels: [namespace], buckets: [1, 5]}
causes:
  why:
    - {cause: first, pattern: 'one'}
    - {cause: second, pattern: 'one|two'}
lifecycles:
  thing: {key: [$uid, $node], max_age_seconds: 60}
rules:
  - id: quiet
    components: [c]
    reasons: [R]
    message: '^hush'
  - id: named
    components: [c]
    reasons: [R, S]
    kinds: [Pod, Node]
    message: '^thing (?P<what>\\w+)(?: took (?P<time>\\S+))?'
    samples:
      - {family: kube_event_things_total, labels: {namespace: $namespace, thing: $what}}
      - {family: kube_event_thing_seconds, labels: {namespace: $namespace}, value: duration($time)}
  - id: rest
    components: [c]
    reasons: [R]
    samples:
      - {family: kube_event_things_total, labels: {namespace: fixed, thing: why($name)}}
  - id: opening
    components: [c]
    reasons: [Open]
    opens: thing
  - id: closing
    components: [c]
    reasons: [Close]
    message: 'on (?P<node>\\S+)'
    closes: thing
    samples:
      - {family: kube_event_thing_seconds, labels: {namespace: $namespace}, value: $elapsed}
"""


class TestDispatch:
    def test_component_kind_and_reason_decide(self) -> None:
        """A rule is for its events only: the same reason of others is not looked at."""
        book = rules(_BOOK)
        assert len(observe(book, component="c", reason="R")) == 1
        assert observe(book, component="d", reason="R") == []
        assert observe(book, component="c", kind="Node", reason="R", message="x") == []
        assert observe(book, component="c", reason="T") == []

    def test_the_first_rule_that_matches_is_the_only_one(self) -> None:
        """A rule without samples hides what comes behind it."""
        book = rules(_BOOK)
        assert observe(book, component="c", reason="R", message="hush") == []
        found = observe(book, component="c", reason="R", message="thing x")
        assert [o.labels for o in found] == [("shop", "x")]

    def test_the_aggregates_prefix_is_no_part_of_the_message(self) -> None:
        """Patterns see the message that the tenth similar event had."""
        message = "(combined from similar events): thing x"
        (found,) = observe(rules(_BOOK), component="c", reason="S", message=message)
        assert found.labels == ("shop", "x")

    def test_a_message_of_many_lines_matches(self) -> None:
        """Messages hold line breaks."""
        message = "thing x took 2s\nand more\n"
        found = sums(observe(rules(_BOOK), component="c", reason="S", message=message))
        assert found["kube_event_thing_seconds"] == (("shop",), 2.0)


class TestExpressions:
    def test_a_group_that_took_no_part_is_empty(self) -> None:
        """An optional group without text gives no value, and so no observation."""
        found = observe(rules(_BOOK), component="c", reason="S", message="thing x")
        assert [o.family for o in found] == ["kube_event_things_total"]

    def test_a_value_that_is_no_number_is_passed_over(self) -> None:
        """The counter beside it counts all the same."""
        found = observe(rules(_BOOK), component="c", reason="S", message="thing x took ages")
        assert [o.family for o in found] == ["kube_event_things_total"]

    def test_the_first_cause_that_is_found_names_it(self) -> None:
        """A table is read from its top; what no row finds is other."""
        book = rules(_BOOK)
        causes = [
            observe(book, component="c", reason="R", message="", object_name=name)[0].labels[1]
            for name in ("all-in-one", "two", "three")
        ]
        assert causes == ["first", "second", "other"]

    def test_plain_text_is_itself(self) -> None:
        """A label that is no expression has its value written in the rule."""
        (found,) = observe(rules(_BOOK), component="c", reason="R", message="")
        assert found.labels[0] == "fixed"


class TestLifecycles:
    def test_opening_and_closing_meet_by_their_key(self) -> None:
        """The key may be a field in one rule and a group of the message in the other."""
        book = rules(_BOOK)
        opening = record(component="c", reason="Open", host="node-a", last_time=at(1))
        closing = record(component="c", reason="Close", message="on node-a", last_time=at(4))
        assert observed(book, opening) == []
        (found,) = observed(book, closing)
        assert found.value == 3.0

    def test_another_key_does_not_close_it(self) -> None:
        """A closing without its opening measures nothing, and is counted as unmatched."""
        book = rules(_BOOK)
        observed(book, record(component="c", reason="Open", host="node-a"))
        assert observed(book, record(component="c", reason="Close", message="on node-b")) == []
        assert book.lifecycles["thing"].unmatched == 1
