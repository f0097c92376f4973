"""``rules test`` as a person runs it: a test file in, what failed out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.cli import main
from tests.unit.config.rule_cases import (
    CHAIR,
    FAILED,
    LAMP,
    OK,
    SECONDS,
    SHOP,
    Cases,
    event,
    failing,
)

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = ROOT / "docs" / "examples"


@pytest.fixture
def cases(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Cases:
    return Cases(tmp_path, capsys)


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


def test_every_file_is_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One that fails or is not there does not keep the others from being tried."""
    good = EXAMPLES / "rules_test.yaml"
    missing = tmp_path / "nowhere.yaml"
    assert main(["rules", "test", str(missing), str(good)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"{missing}: No such file or directory",
        f"{good}: ok, 3 tests",
    ]
