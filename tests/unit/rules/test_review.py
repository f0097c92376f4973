"""All that is wrong with rule files, and not what is only wrong because of something else."""

from __future__ import annotations

import pytest

from exporter.rules.review import Changes, review

FAMILY = "families: {kube_event_things_total: {type: counter, help: T., labels: [thing]%s}}\n"
TABLE = "causes: {why: [{cause: a, pattern: %s}]}\n"
PAIR = "lifecycles: {pair: {key: [$uid], max_age: %s}}\n"
RULES = """
rules:
  - id: begins
    components: [c]
    reasons: [B]
    opens: pair
    samples: [{family: kube_event_things_total, labels: {thing: why($message)}}]
  - {id: ends, components: [c], reasons: [E], closes: pair%s}
"""


def told(*texts: str, before: str = "") -> list[str]:
    """The findings about files ``a.yaml``, ``b.yaml``, ..."""
    files = [(f"{name}.yaml", text) for name, text in zip("abc", texts, strict=False)]
    found = review([("built.yaml", before)] if before else [], files)
    return [str(finding) for finding in found.findings]


def file(family: str = "", pattern: str = "x", max_age: str = "1h", rule: str = "") -> str:
    """All that a file can have, right unless it is said otherwise."""
    return FAMILY % family + TABLE % pattern + PAIR % max_age + RULES % rule


def test_nothing_is_told_of_what_is_right() -> None:
    """The file that all others here are made of."""
    assert told(file()) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(
            file(family=", bucket: [1]"),
            "a.yaml: families: kube_event_things_total: bucket: no such key; did you mean buckets?",
            id="a family that cannot be read",
        ),
        pytest.param(
            file(family=", buckets: [1]"),
            "a.yaml: families: kube_event_things_total: histograms, and only histograms, have"
            " buckets",
            id="a family that cannot be",
        ),
        pytest.param(
            file(pattern="[5]"),
            "a.yaml: causes: why: [0].pattern: Expected `str`, got `array`",
            id="a table that cannot be read",
        ),
        pytest.param(
            file(max_age="5"),
            "a.yaml: lifecycles: pair: max_age: Expected `str`, got `int`",
            id="a lifecycle that cannot be read",
        ),
        pytest.param(
            file(max_age="long"),
            "a.yaml: lifecycles: pair: max_age: 'long' is no duration such as 1h",
            id="a lifecycle that cannot be",
        ),
        pytest.param(
            file(rule=", outcomes: x"),
            "a.yaml: ends: outcomes: no such key; did you mean outcome?",
            id="the one rule that closes",
        ),
        pytest.param(
            file(rule=", outcome: X"),
            "a.yaml: ends: outcome: 'X' is no constant such as ready or timed_out",
            id="the same for something else",
        ),
        pytest.param(
            file(rule=", message: '(?P<why>[)', samples: [{family: kube_event_things_total,"
            " labels: {thing: lower($why)}}]"),
            "a.yaml: ends: message: '[' at position 8 opens a set that nothing closes; write \\\\["
            " for the character",
            id="a pattern whose groups are used",
        ),
    ],
)  # fmt: skip
def test_what_uses_something_that_is_wrong_is_not_wrong_for_that(text: str, said: str) -> None:
    """Families, tables, lifecycles and rules are there, though they cannot be used."""
    assert told(text) == [said]


def test_a_rule_that_is_wrong_in_many_ways_is_told_of_all() -> None:
    """Its message, its names, each label and each value."""
    rule = """
rules:
  - id: begins
    components: [c]
    reasons: [B*B]
    message: '(?=x)'
    outcome: done
    opens: par
    samples:
      - {family: kube_event_things_total, labels: {thing: $uid}, value: 5s}
      - {family: kube_event_thing_total, labels: {}}
      - {family: kube_event_things_total, labels: {thing: whi($reason)}}
  - {id: begins-too, components: [c], reasons: [B], opens: pair}
"""
    samples = "b.yaml: begins: samples"
    endless = "the object is told by its name, which travels as the exemplar"
    counter = "kube_event_things_total is a counter"
    assert [line.partition("; ")[0] for line in told(file(), rule)] == [
        "b.yaml: begins: reasons: 'B*B': one * stands at the beginning or at the end",
        "b.yaml: begins: message: '(?=' at position 0 looks ahead",
        "b.yaml: begins: outcome: is for a rule with `closes`",
        "b.yaml: begins: opens: no lifecycle 'par'",
        f"{samples}[0].labels.thing: $uid has no end of values: {endless}",
        f"{samples}[0].value: {counter}: histograms, and only they, take one",
        f"{samples}[1].family: no family 'kube_event_thing_total'",
        f"{samples}[2].labels.thing: no function or cause table 'whi'",
    ]


