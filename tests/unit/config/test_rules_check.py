"""``rules check`` as a person runs it: all that is wrong with files, and what they would do."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.rules.loading import built_in
from tests.unit.config.test_rules_command import RULE, SAID, SECOND, WRONG, printed


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files have short names there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KUBE_EVENT_METRICS_RULES_FILE", raising=False)
    Path("mine.yaml").write_text(RULE, encoding="utf-8")
    Path("second.yaml").write_text(SECOND, encoding="utf-8")
    Path("wrong.yaml").write_text(WRONG, encoding="utf-8")


ADDS_1 = "mine.yaml: ok, adds 1 rule"
ADDS_2 = "second.yaml: ok, adds 2 rules"


def test_files_that_can_be_used_are_ok(capsys: pytest.CaptureFixture[str]) -> None:
    """Each is told with the number of its rules; a file can use what another declares."""
    code, lines = printed(capsys, "rules", "check", "mine.yaml", "second.yaml")
    assert (code, lines) == (0, [ADDS_1, ADDS_2])


def test_files_are_checked_beside_those_in_force(capsys: pytest.CaptureFixture[str]) -> None:
    """What --rules.file brings is there already, and need not be right twice."""
    argv = ("rules", "check", "--rules.file", "mine.yaml")
    assert printed(capsys, *argv, "second.yaml") == (0, [ADDS_2])
    assert printed(capsys, *argv, "mine.yaml") == (0, [ADDS_1])


def test_what_is_replaced_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """By its id, with the file that has it, be it a built-in one or another."""
    Path("own.yaml").write_text(
        "rules:\n"
        "  - {id: image-pull-failed, components: [x], reasons: [Failed]}\n"
        "  - {id: thing-made, components: [thing-operator], kinds: [Thing], reasons: [Made]}\n"
        "  - {id: thing-sold, components: [thing-operator], kinds: [Thing], reasons: [Sold]}\n",
        encoding="utf-8",
    )
    home = next(name for name, text in built_in() if "- id: image-pull-failed\n" in text)
    replaced = f"image-pull-failed of {home}, thing-made of mine.yaml"
    code, lines = printed(capsys, "rules", "check", "mine.yaml", "own.yaml")
    assert (code, lines) == (0, [ADDS_1, f"own.yaml: ok, adds 1 rule, replaces {replaced}"])


def test_a_slip_in_an_id_is_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    """The file can be used, and would not do what was meant."""
    Path("slip.yaml").write_text(
        "rules: [{id: image-pull-faild, components: [x], reasons: [Y], types: [warning]}]",
        encoding="utf-8",
    )
    code, lines = printed(capsys, "rules", "check", "slip.yaml")
    where, meant = "slip.yaml: image-pull-faild", "image-pull-failed"
    assert code == 0
    assert lines == [
        f"{where}: id: warning: no rule has this id, so it adds one; did you mean {meant}?",
        f"{where}: types: warning: Kubernetes has no type 'warning'; did you mean Warning?",
        "slip.yaml: ok, adds 1 rule",
    ]


def test_a_wrong_file_is_told_and_ends_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    """By file, rule and key, in one line; a file beside it that is right is not called ok."""
    code, lines = printed(capsys, "rules", "check", "second.yaml", "wrong.yaml")
    guess = "; did you mean kube_event_things_total?"
    assert (code, lines) == (1, [f"wrong.yaml: {SAID}{guess}"])


def test_a_missing_file_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """By its name, as is every other one that is wrong by itself."""
    Path("list.yaml").write_text("rules: 5", encoding="utf-8")
    argv = ("rules", "check", "--rules.file", "none.yaml")
    code, lines = printed(capsys, *argv, "nowhere.yaml", "mine.yaml", "list.yaml")
    assert code == 1
    assert lines == [
        "none.yaml: No such file or directory",
        "nowhere.yaml: No such file or directory",
        "list.yaml: rules: is no list",
    ]


def test_all_that_is_wrong_is_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    """In the order of the files and of their lines, whatever was found out first."""
    Path("many.yaml").write_text(
        """
rules:
  - id: one
    components: ['a*b']
    reasons: [A]
    message: '(a+)+'
    samples: [{family: kube_event_many_total, labels: {thing: $thing}}]
  - id: two
    components: [c]
    reason: [B]
    messages: x
  - {id: three, components: [c], reasons: [C], opens: thin}
  - {id: four, components: [c], reasons: [C], types: [normal]}
  - {id: five, components: [c], reasons: [C]}
lifecycles:
  thing: {key: [$uid], max_age: long}
families:
  kube_event_many_total: {type: counter, help: Many, labels: [thing]}
  kube_event_other_total: {type: counter, help: Other., labels: [], bucket: [1]}
causes:
  lower: [{cause: a, pattern: '['}, {cause: b, pattern: b}, {cause: c, pattern: '(?=c)'}]
""",
        encoding="utf-8",
    )
    code, lines = printed(capsys, "rules", "check", "many.yaml", "wrong.yaml")
    assert code == 1
    places = [
        "many.yaml: one: components: 'a*b'",
        "many.yaml: one: message: '(a+)+' at position 0 repeats",
        "many.yaml: two: Object missing required field `reasons`",
        "many.yaml: two: reason: no such key; did you mean reasons?",
        "many.yaml: two: messages: no such key; did you mean message?",
        "many.yaml: three: opens: no lifecycle 'thin'; did you mean thing?",
        "many.yaml: four: types: warning: Kubernetes has no type 'normal'; did you mean Normal?",
        "many.yaml: lifecycles: thing: max_age: 'long' is no duration",
        "many.yaml: families: kube_event_many_total: help is one sentence",
        "many.yaml: families: kube_event_other_total: bucket: no such key; did you mean buckets?",
        "many.yaml: causes: lower: is a function; choose another name",
        "many.yaml: causes: lower: a: pattern: '[' at position 0 opens a set",
        "many.yaml: causes: lower: c: pattern: '(?=' at position 0 looks ahead",
        f"wrong.yaml: {SAID}",
    ]
    assert len(lines) == len(places)
    assert [line[: len(place)] for line, place in zip(lines, places, strict=True)] == places


def test_flags_can_stand_among_the_files(capsys: pytest.CaptureFixture[str]) -> None:
    """As in a replay."""
    argv = ("rules", "check", "mine.yaml", "--log.level", "error", "second.yaml")
    assert printed(capsys, *argv) == (0, [ADDS_1, ADDS_2])
