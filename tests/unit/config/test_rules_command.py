"""``rules`` as a person runs it, and what wrong rule files do elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.cli import main
from exporter.rules.loading import built_in, load

RULE = """
families:
  kube_event_things_total: {type: counter, help: Things., labels: [namespace]}
rules:
  - id: thing-made
    components: [thing-operator]
    kinds: [Thing]
    reasons: [Made, Bought]
    samples: [{family: kube_event_things_total, labels: {namespace: $namespace}}]
"""
# Feeds a family of the file above.
SECOND = """
rules:
  - id: thing-found
    components: [thing-operator]
    kinds: [Thing]
    reasons: [Found]
    samples: [{family: kube_event_things_total, labels: {namespace: $namespace}}]
  - id: thing-lost
    components: [thing-operator]
    kinds: [Thing]
    reasons: [Lost]
"""
WRONG = RULE.replace("{family: kube_event_things_total", "{family: kube_event_thing_total")
SAID = "thing-made: samples[0].family: no family 'kube_event_thing_total'"


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files have short names there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KUBE_EVENT_METRICS_RULES_FILE", raising=False)
    Path("mine.yaml").write_text(RULE, encoding="utf-8")
    Path("second.yaml").write_text(SECOND, encoding="utf-8")
    Path("wrong.yaml").write_text(WRONG, encoding="utf-8")


def printed(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, list[str]]:
    """Exit code and lines on standard output, where nothing is said on standard error."""
    code = main(argv)
    out, err = capsys.readouterr()
    assert err == ""
    return code, out.splitlines()


def test_every_rule_in_force_is_listed_in_its_order(capsys: pytest.CaptureFixture[str]) -> None:
    """Each has a line that begins with its id and ends with its file."""
    code, lines = printed(capsys, "rules")
    heads = [tuple(line.split()) for line in lines if not line.startswith(" ")]
    book = load(built_in(), lambda: 0.0)
    rules = [(rule.id, rule.file) for rule in book.all()]
    audit = [(rule.id, rule.file) for rule in book.audit.all()]
    assert audit
    assert code == 0
    assert heads == [("ID", "FILE"), *rules, *audit]


def test_own_rules_are_listed_after_the_built_in_ones(capsys: pytest.CaptureFixture[str]) -> None:
    """With what they read and what they feed."""
    _, lines = printed(capsys, "rules", "--rules.file", "mine.yaml")
    assert lines[-3].split() == ["thing-made", "mine.yaml"]
    assert lines[-2:] == [
        "    Thing by thing-operator: Made, Bought",
        "    feeds kube_event_things_total",
    ]


def test_what_a_rule_opens_and_closes_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """By the lifecycle's name, and of a closing the outcome; a rule without effect says so."""
    Path("pair.yaml").write_text(
        "lifecycles: {making: {key: [$uid], max_age: 1h}}\n"
        "rules:\n"
        "  - {id: a, components: [x], reasons: [A], opens: making}\n"
        "  - {id: b, components: [x], reasons: [B], closes: making, outcome: made}\n"
        "  - {id: c, components: [x], reasons: [C]}\n",
        encoding="utf-8",
    )
    _, lines = printed(capsys, "rules", "--rules.file", "pair.yaml")
    assert [line.strip() for line in lines[-7::3]] == [
        "opens making",
        "closes making as made",
        "counts nothing",
    ]


def test_the_message_and_the_type_of_a_rule_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """As the file has them: where several rules are for one reason, these tell them apart."""
    message = "^Can''t make|buy thing \\d+ "
    rule = f"id: m, components: [x], reasons: [A], types: [Warning, Odd], message: '{message}'"
    Path("message.yaml").write_text(f"rules: [{{{rule}}}]", encoding="utf-8")
    _, lines = printed(capsys, "rules", "--rules.file", "message.yaml")
    assert lines[-3:] == [
        "    Pod by x: A (Warning, Odd)",
        f"    message '{message}'",
        "    counts nothing",
    ]


def test_a_replaced_rule_says_by_whom(capsys: pytest.CaptureFixture[str]) -> None:
    """It is listed once, where the rule stands that it replaces."""
    Path("other.yaml").write_text(
        "rules: [{id: thing-made, components: [new], kinds: [Thing], reasons: [Made]}]",
        encoding="utf-8",
    )
    _, lines = printed(
        capsys, "rules", "--rules.file=mine.yaml", "--rules.file=second.yaml,other.yaml"
    )
    about = [line for line in lines if line.startswith("thing-")]
    assert [line.split(maxsplit=1) for line in about] == [
        ["thing-made", "other.yaml (in place of the one in mine.yaml)"],
        ["thing-found", "second.yaml"],
        ["thing-lost", "second.yaml"],
    ]