def test_errors_of_rules_together_are_all_told() -> None:
    """Rules never reached, names declared twice, and lifecycles that cannot end."""
    again = (
        FAMILY % ""
        + PAIR.replace("pair", "other") % "1h"
        + "rules:"
        + "".join(
            f"\n  - {{id: r{number}, components: [c], reasons: [R], opens: {opens}}}"
            for number, opens in enumerate(("pair", "other", "other"))
        )
    )
    assert [line.partition(":")[2].strip() for line in told(file(), again)] == [
        "families: kube_event_things_total: is declared in a.yaml",
        "lifecycles: other: no rule closes it",
        *(
            f"r{number}: is never reached: all its events go to r0 before it; put it first, or give"
            " the other a message"
            for number in (1, 2)
        ),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["rules: [", "- a", "rules: {a: b}", "families: [a]", "ruls: []"])
def test_a_file_that_cannot_be_read_hides_nothing_of_the_others(text: str) -> None:
    """What is wrong with those is told beside it, in the order of the files."""
    said = told(file(max_age="long"), text, "rules: 5")
    assert len(said) == 3
    assert [line[:7] for line in said] == ["a.yaml:", "b.yaml:", "c.yaml:"]


def test_what_files_do_is_told_of_each() -> None:
    """Rules that they add, and those that they replace with the file that had them last."""
    own = "rules: [{id: ends, components: [d], reasons: [E], closes: pair}, {id: x, %s}]"
    texts = [own % "components: [d], reasons: [X]", own % "components: [d], reasons: [Y]"]
    found = review([("built.yaml", file())], [("a.yaml", texts[0]), ("b.yaml", texts[1])])
    assert [finding for finding in found.findings if finding.fatal] == []
    assert found.changes == {
        "a.yaml": Changes(["x"], {"ends": "built.yaml"}),
        "b.yaml": Changes([], {"ends": "a.yaml", "x": "a.yaml"}),
    }


@pytest.mark.parametrize(
    ("id_", "meant"),
    [
        ("backup-faild", "backup-failed"),
        ("backup-failed2", "backup-failed"),
        ("bakcup-failed", "backup-failed"),
        ("backup-failed-slowly", ""),
        ("restore-failed", ""),
        ("backup-failed", ""),
    ],
)
def test_an_id_that_is_nearly_another_is_a_warning(id_: str, meant: str) -> None:
    """A rule replaces another by its very id; what is only alike is most likely a slip."""
    rule = "rules: [{id: %s, components: [c], reasons: [R]}]"
    said = told(rule % id_, before=rule % "backup-failed")
    text = f"a.yaml: {id_}: id: warning: no rule has this id, so it adds one; did you mean {meant}?"
    assert said == ([text] if meant else [])


@pytest.mark.parametrize(
    ("type_", "meant"),
    [("warning", "Warning"), ("NORMAL", "Normal"), ("Warn*", ""), ("Warnings", "Warning"),
     ("Error", ""), ("Warning", ""), ("''", "")],
)  # fmt: skip
def test_a_type_that_is_nearly_one_of_kubernetes_is_a_warning(type_: str, meant: str) -> None:
    """Any other is somebody's own."""
    said = told(f"rules: [{{id: a-rule, components: [c], reasons: [R], types: [{type_}]}}]")
    text = (
        f"a.yaml: a-rule: types: warning: Kubernetes has no type {type_!r}; did you mean {meant}?"
    )
    assert said == ([text] if meant else [])


@pytest.mark.parametrize(
    ("group", "label", "warned"),
    [
        ("\\w+", "$what", True),
        ("a(?:b|c{2,})", "$what", True),
        ("[a-z]{1,63}", "lower($what)", True),
        ("Liveness|Readiness", "$what", False),
        ("[0-9]{1,3}", "$what", False),
        ("\\w+", "why($what)", False),
        ("\\w+", "$reason", False),
    ],
)
@pytest.mark.parametrize("unbounded", [False, True])
def test_a_label_that_can_be_any_text_is_a_warning(
    group: str, label: str, warned: bool, unbounded: bool
) -> None:
    """A group should be one of a few words, unless the family asks for more."""
    text = file(family=", unbounded: [thing]" if unbounded else "") + (
        f"  - {{id: r, components: [c], reasons: [R], message: '^x (?P<what>{group}) y',"
        f" samples: [{{family: kube_event_things_total, labels: {{thing: {label}}}}}]}}\n"
    )
    where = "a.yaml: r: samples[0].labels.thing: warning"
    said = f"{where}: {label} can be any text; a cause table makes one of few values of it"
    assert told(text) == ([said] if warned and not unbounded else [])
