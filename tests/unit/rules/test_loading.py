"""Rule files that cannot be used: every error names file, rule and key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from exporter.metrics.declaration import MetricType
from exporter.rules.loading import built_in, load, read
from exporter.rules.problems import RuleError
from exporter.rules.reading import read_rule_file
from tests.unit.rules.observing import rules

_FAMILIES = """
families:
  kube_event_things_total: {type: counter, help: Things., labels: [namespace, thing]}
  kube_event_thing_seconds: {type: histogram, help: Time., labels: [namespace], buckets: [1, 5]}
"""
_LIFECYCLES = """
lifecycles:
  thing: {key: [$uid, $what], max_age: 1m}
"""
_PAIR = """
rules:
  - {id: begins, components: [c], reasons: [B], message: '(?P<what>.*)', opens: thing}
  - {id: ends, components: [c], reasons: [E], message: '(?P<what>.*)', closes: thing}
"""


def one_rule(body: str) -> str:
    """A file whose last rule, ``r1``, has this body."""
    head = "  - id: r1\n    components: [c]\n    reasons: [R]\n"
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    return _FAMILIES + _LIFECYCLES + _PAIR + head + lines


@pytest.mark.parametrize(
    ("text", "named"),
    [
        pytest.param("rules: [", ["test.yaml"], id="no-yaml"),
        pytest.param("- a\n- b\n", ["test.yaml", "mapping"], id="no-mapping"),
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
            one_rule(
                "closes: thing\nmessage: '(?P<what>.*)'\nsamples: [{family:"
                " kube_event_things_total, labels: {namespace: a, thing: b}, value: $elapsed}]"
            ),
            ["test.yaml", "r1", "value", "histograms"],
            id="counter-with-elapsed",
        ),
        pytest.param(
            one_rule(
                "samples: [{family: kube_event_thing_seconds, labels: {namespace: a},"
                " value: duration($tme)}]"
            ),
            ["test.yaml", "r1", "value", "$tme"],
            id="value-of-nothing",
        ),
        pytest.param(one_rule("outcome: done"), ["test.yaml", "r1", "outcome"], id="outcome"),
        pytest.param(one_rule("optional: true"), ["test.yaml", "r1", "optional"], id="optional"),
        pytest.param(
            one_rule("message: '(?P<what>.*)'\ncloses: thing\noutcome: $what"),
            ["test.yaml", "r1", "outcome", "$what", "constant"],
            id="outcome-from-the-message",
        ),
        pytest.param(one_rule("kinds: ['P*d']"), ["test.yaml", "r1", "kinds", "P*d"], id="kinds"),
        pytest.param(one_rule("types: ['*n*']"), ["test.yaml", "r1", "types", "*n*"], id="types"),
        pytest.param(
            "causes: {lower: [{cause: a, pattern: b}]}",
            ["test.yaml", "causes", "lower", "function"],
            id="table-with-a-functions-name",
        ),
        pytest.param(
            "causes: {my-table: [{cause: a, pattern: b}]}",
            ["test.yaml", "causes", "my-table", "another name"],
            id="table-that-cannot-be-named",
        ),
        pytest.param(
            "causes: {why: {each: true, rows: [{cause: a, pattern: '['}]}}",
            ["test.yaml", "causes", "why", "a: pattern"],
            id="bad-cause-of-each",
        ),
        pytest.param(
            _LIFECYCLES.replace("1m", "1 minute") + _PAIR,
            ["test.yaml", "lifecycles", "thing", "max_age", "1 minute", "1h"],
            id="max-age",
        ),
        pytest.param(
            _LIFECYCLES.replace("1m", "0s") + _PAIR,
            ["test.yaml", "lifecycles", "thing", "max_age", "0s"],
            id="no-age",
        ),
        pytest.param(
            _LIFECYCLES.replace("$what", "every($what)")
            + "causes: {every: {each: true, rows: [{cause: a, pattern: b}]}}"
            + _PAIR,
            ["test.yaml", "begins", "opens", "thing", "every($what)", "several"],
            id="key-of-several-values",
        ),
        pytest.param(
            one_rule(
                "samples: [{family: kube_event_things_total,"
                " labels: {namespace: every($kind), thing: every($reason)}}]"
            )
            + "causes: {every: {each: true, rows: [{cause: a, pattern: b}]}}",
            ["test.yaml", "r1", "labels", "several"],
            id="two-labels-of-several-values",
        ),
        pytest.param(
            one_rule("samples: [{family: kube_event_thing_total, labels: {}}]"),
            ["test.yaml", "r1", "did you mean kube_event_things_total?"],
            id="nearest-family",
        ),
        pytest.param(one_rule("opens: thin"), ["test.yaml", "did you mean thing?"], id="nearest"),
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


def test_an_empty_file_is_no_rules() -> None:
    """Nothing in it, nothing wrong with it."""
    assert rules("").declarations == ()


def test_files_are_read_by_their_paths(tmp_path: Path) -> None:
    """Under the name that their user gave."""
    path = tmp_path / "own.yaml"
    path.write_text(_FAMILIES, "utf-8")
    assert read([str(path)]) == [(str(path), _FAMILIES)]


@pytest.mark.parametrize("content", [None, b"\xff\xfe"], ids=["missing", "no UTF-8"])
def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path, content: bytes | None) -> None:
    """It names the file."""
    path = tmp_path / "own.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RuleError, match=re.escape(str(path))):
        read([str(path)])


class TestBuiltIn:
    def test_it_loads(self) -> None:
        """The built-in catalogue has families of every type that rules can feed."""
        types = {declaration.type for declaration in load(built_in(), lambda: 0.0).declarations}
        assert types == {MetricType.COUNTER, MetricType.HISTOGRAM}

    def test_its_rules_have_names_of_their_own(self) -> None:
        """No file of it replaces a rule of another: a rule is found by its id."""
        written = [
            rule.id for name, text in built_in() for rule in read_rule_file(name, text).rules
        ]
        assert len(written) == len(set(written))
        assert {rule.id for rule in load(built_in(), lambda: 0.0).all()} == set(written)

    def test_every_family_is_fed(self) -> None:
        """A family that no rule feeds would be a promise without a keeper."""
        book = load(built_in(), lambda: 0.0)
        fed = {sample.family for rule in book.all() for sample in rule.samples}
        assert fed == {declaration.name for declaration in book.declarations}
