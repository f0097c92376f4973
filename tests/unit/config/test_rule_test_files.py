"""The files of ``rules test``: how events and samples are written, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.config.rule_cases import (
    CHAIR,
    LAMP,
    OK,
    SECONDS,
    Cases,
    event,
)


@pytest.fixture
def cases(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Cases:
    return Cases(tmp_path, capsys)


def test_an_event_as_kubectl_prints_it(cases: Cases) -> None:
    """Every field of a core/v1 Event may be there, absent ones as null, times without quotes."""
    text = """
    rule_files: [rules.yaml]
    tests:
      - name: kubectl
        events:
          - apiVersion: v1
            kind: Event
            metadata:
              name: lamp.18ea5ae068f57856
              namespace: shop
              creationTimestamp: 2026-11-22T17:35:21Z
              labels: {a: b}
              managedFields: [{manager: kube-controller-manager}]
              resourceVersion: "5"
              uid: 0f0f
            involvedObject: {apiVersion: v1, kind: Thing, name: lamp, namespace: shop, uid: u,
              fieldPath: 'spec.x{y}', resourceVersion: "4"}
            action: Making
            reason: Made
            message: Made lamp
            source: {component: things}
            type: Normal
            count: null
            firstTimestamp: null
            lastTimestamp: null
            eventTime: 2026-11-22T17:35:21.350204Z
            series: {count: 4, lastObservedTime: 2026-11-22T17:36:21.350204Z}
            related: null
            reportingComponent: things
            reportingInstance: things-0
        samples: ['kube_event_things_total{namespace="shop",thing="lamp"} 4']
    """
    assert cases.text(text) == (0, ["ok, 1 test"])


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"reasons": "x"}, "events[0]: reasons: no such key; did you mean reason?"),
        (
            {"involvedObject": {"knd": "x"}},
            "events[0]: involvedObject.knd: no such key; did you mean kind?",
        ),
        ({"count": "3"}, "events[0]: count: Expected `int | null`, got `str`"),
        ({"message": 5}, "events[0]: message: Expected `str | null`, got `int`"),
        (
            {"eventTime": "noon"},
            "events[0]: eventTime: 'noon' is no time such as 2026-01-01T00:00:00Z",
        ),
    ],
)
def test_a_wrong_event_is_named(cases: Cases, fields: dict[str, Any], problem: str) -> None:
    """By test, event and key."""
    assert cases(event(**fields), samples=[]) == (1, [f"a test: {problem}"])


@pytest.mark.parametrize(
    ("sample", "problem"),
    [
        ("kube_event_thing_total 1", "no family 'kube_event_thing_total'; did you mean kube_event"),
        (f"{SECONDS} 1", f"{SECONDS} is a histogram: write {SECONDS}_count"),
        ("kube_event_things_total_count 1", "no family 'kube_event_things_total_count'"),
        ("things", "'things' is no sample such as"),
        (f"{LAMP}", "is no sample such as"),
        (f"{LAMP} many", "'many' is no number"),
        ("kube_event_things_total{thing=lamp} 1", "'thing=lamp' is no label=\"value\""),
        ('kube_event_things_total{a="1",a="2"} 1', "label a stands twice"),
        (f"{CHAIR} 1", f"'{CHAIR} 1' stands twice"),
    ],
)
def test_a_wrong_sample_is_named(cases: Cases, sample: str, problem: str) -> None:
    """By test, with what would be right where that can be guessed."""
    code, lines = cases(samples=[f"{CHAIR} 1", sample])
    assert (code, len(lines)) == (1, 1)
    assert lines[0].startswith("a test: samples: ")
    assert problem in lines[0]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("tests: []", "tests: there is none"),
        ("{}", "Object missing required field `tests`"),
        ("", "Expected `object`, got `null`"),
        ("test: []", "test: no such key; did you mean tests?"),
        ("rule_files: rules.yaml\ntests: [x]", "rule_files: Expected `array`, got `str`"),
        ("tests: [5]", "test 1: Expected `object`, got `int`"),
        ("tests: [{name: a}]", "a: Object missing required field `samples`"),
        ("tests: [{name: a, samples: []}]", "a: has neither `events` nor `audit_events`"),
        ("tests: [{events: []}]", "test 1: Object missing required field `name`"),
        ("tests: [{name: a, sample: []}]", "a: sample: no such key; did you mean samples?"),
        ("tests: [{name: a, name: b}]", "line 1, column 19: the key 'name' stands twice"),
        (
            "tests: [&a {name: a, events: [], samples: []}, *a]",
            "a: name: stands twice in this file",
        ),
        ("tests: [", "line 1, column 9: expected the node content, but found '<stream end>'"),
    ],
)
def test_a_wrong_file_is_named(cases: Cases, text: str, problem: str) -> None:
    """By test and key, as far as it can be read; nothing of it is run."""
    assert cases.text(text) == (1, [problem])


def test_a_wrong_rule_file_is_named(cases: Cases, tmp_path: Path) -> None:
    """It is looked for beside the test file."""
    tests = "tests: [{name: a, events: [], samples: []}]"
    missing, wrong = tmp_path / "nowhere.yaml", tmp_path / "wrong.yaml"
    wrong.write_text("rules: 5", encoding="utf-8")
    assert cases.text(f"rule_files: [nowhere.yaml]\n{tests}") == (
        1,
        [f"{missing}: No such file or directory"],
    )
    assert cases.text(f"rule_files: [wrong.yaml]\n{tests}") == (1, [f"{wrong}: rules: is no list"])


@pytest.mark.parametrize(
    "written",
    [
        'kube_event_things_total{thing="lamp",namespace="shop"} 2',
        'kube_event_things_total { thing = "lamp" , namespace="shop", } 2.0',
        'kube_event_things_total{namespace="shop",thing="lamp",more=""}  2e0',
        ' kube_event_things_total{namespace="sh\\op",thing="lamp"} 2 ',
    ],
)
def test_the_way_a_sample_is_written_does_not_matter(cases: Cases, written: str) -> None:
    """Order, spaces, empty labels and the spelling of a number."""
    assert cases(event(count=2), samples=[written]) == OK
