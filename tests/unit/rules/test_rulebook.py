"""The rule book: look-up, the first rule that matches in each file, readings."""

from __future__ import annotations

import pytest

from exporter.rules.loading import load
from tests.unit.events.records import record
from tests.unit.rules.observing import observe, rules, sums

_BOOK = """
families:
  kube_event_things_total: {type: counter, help: Things., labels: [namespace, thing]}
  kube_event_thing_seconds: {type: histogram, help: Time., labels: [namespace], buckets: [1, 5]}
causes:
  why:
    - {cause: first, pattern: 'one'}
    - {cause: second, pattern: 'one|two'}
  whys:
    each: true
    rows:
      - {cause: cpu, pattern: 'cpu'}
      - {cause: memory, pattern: 'memory'}
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
  - id: several
    components: [c]
    reasons: [Several]
    samples:
      - {family: kube_event_things_total, labels: {namespace: $namespace, thing: whys($message)}}
      - {family: kube_event_things_total, labels: {thing: whys($message), namespace: $container}}
  - id: starred
    components: ['c-*', '*-c']
    reasons: ['OutOf*']
    kinds: ['*']
    types: [Warning]
    samples:
      - {family: kube_event_things_total, labels: {namespace: a, thing: starred}}
"""


class TestDispatch:
    def test_component_kind_and_reason_decide(self) -> None:
        """A rule is for its events only: the same reason of others is not looked at."""
        book = rules(_BOOK)
        assert len(observe(book, component="c", reason="R")) == 1
        assert observe(book, component="d", reason="R") == []
        assert observe(book, component="c", kind="Node", reason="R", message="x") == []
        assert observe(book, component="c", reason="T") == []

    def test_the_type_decides_where_the_rule_says_so(self) -> None:
        """A rule for warnings passes over what is normal, and types of somebody's own."""
        book = rules(_BOOK)
        for type_, found in (("Warning", 1), ("Normal", 0), ("Error", 0), ("", 0)):
            assert len(observe(book, component="c-1", reason="OutOfcpu", type=type_)) == found

    @pytest.mark.parametrize(
        ("component", "kind", "reason", "found"),
        [
            ("c-driver 0123", "Pod", "OutOfcpu", 1),
            ("my-c", "Claim", "OutOf", 1),
            ("my-c-too", "Pod", "OutOfcpu", 0),
            ("c-1", "Pod", "Outside", 0),
            ("c", "Pod", "OutOfcpu", 0),
        ],
    )
    def test_a_star_stands_for_anything(
        self, component: str, kind: str, reason: str, found: int
    ) -> None:
        """In components, kinds and reasons, at the end where it stands."""
        book = rules(_BOOK)
        assert len(observe(book, component=component, kind=kind, reason=reason)) == found

    def test_the_first_rule_that_matches_is_the_only_one(self) -> None:
        """A rule without samples hides what comes behind it."""
        book = rules(_BOOK)
        assert observe(book, component="c", reason="R", message="hush") == []
        found = observe(book, component="c", reason="R", message="thing x")
        assert [o.labels for o in found] == [("shop", "x")]

    def test_a_rule_is_found_once(self) -> None:
        """Though its reasons name an event both exactly and with a star."""
        text = (
            "rules: [{id: r1, components: [c, '*'], reasons: [R, 'R*', '*R'], kinds: [Pod, '*']}]"
        )
        assert [len(file) for file in rules(text).rules_for("Normal", "c", "Pod", "R")] == [1]

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

    def test_a_pattern_is_found_anywhere_unless_it_is_anchored(self) -> None:
        """As the reference says."""
        text = """
rules:
  - {id: r1, components: [c], reasons: [R], message: 'b'}
  - {id: r2, components: [c], reasons: [R], message: '^c'}
"""
        book = rules(text)
        read = [
            [
                rule.id
                for rule, _ in book.match(
                    book.rules_for("Normal", "c", "Pod", "R"), record(message=message)
                )
            ]
            for message in ("abc", "cde", "xc", "")
        ]
        assert read == [["r1"], ["r2"], [], []]

    def test_huge_names_are_not_remembered(self) -> None:
        """Who may create events chooses reasons and components, and the API bounds neither."""
        book = rules(_BOOK)
        for number in range(100):
            reason = f"OutOf{number}" + "x" * 10_000
            assert len(observe(book, component="c-1", reason=reason)) == 1
        assert sum(len(text) for key in book._found for text in key) == 0


