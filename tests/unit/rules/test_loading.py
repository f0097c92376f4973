"""Rule files that cannot be used: every error names file, rule and key."""

from __future__ import annotations

import pytest

from exporter.metrics.declaration import MetricType
from exporter.rules.loading import RuleError, built_in, load
from tests.unit.rules.observing import rules

_FAMILIES = """
families:
  kube_event_things_total: {type: counter, help: Things., labels: [namespace, thing]}
  kube_event_thing_seconds: {type: histogram, help: Time., labels: [namespace], buckets: [1, 5]}
"""
_LIFECYCLES = """
lifecycles:
  thing: {key: [$uid, $what], max_age_seconds: 60}
"""


def one_rule(body: str) -> str:
    """A file with one rule, ``r1``, of this body."""
    head = "rules:\n  - id: r1\n    components: [c]\n    reasons: [R]\n"
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    return _FAMILIES + _LIFECYCLES + head + lines


@pytest.mark.parametrize(
    ("text", "named"),
    [
        pytest.param("rules: [", ["test.yaml"], id="no-yaml"),
        pytest.param("- a\n- b\n", ["test.yaml", "object"], id="no-mapping"),
        pytest.param("rulez: []", ["test.yaml", "rulez"], id="unknown-key"),
        pytest.param(one_rule("text: x"), ["test.yaml", "r1", "text"], id="unknown-key-of-a-rule"),
        pytest.param(
            "rules:\n  - {components: [c], reasons: [R]}", ["test.yaml", "id"], id="rule-without-id"
        ),
        pytest.param(
            "rules:\n  - {id: r1, components: [c]}", ["test.yaml", "r1", "reasons"], id="no-reasons"
        ),
        pytest.param(one_rule("message: '('"), ["test.yaml", "r1", "message"], id="bad-pattern"),
        pytest.param(
            "causes:\n  why:\n    - {cause: a, pattern: '['}",
            ["test.yaml", "why", "causes"],
            id="bad-cause",
        ),
        pytest.param(
            one_rule("opens: nothing"), ["test.yaml", "r1", "opens", "nothing"], id="opens"
        ),
        pytest.param(
            one_rule("closes: nothing"), ["test.yaml", "r1", "closes", "nothing"], id="closes"
        ),
        pytest.param(
            one_rule("message: 'no such group'\nopens: thing"),
            ["test.yaml", "r1", "key", "what"],
            id="lifecycle-key",
        ),
        pytest.param(
            one_rule("samples: [{family: kube_event_none_total, labels: {}}]"),
            ["test.yaml", "r1", "family", "kube_event_none_total"],
            id="unknown-family",
        ),
        pytest.param(
            one_rule("samples: [{family: kube_event_things_total, labels: {namespace: x}}]"),
            ["test.yaml", "r1", "labels", "thing"],
            id="missing-label",
        ),
        pytest.param(
            one_rule(
                "samples: [{family: kube_event_thing_seconds, labels: {namespace: a, x: b},"
                " value: duration($reason)}]"
            ),
            ["test.yaml", "r1", "labels", "namespace"],
            id="surplus-label",
        ),
        pytest.param(
            one_rule(
                "samples: [{family: kube_event_things_total,"
                " labels: {namespace: $namespce, thing: a}}]"
            ),
            ["test.yaml", "r1", "namespace", "$namespce"],
            id="unknown-field",
        ),
        pytest.param(
            one_rule(
                "samples: [{family: kube_event_things_total,"
                " labels: {namespace: a, thing: guess($reason)}}]"
            ),
            ["test.yaml", "r1", "thing", "guess"],
            id="unknown-function",
        ),
        pytest.param(
            one_rule("samples: [{family: kube_event_thing_seconds, labels: {namespace: a}}]"),
            ["test.yaml", "r1", "value"],
            id="histogram-without-value",
        ),
        pytest.param(
            one_rule(
                "samples: [{family: kube_event_things_total, labels: {namespace: a, thing: b},"
                " value: $elapsed}]"
            ),
            ["test.yaml", "r1", "value"],
            id="counter-with-value",
        ),
        pytest.param(
            one_rule(
                "samples: [{family: kube_event_thing_seconds, labels: {namespace: a}, value: $uid}]"
            ),
            ["test.yaml", "r1", "value", "$uid"],
            id="value-without-function",
        ),
        pytest.param(
            one_rule(
                "samples: [{family: kube_event_thing_seconds, labels: {namespace: a},"
                " value: $elapsed}]"
            ),
            ["test.yaml", "r1", "value", "closes"],
            id="elapsed-without-closing",
        ),
        pytest.param(
            "families:\n  kube_event_x_total: {type: meter, help: X., labels: []}",
            ["test.yaml", "kube_event_x_total", "meter"],
            id="unknown-type",
        ),
        pytest.param(
            "families:\n  kube_event_x: {type: gauge, help: X., labels: []}",
            ["test.yaml", "kube_event_x", "gauge"],
            id="gauge",
        ),
        pytest.param(
            "families:\n  kube_event_x_total: {type: counter, help: 2024-13-45, labels: []}",
            ["test.yaml"],
            id="impossible-date",
        ),
        pytest.param(
            "families:\n  kube_event_x: {type: counter, help: X., labels: []}",
            ["test.yaml", "kube_event_x", "_total"],
            id="counter-without-total",
        ),
        pytest.param(
            "families:\n  kube_event_x: {type: histogram, help: X., labels: [], buckets: [2, 1]}",
            ["test.yaml", "kube_event_x", "buckets"],
            id="falling-buckets",
        ),
    ],
)
def test_an_error_names_where_it_is(text: str, named: list[str]) -> None:
    """File, rule and key stand in the message."""
    with pytest.raises(RuleError) as caught:
        rules(text)
    message = str(caught.value)
    assert [part for part in named if part not in message] == []


