"""Rules that are each right and together wrong: never reached, or half a lifecycle."""

from __future__ import annotations

import pytest

from exporter.rules.problems import RuleError
from tests.unit.rules.observing import rules


def book(*written: str) -> str:
    """Rules ``r1``, ``r2``, ...: component, kind, reason, type and message, apart by slashes."""
    lines = ["rules:"]
    for number, text in enumerate(written, 1):
        component, kind, reason, type_, message = text.split("/")
        fields = [f"id: r{number}"]
        for key, value in (("components", component), ("kinds", kind), ("reasons", reason)):
            fields.append(f"{key}: [{', '.join(repr(name) for name in value.split(','))}]")
        if type_:
            fields.append(f"types: [{type_}]")
        if message:
            fields.append(f"message: {message!r}")
        lines.append(f"  - {{{', '.join(fields)}}}")
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("earlier", "last", "by"),
    [
        pytest.param(["c/Pod/R//"], "c/Pod/R//", "r1", id="exact"),
        pytest.param(["c/Pod/R//"], "c/Pod/R//m", "r1", id="with a message"),
        pytest.param(["c/Pod/R//m"], "c/Pod/R//m", "r1", id="same message"),
        pytest.param(["c,d/Pod,Node/R,S//"], "d/Node/S//", "r1", id="one of several"),
        pytest.param(["c/Pod/R*//"], "c/Pod/Ra,Rb//", "r1", id="reasons that begin so"),
        pytest.param(["c/Pod/*ed//"], "c/Pod/Failed//", "r1", id="reasons that end so"),
        pytest.param(["c/Pod/R*//"], "c/Pod/Ra*//", "r1", id="a longer beginning"),
        pytest.param(["*/*/*//"], "c*/Node/*R/Warning/m", "r1", id="everything"),
        pytest.param(["c/Pod/R//", "c/Pod/S//"], "c/Pod/R,S//", "r1, r2", id="two reasons"),
        pytest.param(["c/Pod/R//", "d/Pod/*//"], "c,d/Pod/R//", "r1, r2", id="two components"),
        pytest.param(
            ["c/Pod/R//m", "c/Pod/S//"], "c/Pod/R,S//m", "r1, r2", id="the same message and none"
        ),
        pytest.param(["c/Pod/R/Warning/"], "c/Pod/R/Warning/", "r1", id="type"),
        pytest.param(
            ["c/Pod/R/Warning/", "c/Pod/R/Normal/"],
            "c/Pod/R/Warning, Normal/",
            "r1, r2",
            id="both types",
        ),
        pytest.param(["c/Pod/R//"], "c/Pod/R/Warning/", "r1", id="any type"),
        pytest.param(["c/*/R//"], "c/*/R//", "r1", id="any kind"),
    ],
)
def test_a_rule_that_gets_no_event_is_an_error(earlier: list[str], last: str, by: str) -> None:
    """The error names it and what stands in its way."""
    with pytest.raises(RuleError) as caught:
        rules(book(*earlier, last))
    said = f"test.yaml: r{len(earlier) + 1}: is never reached: all its events go to {by} before it"
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("earlier", "last"),
    [
        pytest.param(["c/Pod/R//m"], "c/Pod/R//", id="what the message leaves"),
        pytest.param(["c/Pod/R//m"], "c/Pod/R//n", id="another message"),
        pytest.param(["c/Pod/R//"], "c/Pod/R,S//", id="one reason is left"),
        pytest.param(["c/Pod/R//"], "c,d/Pod/R//", id="one component is left"),
        pytest.param(["c/Pod/R//"], "c/Pod/R*//", id="those that only begin so"),
        pytest.param(["c/Pod/R//"], "*/Pod/R//", id="any other component"),
        pytest.param(["c/Pod/R//"], "c/*/R//", id="any other kind"),
        pytest.param(["c/Pod/R*//"], "c/Pod/*R//", id="those that only end so"),
        pytest.param(["c/Pod/R/Warning/"], "c/Pod/R//", id="other types"),
        pytest.param(
            ["c/Pod/R/Warning/", "c/Pod/R/Normal/"], "c/Pod/R//", id="types that nobody knows"
        ),
        pytest.param(["c/Pod/R//", "d/Pod/S//"], "c,d/Pod/R,S//", id="crosswise"),
        pytest.param(["c/Pod/R//m", "c/Pod/S//n"], "c/Pod/R,S//m", id="another message for one"),
    ],
)
def test_a_rule_that_gets_some_event_is_none(earlier: list[str], last: str) -> None:
    """Only a rule that is left nothing at all is certainly a mistake."""
    assert len(list(rules(book(*earlier, last)).all())) == len(earlier) + 1


def lifecycle(opens: bool, closes: bool) -> str:
    """A file with one, and rules that open or close it."""
    text = "lifecycles: {pair: {key: [$uid], max_age: 1h}}\nrules:\n"
    text += "  - {id: r0, components: [c], reasons: [X]}\n"
    if opens:
        text += "  - {id: r1, components: [c], reasons: [R], opens: pair}\n"
    if closes:
        text += "  - {id: r2, components: [c], reasons: [S], closes: pair}\n"
    return text


@pytest.mark.parametrize(
    ("opens", "closes", "verb"),
    [(False, True, "opens"), (True, False, "closes"), (False, False, "opens")],
)
def test_half_a_lifecycle_is_an_error(opens: bool, closes: bool, verb: str) -> None:
    """It would be open for ever, or never."""
    with pytest.raises(RuleError) as caught:
        rules(lifecycle(opens, closes))
    assert str(caught.value) == f"test.yaml: lifecycles: pair: no rule {verb} it"


def test_a_whole_one_is_none() -> None:
    """One rule that opens and one that closes it are enough."""
    assert set(rules(lifecycle(opens=True, closes=True)).lifecycles) == {"pair"}


def test_one_rule_can_do_both() -> None:
    """Each of its events ends one pair and begins the next."""
    text = """
lifecycles: {pair: {key: [$uid], max_age: 1h}}
rules: [{id: r1, components: [c], reasons: [R], opens: pair, closes: pair}]
"""
    assert set(rules(text).lifecycles) == {"pair"}


@pytest.mark.parametrize("label", ["workload_kind", "workload_name"])
def test_the_labels_of_workloads_are_the_exporters_own(label: str) -> None:
    """With --workload.labels a family would have them twice."""
    family = f"kube_event_x_total: {{type: counter, help: X., labels: [{label}]}}"
    with pytest.raises(RuleError, match=rf"test.yaml: families: kube_event_x_total: .*{label}"):
        rules(f"families:\n  {family}")


def test_label_sets_without_end_are_not_made_at_the_start() -> None:
    """Cause tables multiply; what no alert reads at 0 is not born at 0."""
    rows = "".join(f"    - {{cause: c{n}, pattern: 'p{n}'}}\n" for n in range(60))
    labels = ", ".join("abcde")
    sample = ", ".join(f"{label}: why($message)" for label in "abcde")
    book = rules(
        f"""
families:
  kube_event_x_total: {{type: counter, help: X., labels: [{labels}]}}
causes:
  why:
{rows}
rules:
  - id: x
    components: [c]
    reasons: [R]
    samples: [{{family: kube_event_x_total, labels: {{{sample}}}}}]
"""
    )
    assert list(book.closed_label_sets()) == []
