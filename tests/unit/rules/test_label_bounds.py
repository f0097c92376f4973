"""Labels that would be another one for each object are an error, unless a family asks for them."""

from __future__ import annotations

import re

import pytest

from exporter.rules.problems import RuleError
from tests.unit.rules.observing import observe, rules

FAMILY = "kube_event_things_total: {type: counter, help: Things., labels: [namespace, thing]%s}"


def book(thing: str, unbounded: str = "", message: str = "") -> str:
    """A rule ``r1`` whose label ``thing`` is this expression."""
    return f"""
families:
  {FAMILY % unbounded}
causes:
  why: [{{cause: full, pattern: no room}}]
rules:
  - id: r1
    components: [c]
    reasons: [R]
    message: '{message}'
    samples:
      - {{family: kube_event_things_total, labels: {{namespace: $namespace, thing: {thing}}}}}
"""


@pytest.mark.parametrize(
    ("thing", "instead"),
    [
        ("$name", "the name of the object travels as the exemplar"),
        ("lower($name)", "the name of the object travels as the exemplar"),
        ("$uid", "the object is told by its name, which travels as the exemplar"),
        ("$message", "a cause table makes one of few values of it"),
        ("registry($message)", "a cause table makes one of few values of it"),
    ],
)
def test_names_and_messages_are_no_labels(thing: str, instead: str) -> None:
    """The error says what to use in their place, and what to write where it must be."""
    said = (
        f"test.yaml: r1: samples[0].labels.thing: {thing} has no end of values: {instead}; where it"
        " must be a label, its family says so: `unbounded: [thing]`"
    )
    with pytest.raises(RuleError, match=re.escape(said)):
        rules(book(thing))


def test_a_family_can_ask_for_one() -> None:
    """For objects that are few and stay: the label is declared where its family is."""
    named = rules(book("$name", ", unbounded: [thing]"))
    (found,) = observe(named, component="c", reason="R", object_name="pool-a")
    assert found.labels == ("shop", "pool-a")


@pytest.mark.parametrize("other", ["namespace", "things"])
def test_it_is_that_label_and_no_other(other: str) -> None:
    """Another label of the family is none, and a misspelt one is an error of its own."""
    said = (
        "unbounded: no label 'things'; did you mean thing?" if other == "things" else "labels.thing"
    )
    with pytest.raises(RuleError, match=re.escape(said)):
        rules(book("$name", f", unbounded: [{other}]"))


@pytest.mark.parametrize(
    ("thing", "message", "label"),
    [
        ("$node", "", "node-a"),
        ("$container", "", "web"),
        ("why($message)", "", "full"),
        ("$name", "no (?P<name>room|time)", "room"),
    ],
)
def test_what_has_few_values_is_one(thing: str, message: str, label: str) -> None:
    """There are as many nodes as there are, a cause table ends, and a group is the message's."""
    few = rules(book(thing, message=message))
    (found,) = observe(
        few,
        component="c",
        reason="R",
        host="node-a",
        field_path="spec.containers{web}",
        message="no room",
    )
    assert found.labels == ("shop", label)


def test_keys_of_lifecycles_are_no_labels() -> None:
    """Names and uids tell pairs apart, and end with them."""
    text = """
lifecycles: {thing: {key: [$uid, $name], max_age: 1h}}
rules:
  - {id: begins, components: [c], reasons: [B], opens: thing}
  - {id: ends, components: [c], reasons: [E], closes: thing}
"""
    assert list(rules(text).lifecycles) == ["thing"]