def test_a_built_in_rule_can_be_replaced(capsys: pytest.CaptureFixture[str]) -> None:
    """By a file of any name, a built-in one's included."""
    first = next(iter(load(built_in(), lambda: 0.0).all()))
    rule = "components: [x], kinds: [Thing], reasons: [Made]"
    Path(first.file).write_text(
        f"rules: [{{id: {first.id}, {rule}}}, {{id: thing-new, {rule}}}]", encoding="utf-8"
    )
    _, lines = printed(capsys, "rules", "--rules.file", first.file)
    heads = [line.split(maxsplit=1) for line in lines if not line.startswith(" ")]
    assert heads[1] == [first.id, f"{first.file} (in place of the one in built-in {first.file})"]
    assert heads[-1] == ["thing-new", first.file]
    assert lines[-2:] == ["    Thing by x: Made", "    counts nothing"]


def test_the_list_needs_no_wide_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """A hundred columns hold it, however many reasons a rule has, and however long its message."""
    reasons = ", ".join(f"Reason{number}" for number in range(50))
    message = "^" + "|".join(f"word {number}" for number in range(60)) + "x" * 200
    Path("long.yaml").write_text(
        f"rules: [{{id: long, components: [x], reasons: [{reasons}], message: '{message}'}}]",
        encoding="utf-8",
    )
    _, lines = printed(capsys, "rules", "--rules.file", "long.yaml")
    assert max(map(len, lines)) <= 100
    assert "Reason49" in " ".join(lines)
    shown = " ".join(line.strip() for line in lines[-20:])
    assert shown.replace(" ", "").endswith(f"message'{message}'countsnothing".replace(" ", ""))


@pytest.mark.parametrize(
    "argv", [["run"], ["demo"], ["replay", "/dev/null"], ["rules"], []], ids=" ".join
)
def test_a_wrong_rule_file_is_wrong_usage(
    capsys: pytest.CaptureFixture[str], argv: list[str]
) -> None:
    """As a wrong --config.file is: usage and what is wrong on standard error, and 2."""
    Path("kubeconfig").write_text(
        "current-context: a\ncontexts: [{name: a, context: {cluster: a}}]\n"
        "clusters: [{name: a, cluster: {server: 'http://127.0.0.1:1'}}]\n",
        encoding="utf-8",
    )
    with pytest.raises(SystemExit) as caught:
        main([*argv, "--rules.file", "wrong.yaml", "--web.listen-address", "127.0.0.1:0"])
    out, err = capsys.readouterr()
    assert (caught.value.code, out) == (2, "")
    assert err.startswith("usage: kube-event-metrics")
    assert f"error: wrong.yaml: {SAID}" in err.splitlines()[-1]


@pytest.mark.parametrize("variable", [False, True])
def test_replay_uses_own_rules(
    capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch, variable: bool
) -> None:
    """Named by a flag or by the environment."""
    event = (
        b'{"metadata":{"name":"a"},"involvedObject":{"kind":"Thing","namespace":"shop"},'
        b'"reason":"Made","source":{"component":"thing-operator"},"type":"Normal"}\n'
    )
    Path("events.json").write_bytes(event)
    flag = [] if variable else ["--rules.file", "mine.yaml"]
    if variable:
        monkeypatch.setenv("KUBE_EVENT_METRICS_RULES_FILE", "mine.yaml")
    assert main(["replay", "events.json", *flag]) == 0
    assert b'kube_event_things_total{namespace="shop"} 1\n' in capsysbinary.readouterr().out


@pytest.mark.parametrize(
    ("argv", "problem"),
    [
        (["rules", "show", "f"], "no command 'rules show': there are run, demo, replay, check,"),
        (["rules", "mine.yaml"], "no command 'rules mine.yaml': there are "),
        (["rules", "check"], "the following arguments are required: FILE"),
        (["rules", "test"], "the following arguments are required: FILE"),
        (["rules", "check", "f", "--rule.file", "g"], "did you mean --rules.file?"),
        (["--log.level=debug", "rules"], "the command comes first: kube-event-metrics rules"),
    ],
)
def test_wrong_usage_ends_with_2(
    capsys: pytest.CaptureFixture[str], argv: list[str], problem: str
) -> None:
    """Of the commands of two words as of all others."""
    with pytest.raises(SystemExit) as caught:
        main(argv)
    assert caught.value.code == 2
    assert problem in capsys.readouterr().err