class TestSamples:
    def test_a_group_that_took_no_part_gives_no_value(self) -> None:
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

    def test_each_cause_is_an_observation(self) -> None:
        """In the label's place, the others as they are; other where none is found."""
        book = rules(_BOOK)
        message = "Insufficient memory, Insufficient cpu, Insufficient cpu"
        found = observe(book, component="c", reason="Several", message=message)
        assert [o.labels for o in found] == [
            ("shop", "cpu"),
            ("shop", "memory"),
            ("app", "cpu"),
            ("app", "memory"),
        ]
        found = observe(book, component="c", reason="Several", message="")
        assert [o.labels for o in found] == [("shop", "other"), ("app", "other")]

    def test_plain_text_is_itself(self) -> None:
        """A label that is no expression has its value written in the rule."""
        (found,) = observe(rules(_BOOK), component="c", reason="R", message="")
        assert found.labels[0] == "fixed"

    def test_labels_stand_in_the_order_of_the_family(self) -> None:
        """However the rule writes them."""
        text = _BOOK.replace(
            "labels: {namespace: a, thing: starred}", "labels: {thing: starred, namespace: a}"
        )
        (found,) = observe(rules(text), component="c-1", reason="OutOfcpu")
        assert found.labels == ("a", "starred")


class TestClosedLabelSets:
    """What alerts read at 0 before anything happened."""

    @staticmethod
    def closed(sample: str) -> list[tuple[str, tuple[str, ...]]]:
        text = f"""
families:
  kube_event_a_total: {{type: counter, help: A., labels: [x, y]}}
  kube_event_b_total: {{type: counter, help: B., labels: []}}
  kube_event_c: {{type: histogram, help: C., labels: [x], buckets: [1]}}
causes:
  why: [{{cause: one, pattern: a}}, {{cause: two, pattern: b}}, {{cause: one, pattern: c}}]
  whys: {{each: true, rows: [{{cause: one, pattern: a}}]}}
rules:
  - {{id: r1, components: [c], reasons: [R], samples: [{sample}]}}
"""
        return list(load([("f", text)], lambda: 0.0).closed_label_sets())

    def test_constants_and_tables_are_known(self) -> None:
        """Every combination of them, other included, each once."""
        found = self.closed("{family: kube_event_a_total, labels: {x: k, y: why($message)}}")
        assert found == [("kube_event_a_total", ("k", cause)) for cause in ("one", "two", "other")]

    def test_tables_multiply(self) -> None:
        """A table of which every row counts is known as well."""
        found = self.closed(
            "{family: kube_event_a_total, labels: {x: whys($message), y: why($type)}}"
        )
        assert len(found) == len(set(found)) == 6

    def test_a_family_without_labels_is_known(self) -> None:
        """It has one series."""
        assert self.closed("{family: kube_event_b_total, labels: {}}") == [
            ("kube_event_b_total", ())
        ]

    @pytest.mark.parametrize(
        "sample",
        [
            "{family: kube_event_a_total, labels: {x: k, y: $namespace}}",
            "{family: kube_event_a_total, labels: {x: lower($reason), y: why($message)}}",
            "{family: kube_event_c, labels: {x: k}, value: quantity($name)}",
        ],
        ids=["field", "function", "histogram"],
    )
    def test_what_the_cluster_chooses_is_not(self, sample: str) -> None:
        """One label that nobody knows is enough; histograms are measured, not compared with 0."""
        assert self.closed(sample) == []


def test_the_outcomes_are_those_that_rules_write() -> None:
    """By lifecycle; closed where a rule does not say."""
    text = """
lifecycles: {a: {key: [$uid], max_age: 1h}, b: {key: [$uid], max_age: 1h}}
rules:
  - {id: r1, components: [c], reasons: [A], opens: a}
  - {id: r2, components: [c], reasons: [B], closes: a, outcome: ready, opens: b}
  - {id: r3, components: [c], reasons: [C], closes: a, outcome: failed}
  - {id: r4, components: [c], reasons: [D], closes: b}
"""
    assert rules(text).outcomes() == {"a": {"ready", "failed"}, "b": {"closed"}}
