"""The text of a rule file: what is misspelt, stands twice or is of the wrong kind is an error."""

from __future__ import annotations

import pytest

from exporter.rules.language import EachCause
from exporter.rules.problems import RuleError
from exporter.rules.reading import read_rule_file


def problem(text: str) -> str:
    """What is said of a file called ``own.yaml``."""
    with pytest.raises(RuleError) as caught:
        read_rule_file("own.yaml", text)
    return str(caught.value)


_RULE = "{id: r1, components: [c], reasons: [R]%s}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("ruls: []", "own.yaml: ruls: no such key; did you mean rules?", id="section"),
        pytest.param(
            "families: {f_total: {type: counter, help: F., lables: []}}",
            "own.yaml: families: f_total: lables: no such key; did you mean labels?",
            id="family",
        ),
        pytest.param(
            "causes: {why: [{cause: a, patern: b}]}",
            "own.yaml: causes: why: [0].patern: no such key; did you mean pattern?",
            id="cause row",
        ),
        pytest.param(
            "causes: {why: {each: true, row: []}}",
            "own.yaml: causes: why: row: no such key; did you mean rows?",
            id="each table",
        ),
        pytest.param(
            "causes: {why: {each: true, rows: [{cuase: a, pattern: b}]}}",
            "own.yaml: causes: why: rows[0].cuase: no such key; did you mean cause?",
            id="row of an each table",
        ),
        pytest.param(
            "lifecycles: {pull: {key: [$uid], max_ages: 1h}}",
            "own.yaml: lifecycles: pull: max_ages: no such key; did you mean max_age?",
            id="lifecycle",
        ),
        pytest.param(
            "rules: [" + _RULE % ", kind: [Pod]" + "]",
            "own.yaml: r1: kind: no such key; did you mean kinds?",
            id="rule",
        ),
        pytest.param(
            "rules: [" + _RULE % ", samples: [{familie: f}]" + "]",
            "own.yaml: r1: samples[0].familie: no such key; did you mean family?",
            id="sample",
        ),
        pytest.param(
            "zzzz: []",
            "own.yaml: zzzz: no such key",
            id="nothing near",
        ),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest_known_one(text: str, said: str) -> None:
    """At every level: where it stands, and what was probably meant."""
    assert problem(text) == said


@pytest.mark.parametrize(
    ("text", "named"),
    [
        pytest.param("rules: []\nrules: []", ["'rules'", "line 2"], id="section"),
        pytest.param(
            "families:\n  f_total: {}\n  f_total: {}", ["'f_total'", "line 3"], id="family"
        ),
        pytest.param(
            "rules:\n  - id: r1\n    message: a\n    message: b", ["'message'", "line 4"], id="rule"
        ),
        pytest.param(
            "rules:\n  - samples:\n      - labels: {a: x, a: y}", ["'a'", "line 3"], id="label"
        ),
    ],
)
def test_a_key_that_stands_twice_is_an_error(text: str, named: list[str]) -> None:
    """YAML would take one of the two without a word."""
    said = problem(text)
    assert [part for part in ("own.yaml", "stands twice", *named) if part not in said] == []


