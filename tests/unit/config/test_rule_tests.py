"""``rules test`` as a person runs it: a test file in, what failed out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.cli import main

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = ROOT / "docs" / "examples"

RULES = """
families:
  kube_event_things_total: {type: counter, help: Things., labels: [namespace, thing]}
  kube_event_thing_seconds: {type: histogram, help: Time., labels: [namespace], buckets: [1, 10]}
lifecycles:
  thing: {key: [$uid], max_age: 1h}
rules:
  - id: thing-begun
    components: [things]
    kinds: [Thing]
    reasons: [Begun]
    opens: thing
  - id: thing-made
    components: [things]
    kinds: [Thing]
    reasons: [Made]
    message: '^Made (?P<thing>\\w+)'
    closes: thing
    optional: true
    samples:
      - {family: kube_event_things_total, labels: {namespace: $namespace, thing: $thing}}
      - {family: kube_event_thing_seconds, labels: {namespace: $namespace}, value: $elapsed}
"""
LAMP = 'kube_event_things_total{namespace="shop",thing="lamp"}'
CHAIR = 'kube_event_things_total{namespace="shop",thing="chair"}'
SECONDS = "kube_event_thing_seconds"
SHOP = '{namespace="shop"}'


def event(thing: str = "lamp", **fields: Any) -> dict[str, Any]:
    """An event in its short form."""
    return {
        "involvedObject": {"kind": "Thing", "namespace": "shop", "name": thing, "uid": "u"},
        "source": {"component": "things"},
        "type": "Normal",
        "reason": "Made",
        "message": f"Made {thing}",
        **fields,
    }


class Cases:
    """Writes a test file, runs it, and keeps what it printed."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self._path = folder / "rules_test.yaml"
        (folder / "rules.yaml").write_text(RULES, encoding="utf-8")

    def text(self, text: str) -> tuple[int, list[str]]:
        """Exit code, and the lines without the name of the file they begin with."""
        self._path.write_text(text, encoding="utf-8")
        code = main(["rules", "test", str(self._path)])
        out, err = self._capsys.readouterr()
        assert err == ""
        return code, [line.removeprefix(f"{self._path}: ") for line in out.splitlines()]

    def __call__(
        self, *events: dict[str, Any], samples: list[str], **keys: Any
    ) -> tuple[int, list[str]]:
        """The same for a file of one test."""
        test = {"name": "a test", "events": list(events), "samples": samples, **keys}
        return self.text(yaml.safe_dump({"rule_files": ["rules.yaml"], "tests": [test]}))