class TestFilesTogether:
    """People add files of their own beside the built-in catalogue."""

    _OWN = """
rules:
  - id: mine
    components: [c]
    reasons: [R]
    message: '(?P<what>.*)'
    %s
"""

    def test_a_family_of_another_file_can_be_fed(self) -> None:
        """Families are common to all files."""
        sample = "{family: kube_event_things_total, labels: {namespace: $namespace, thing: $what}}"
        book = load([("a", _FAMILIES), ("b", self._OWN % f"samples: [{sample}]")], lambda: 0.0)
        assert len(book.rules_for("c", "Pod", "R")) == 1

    def test_a_lifecycle_of_another_file_can_be_opened(self) -> None:
        """Lifecycles are common to all files."""
        book = load([("a", _LIFECYCLES), ("b", self._OWN % "opens: thing")], lambda: 0.0)
        assert set(book.lifecycles) == {"thing"}

    def test_rules_stand_in_the_order_of_the_files(self) -> None:
        """Among rules of the same events the first file's come first."""
        book = load([("a", self._OWN % ""), ("b", self._OWN % "")], lambda: 0.0)
        assert len(book.rules_for("c", "Pod", "R")) == 2

    def test_a_family_cannot_be_declared_twice(self) -> None:
        """A second declaration would change the first's meaning: the error names both files."""
        with pytest.raises(RuleError, match=r"b: families: kube_event_things_total: .*\ba\b"):
            load([("a", _FAMILIES), ("b", _FAMILIES)], lambda: 0.0)

    def test_a_lifecycle_cannot_be_declared_twice(self) -> None:
        """The same for lifecycles."""
        with pytest.raises(RuleError, match=r"b: lifecycles: thing: .*\ba\b"):
            load([("a", _LIFECYCLES), ("b", _LIFECYCLES)], lambda: 0.0)


def test_an_empty_file_is_no_rules() -> None:
    """Nothing in it, nothing wrong with it."""
    assert rules("").declarations == ()


class TestBuiltIn:
    def test_it_loads(self) -> None:
        """The built-in catalogue has families of every type that rules can feed."""
        book = load(built_in(), lambda: 0.0)
        types = {declaration.type for declaration in book.declarations}
        assert types == {MetricType.COUNTER, MetricType.HISTOGRAM}

    def test_its_rules_have_names_of_their_own(self) -> None:
        """A rule is found by its id."""
        book = load(built_in(), lambda: 0.0)
        by_id = {rule.id: rule for found in book.dispatch.values() for rule in found}
        assert {id(rule) for found in book.dispatch.values() for rule in found} == {
            id(rule) for rule in by_id.values()
        }

    def test_every_family_is_fed(self) -> None:
        """A family that no rule feeds would be a promise without a keeper."""
        book = load(built_in(), lambda: 0.0)
        fed = {s.family for found in book.dispatch.values() for r in found for s in r.samples}
        assert fed == {declaration.name for declaration in book.declarations}