def test_an_id_stands_once_in_a_file() -> None:
    """The second rule of an id would take the place of the first."""
    said = problem("rules: [" + _RULE % "" + ", " + _RULE % ", message: x" + "]")
    assert said == "own.yaml: r1: id: stands twice in this file"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("- a", "own.yaml: is no mapping with the keys families", id="list"),
        pytest.param("false", "own.yaml: is no mapping with the keys families", id="false"),
        pytest.param("text", "own.yaml: is no mapping with the keys families", id="text"),
        pytest.param("families: [a]", "own.yaml: families: is no mapping", id="families"),
        pytest.param("families: 0", "own.yaml: families: is no mapping", id="zero"),
        pytest.param("rules: {a: b}", "own.yaml: rules: is no list", id="rules"),
        pytest.param("rules: ''", "own.yaml: rules: is no list", id="no rules"),
        pytest.param("rules: [r1]", "own.yaml: rule 1: Expected `object`", id="text for a rule"),
        pytest.param("causes: {why: text}", "own.yaml: causes: why: Expected", id="causes"),
        pytest.param(
            "causes: {why: {rows: []}}", "own.yaml: causes: why: Object missing", id="no each"
        ),
        pytest.param(
            "causes: {why: {each: no, rows: []}}", "own.yaml: causes: why: each:", id="no"
        ),
        pytest.param(
            "causes: {why: [{cause: Not found, pattern: a}]}",
            "own.yaml: causes: why: [0].cause: Expected `str` matching",
            id="cause with capitals",
        ),
        pytest.param(
            "rules: [{components: [c], reasons: [R]}]",
            "own.yaml: rule 1: Object missing required field `id`",
            id="no id",
        ),
        pytest.param(
            "rules: [{id: r1, components: [c]}]",
            "own.yaml: r1: Object missing required field `reasons`",
            id="no reasons",
        ),
        pytest.param(
            "rules: [{id: r1, components: [], reasons: [R]}]",
            "own.yaml: r1: components: Expected",
            id="no component",
        ),
        pytest.param(
            "rules: [{id: My Rule, components: [c], reasons: [R]}]",
            "own.yaml: My Rule: id: Expected",
            id="id with spaces",
        ),
        pytest.param(
            "rules: [" + _RULE % ", types: Warning" + "]",
            "own.yaml: r1: types: Expected `array`",
            id="no list of types",
        ),
        pytest.param(
            "rules: [" + _RULE % ", samples: [{family: f, labels: {a: 1}}]" + "]",
            "own.yaml: r1: samples[0].labels[...]: Expected `str`, got `int`",
            id="number for a label",
        ),
        pytest.param(
            "rules: [" + _RULE % ", samples: [{family: f, labels: {on: a}}]" + "]",
            "own.yaml: r1: samples[0].labels: a key is no text; put it between quotes",
            id="on for a label's name",
        ),
        pytest.param(
            "lifecycles: {no: {key: [$uid], max_age: 1h}}",
            "own.yaml: lifecycles: False: is no text; put it between quotes",
            id="no for a name",
        ),
        pytest.param(
            "lifecycles: {p: {key: [$uid], max_age: 1h, repeat: last}}",
            "own.yaml: lifecycles: p: repeat: Invalid enum value 'last'",
            id="unknown repeat",
        ),
        pytest.param(
            "families: {f: {type: gauge, help: F., labels: []}}",
            "own.yaml: families: f: type: Invalid enum value 'gauge'",
            id="gauge",
        ),
        pytest.param(
            "families: {f: {type: counter, help: 2024, labels: []}}",
            "own.yaml: families: f: help: Expected `str`",
            id="number for a help",
        ),
    ],
)
def test_what_is_of_the_wrong_kind_is_named(text: str, said: str) -> None:
    """File, entry and key, and what stands there."""
    assert problem(text).startswith(said)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("rules: [", id="not closed"),
        pytest.param("a: b: c", id="two colons"),
        pytest.param("? [a]\n: b", id="list for a key"),
        pytest.param("? {a: b}\n: c", id="mapping for a key"),
        pytest.param("families: {a: 2024-13-45}", id="impossible date"),
        pytest.param("rules: !!python/object:os.system x", id="python object"),
        pytest.param("rules: &a [*a]", id="list of itself"),
        pytest.param("rules: &a {b: *a}", id="mapping of itself"),
        pytest.param("--- {}\n--- {}", id="two documents"),
        pytest.param("rules: *nothing", id="unknown alias"),
        pytest.param("a: \x00", id="control character"),
        pytest.param("[" * 5000, id="depth"),
    ],
)
def test_what_is_no_yaml_names_the_file(text: str) -> None:
    """The reader's own words come behind the file's name; nothing else is raised."""
    assert problem(text).startswith("own.yaml: ")


def test_an_own_key_takes_the_place_of_a_merged_one() -> None:
    """``<<`` brings what stands elsewhere; what is written beside it counts, as YAML says."""
    text = """
rules:
  - &base {id: r1, components: [c], reasons: [R]}
  - {<<: *base, id: r2, message: m}
"""
    first, second = read_rule_file("own.yaml", text).rules
    assert (first.id, second.id) == ("r1", "r2")
    assert (second.components, second.message) == (["c"], "m")


def test_a_key_beside_a_merge_stands_once_too() -> None:
    """The merged keys are no excuse."""
    text = "rules:\n  - &base {id: r1}\n  - {<<: *base, id: r2, id: r3}\n"
    assert "the key 'id' stands twice" in problem(text)


@pytest.mark.parametrize(
    "text",
    ["", "# a comment\n", "families:\ncauses:\nlifecycles:\nrules:\n", "{}", "rules: []"],
    ids=["empty", "comment", "keys alone", "braces", "no rules"],
)
def test_a_file_may_be_empty(text: str) -> None:
    """Nothing in it, nothing wrong with it."""
    file = read_rule_file("own.yaml", text)
    assert (file.families, file.causes, file.lifecycles, file.rules) == ({}, {}, {}, [])


def test_a_rule_is_for_pods_of_any_type_unless_it_says_otherwise() -> None:
    """What is left out has the value that most rules want."""
    (rule,) = read_rule_file("own.yaml", "rules: [" + _RULE % "" + "]").rules
    assert (rule.kinds, rule.types, rule.message) == (["Pod"], [], "")
    assert (rule.opens, rule.closes, rule.optional, rule.samples) == ("", "", False, [])


def test_a_cause_table_has_two_forms() -> None:
    """A list of which the first row counts, or one of which each does."""
    text = """
causes:
  one: [{cause: a, pattern: b}]
  all: {each: true, rows: [{cause: a, pattern: b}]}
"""
    causes = read_rule_file("own.yaml", text).causes
    assert isinstance(causes["one"], list)
    assert isinstance(causes["all"], EachCause)