@pytest.fixture
def cases(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Cases:
    return Cases(tmp_path, capsys)


OK = (0, ["ok, 1 test"])
FAILED = "a test: FAIL (- expected, + got)"


def failing(*lines: str) -> tuple[int, list[str]]:
    """What one test that fails prints."""
    return 1, [FAILED, *(f"  {line}" for line in lines), "1 of 1 test failed"]


def test_the_example_passes_its_checks_and_tests(capsys: pytest.CaptureFixture[str]) -> None:
    """The pair that people copy works as it stands, and tries every family it declares."""
    rules, tests = EXAMPLES / "rules.yaml", EXAMPLES / "rules_test.yaml"
    assert main(["rules", "check", str(rules)]) == 0
    assert main(["rules", "test", str(tests)]) == 0
    assert capsys.readouterr().out == f"{rules}: ok, adds 3 rules\n{tests}: ok, 3 tests\n"
    for family in yaml.safe_load(rules.read_text())["families"]:
        assert family in tests.read_text()


def test_the_example_would_fail_with_other_rules(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Its tests see what its rules do: a changed one fails."""
    rules = (EXAMPLES / "rules.yaml").read_text()
    (tmp_path / "rules.yaml").write_text(rules.replace("{cause: quota,", "{cause: limit,"))
    (tmp_path / "rules_test.yaml").write_text((EXAMPLES / "rules_test.yaml").read_text())
    assert main(["rules", "test", str(tmp_path / "rules_test.yaml")]) == 1
    assert '  + kube_event_widget_failures_total{cause="limit",namespace="shop"} 3\n' in (
        capsys.readouterr().out
    )


def test_occurrences_are_counted(cases: Cases) -> None:
    """By the event's own count, each event of its own unless it has a name."""
    events = event(count=3), event(), event("chair")
    assert cases(*events, samples=[f"{LAMP} 4", f"{CHAIR} 1"]) == OK


def test_a_repeat_counts_what_is_new(cases: Cases) -> None:
    """Two versions of one name are one event, through the ledger."""
    metadata = {"name": "a"}
    events = [event(metadata=metadata, count=count) for count in (2, 5, 5)]
    assert cases(*events, samples=[f"{LAMP} 5"]) == OK


def test_a_difference_is_shown(cases: Cases) -> None:
    """What was expected and what there is, one under the other, and nothing that is right."""
    events = event(count=2), event("chair"), event("table")
    found = cases(*events, samples=[f"{LAMP} 3", f"{CHAIR} 1"])
    assert found == failing(
        '- kube_event_things_total{namespace="shop",thing="lamp"} 3',
        '+ kube_event_things_total{namespace="shop",thing="lamp"} 2',
        '+ kube_event_things_total{namespace="shop",thing="table"} 1',
    )


def test_declared_families_are_compared_unasked(cases: Cases) -> None:
    """A sample of the rule files' families that no test expects fails it."""
    assert cases(event(), samples=[]) == failing(f"+ {LAMP} 1")


def test_other_families_are_compared_where_they_are_named(cases: Cases) -> None:
    """Then all their samples; those of a family that is not named do not matter."""
    ours = 'type="Normal",reason="Made",kind="Thing",namespace="shop",component="things"'
    samples = [f"{LAMP} 1", f"kube_events_total{{{ours}}} 1"]
    assert cases(event(), samples=samples) == OK
    code, lines = cases(event(), event("x", reason="Else"), samples=samples)
    assert (code, len(lines)) == (1, 3)
    assert lines[1].startswith("  + kube_events_total{component=")


def test_a_sample_of_0_names_its_family(cases: Cases) -> None:
    """It is as good as none: so a test says that nothing was counted."""
    nothing = event(reason="Else")
    assert cases(nothing, samples=["kube_event_things_total 0", f"{CHAIR} 0"]) == OK
    assert cases(nothing, samples=["kube_event_image_pulls_total 0"]) == OK
    code, lines = cases(nothing, samples=["kube_events_total 0"])
    assert (code, lines[0]) == (1, FAILED)


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


def pair(seconds: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """An opening at 12:00:00, and what closes it."""
    began = event(reason="Begun", firstTimestamp="2026-01-01T12:00:00Z")
    return began, event(lastTimestamp=f"2026-01-01T{seconds}Z")


def test_the_counts_of_a_histogram_are_compared_unasked(cases: Cases) -> None:
    """Its sums and buckets are not."""
    assert cases(*pair("12:00:05"), samples=[f"{LAMP} 1", f"{SECONDS}_count{SHOP} 1"]) == OK
    found = cases(*pair("12:00:05"), samples=[f"{LAMP} 1"])
    assert found == failing(f"+ {SECONDS}_count{SHOP} 1")


def test_sums_and_buckets_are_compared_where_they_are_named(cases: Cases) -> None:
    """Bounds as numbers, and sums as near as floating point has them."""
    bucket = f'{SECONDS}_bucket{{namespace="shop",le='
    right = [f"{LAMP} 1", f"{SECONDS}_count{SHOP} 1", f'{bucket}"1"}} 0', f'{bucket}"10.0"}} 1']
    samples = [*right, f"{SECONDS}_sum{SHOP} 5.1"]
    assert cases(*pair("12:00:05.100000"), samples=samples) == OK
    samples = [*right, f"{SECONDS}_sum{SHOP} 6", f'{bucket}"1"}} 1']
    code, lines = cases(*pair("12:00:05"), samples=right[:2] + samples[-2:])
    assert (code, lines[1:-1]) == (
        1,
        [
            f'  - {SECONDS}_bucket{{le="1.0",namespace="shop"}} 1',
            f"  - {SECONDS}_sum{SHOP} 6",
            f"  + {SECONDS}_sum{SHOP} 5",
        ],
    )


def test_events_without_a_time_are_a_second_apart(cases: Cases) -> None:
    """So pairs of them have a duration."""
    samples = [f"{LAMP} 1", f"{SECONDS}_count{SHOP} 1", f"{SECONDS}_sum{SHOP} 1"]
    assert cases(event(reason="Begun"), event(), samples=samples) == OK


def test_time_goes_with_the_events(cases: Cases) -> None:
    """What is open for longer than its maximum age is abandoned, and told by its family."""
    abandoned = 'kube_event_lifecycle_abandoned_total{lifecycle="thing"} 1'
    opened = 'kube_event_lifecycle_opened_total{lifecycle="thing"} 1'
    assert cases(*pair("13:00:01"), samples=[f"{LAMP} 1", abandoned, opened]) == OK


def test_each_test_begins_with_nothing(cases: Cases) -> None:
    """No counter, no name and no open pair of the one before it is there."""
    begun, made = event(reason="Begun", metadata={"name": "a"}), event(metadata={"name": "a"})
    tests = [
        {"name": "first", "events": [begun], "samples": []},
        {"name": "second", "events": [made], "samples": [f"{LAMP} 1"]},
    ]
    found = cases.text(yaml.safe_dump({"rule_files": ["rules.yaml"], "tests": tests}))
    assert found == (0, ["ok, 2 tests"])


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


def test_without_rule_files_the_built_in_rules_are_tried(cases: Cases) -> None:
    """They are there in any case."""
    pulled = event(
        involvedObject={"kind": "Pod", "namespace": "shop", "name": "web-0"},
        source={"component": "kubelet"},
        reason="Pulled",
        message='Container image "registry.example.org/a:1" already present on machine',
    )
    sample = (
        'kube_event_image_pulls_total{namespace="shop",registry="registry.example.org",'
        'result="cached"} 1'
    )
    text = yaml.safe_dump({"tests": [{"name": "t", "events": [pulled], "samples": [sample]}]})
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
        ("tests: [{name: a}]", "a: Object missing required field `events`"),
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


def test_every_file_is_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One that fails or is not there does not keep the others from being tried."""
    good = EXAMPLES / "rules_test.yaml"
    missing = tmp_path / "nowhere.yaml"
    assert main(["rules", "test", str(missing), str(good)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"{missing}: No such file or directory",
        f"{good}: ok, 3 tests",
    ]
