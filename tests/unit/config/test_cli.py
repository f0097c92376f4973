from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from exporter import cli
from exporter.config import Config
from exporter.config.options import ENVIRONMENT_PREFIX, OPTIONS
from exporter.version import BUILD, VERSION


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in os.environ:
        if variable.startswith(ENVIRONMENT_PREFIX):
            monkeypatch.delenv(variable)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Config, list[str]]]:
    """What would have been executed: nothing is."""
    calls: list[tuple[str, Config, list[str]]] = []

    def execute(command: str, config: Config, operands: list[str]) -> int:
        calls.append((command, config, operands))
        return 0

    monkeypatch.setattr(cli, "_execute", execute)
    return calls


def usage_error(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    """What wrong usage prints on standard error."""
    with pytest.raises(SystemExit) as caught:
        cli.main(argv)
    assert caught.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("usage: kube-event-metrics")
    return err


@pytest.mark.parametrize(
    ("argv", "problem"),
    [
        (["walk"], "no command 'walk': there are run, demo, replay, check"),
        (
            ["--events.tll", "1h"],
            "unrecognized arguments: --events.tll 1h; did you mean --events.ttl?",
        ),
        (["--event.ttl=1h"], "unrecognized arguments: --event.ttl=1h; did you mean --events.ttl?"),
        (["--events.tt", "1h"], "unrecognized arguments: --events.tt"),
        (["run", "--log.level", "loud"], "--log.level: is one of debug, info, warning, error"),
        (["run", "--config.file", "/nowhere/c.yaml"], "/nowhere/c.yaml: No such file"),
        (["run", "extra"], "unrecognized arguments: extra\n"),
        (["replay"], "FILE|-"),
        (["--events.ttl"], "expected one argument"),
        (["check", "--series.limit", "0"], "--series.limit: is a whole number"),
        (["--log.level=debug", "run"], "the command comes first: kube-event-metrics run [flags]"),
        (["--log.level", "debug", "replay", "f"], "the command comes first: kube-event-metrics re"),
        (["demo", "--kubeconfig", "k"], "--kubeconfig: the demo watches a cluster of its own"),
        (["demo", "--context=c"], "--context: the demo watches a cluster of its own"),
    ],
)
def test_wrong_usage_ends_with_2(
    capsys: pytest.CaptureFixture[str], argv: list[str], problem: str
) -> None:
    """Wrong usage prints the usage and what is wrong on standard error, and exits with 2."""
    assert problem in usage_error(capsys, *argv)


def test_wrong_environment_ends_with_2(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A misspelt variable stops the start like a misspelt flag."""
    monkeypatch.setenv("KUBE_EVENT_METRICS_EVENTS_TLL", "1h")
    assert "did you mean KUBE_EVENT_METRICS_EVENTS_TTL?" in usage_error(capsys, "run")


@pytest.mark.parametrize("argv", [["--version"], ["replay", "--version"]])
def test_version(capsys: pytest.CaptureFixture[str], argv: list[str]) -> None:
    """--version prints name and version on standard output."""
    with pytest.raises(SystemExit) as caught:
        cli.main(argv)
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"kube-event-metrics {VERSION} ({BUILD})\n"


@pytest.mark.parametrize("argv", [["--help"], ["run", "--help"], ["replay", "-h"]])
def test_help_names_every_option(capsys: pytest.CaptureFixture[str], argv: list[str]) -> None:
    """--help lists all options with their defaults, and says where else they can stand."""
    with pytest.raises(SystemExit) as caught:
        cli.main(argv)
    assert caught.value.code == 0
    words = " ".join(capsys.readouterr().out.split())
    for option in OPTIONS:
        assert f"--{option.name} " in words
        if option.default:
            assert f"Default {option.default}." in words
    assert "KUBE_EVENT_METRICS_EVENTS_TTL" in words


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a command --help says which there are and what they do."""
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    out = capsys.readouterr().out
    for command, text in cli.COMMANDS.items():
        assert command in out
        assert text in out


@pytest.mark.parametrize("argv", [[], ["--log.level", "debug"], ["run", "--log.level", "debug"]])
def test_run_is_the_default(started: list[tuple[str, Config, list[str]]], argv: list[str]) -> None:
    """Without a command the exporter runs, with or without flags."""
    assert cli.main(argv) == 0
    assert [command for command, _, _ in started] == ["run"]


def test_repeated_flags_add_up(started: list[tuple[str, Config, list[str]]]) -> None:
    """--events.namespace can be given again and again, and as a list."""
    flags = ["--events.namespace", "a", "--events.namespace=b,c"]
    cli.main(flags)
    assert started[0][1].namespaces == ("a", "b", "c")


def test_commands_of_two_words(started: list[tuple[str, Config, list[str]]]) -> None:
    """What follows the second word is theirs."""
    cli.main(["rules"])
    cli.main(["rules", "--rules.file", "c"])
    cli.main(["rules", "check", "a", "b"])
    assert [(command, operands) for command, _, operands in started] == [
        ("rules", []),
        ("rules", []),
        ("rules check", ["a", "b"]),
    ]
    assert started[1][1].rule_files == ("c",)


def test_other_repeated_flags_count_last(started: list[tuple[str, Config, list[str]]]) -> None:
    """Of a flag for one value that is given twice the last counts, as everywhere."""
    cli.main(["--context", "a", "--context", "b"])
    assert started[0][1].context == "b"


def test_demo_is_for_this_machine_only(started: list[tuple[str, Config, list[str]]]) -> None:
    """A demonstration listens on loopback, a real exporter for its scrapers."""
    cli.main(["demo"])
    cli.main(["run"])
    assert [config.listen_host for _, config, _ in started] == ["127.0.0.1", "0.0.0.0"]


def test_demo_listens_where_it_is_told(
    started: list[tuple[str, Config, list[str]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Flag, environment and file all beat the demonstration's own default."""
    cli.main(["demo", "--web.listen-address", "0.0.0.0:1"])
    file = tmp_path / "config.yaml"
    file.write_text("web: {listen-address: '0.0.0.0:2'}", encoding="utf-8")
    cli.main(["demo", "--config.file", str(file)])
    monkeypatch.setenv("KUBE_EVENT_METRICS_WEB_LISTEN_ADDRESS", "0.0.0.0:3")
    cli.main(["demo"])
    assert [(c.listen_host, c.listen_port) for _, c, _ in started] == [
        ("0.0.0.0", 1),
        ("0.0.0.0", 2),
        ("0.0.0.0", 3),
    ]


def test_replay_takes_its_source(started: list[tuple[str, Config, list[str]]]) -> None:
    """The file of a replay can be a dash, and flags can stand on both sides of it."""
    cli.main(["replay", "-"])
    cli.main(["replay", "--series.limit", "5", "events.json", "--log.level", "error"])
    assert [operands for _, _, operands in started] == [["-"], ["events.json"]]
    assert started[1][1].series_limit == 5


def test_replay_reads_audit_events_where_it_is_told(
    started: list[tuple[str, Config, list[str]]],
) -> None:
    """On either side of the file."""
    cli.main(["replay", "--audit", "audit.log"])
    cli.main(["replay", "-", "--audit"])
    assert [(c, operands) for c, _, operands in started] == [
        ("replay --audit", ["audit.log"]),
        ("replay --audit", ["-"]),
    ]


def test_ctrl_c_ends_quietly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With 130, as a shell has it, wherever a command is when it comes."""

    def execute(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_execute", execute)
    assert cli.main(["check"]) == 130
    assert capsys.readouterr() == ("", "")


_INTERRUPTING = """
import sys
class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupt())
{start}
"""
_STARTS = {
    "script": "from exporter.cli import main\nsys.exit(main())",
    "module": "import runpy\nrunpy.run_module('exporter', run_name='__main__')",
}


@pytest.mark.parametrize("start", _STARTS)
@pytest.mark.parametrize(
    "module", ["yaml", "exporter.config", "exporter.commands.check", "aiohttp", "kubernetes"]
)
def test_ctrl_c_while_it_starts_is_quiet(module: str, start: str, tmp_path: Path) -> None:
    """Also while it imports what it needs, which takes longest."""
    (tmp_path / "k").write_text(
        "current-context: a\ncontexts: [{name: a, context: {cluster: a}}]\n"
        "clusters: [{name: a, cluster: {server: 'http://127.0.0.1:1'}}]\n"
    )
    code = _INTERRUPTING.format(module=module, start=_STARTS[start])
    argv = [sys.executable, "-c", code, "check", "--kubeconfig", str(tmp_path / "k")]
    ended = subprocess.run(argv, capture_output=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, b"", b"")


def test_ctrl_c_while_it_reads_is_quiet() -> None:
    """A replay that waits for standard input is the one that people interrupt."""
    with subprocess.Popen(
        [sys.executable, "-m", "exporter", "replay", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        process.stdin.write(b"\n" * 1_000_000)  # more than a pipe holds: it reads by now
        process.stdin.flush()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (130, b"", b"")


@pytest.mark.parametrize("argv", [["replay", os.devnull], ["check"]])
def test_a_reader_that_has_gone_is_no_error(argv: list[str], tmp_path: Path) -> None:
    """As of any program in a pipe, `| head -1` for instance: 141, and nothing is said."""
    reading, writing = os.pipe()
    os.close(reading)
    environ = {k: v for k, v in os.environ.items() if "KUBE" not in k} | {"HOME": str(tmp_path)}
    with os.fdopen(writing, "wb") as gone:
        ended = subprocess.run(
            [sys.executable, "-m", "exporter", *argv],
            env=environ,
            stdout=gone,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (ended.returncode, ended.stderr) == (141, b"")
