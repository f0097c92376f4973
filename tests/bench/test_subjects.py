"""Any exporter can be driven: by a command, a kubeconfig and a port."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.subjects.choice import commanded
from tests.bench.subjects.go_build import CannotBuildError, built
from tests.bench.subjects.subject import Subject, exporter, named_apart
from tests.packaging.commands import sh_commands

ROOT = Path(__file__).resolve().parents[2]
COMMAND = "my-exporter --kubeconfig={kubeconfig} --listen '127.0.0.1:{port}' --say 'a b'"


def test_a_command_is_read_as_a_shell_does() -> None:
    """The placeholders may stand inside a word, and quotes hold words together."""
    [subject] = commanded([COMMAND], [], [], [])
    assert subject.started_with(Path("/tmp/k c"), 8080) == [
        "my-exporter",
        "--kubeconfig=/tmp/k c",
        "--listen",
        "127.0.0.1:8080",
        "--say",
        "a b",
    ]
    assert (subject.name, subject.metrics_path, subject.ready_path) == (
        "my-exporter",
        "/metrics",
        "",
    )
    assert not subject.ours


def test_a_placeholder_in_a_path_stays_as_it_is() -> None:
    """What is filled in is not looked at again."""
    subject = Subject("a", ("x", "{kubeconfig}", "{port}"))
    assert subject.started_with(Path("/tmp/{port}"), 1) == ["x", "/tmp/{port}", "1"]


def test_names_and_paths_belong_to_the_command_of_their_place() -> None:
    """Those that are not given are the usual ones."""
    first, second = commanded([COMMAND, COMMAND], ["one"], ["/a", "/b"], ["/readyz"])
    assert (first.name, first.metrics_path, first.ready_path) == ("one", "/a", "/readyz")
    assert (second.name, second.metrics_path, second.ready_path) == ("my-exporter", "/b", "")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("my-exporter --listen 127.0.0.1:{port}", "where does {kubeconfig} go"),
        ("my-exporter --kubeconfig {kubeconfig}", "where does {port} go"),
        ("", "empty"),
        ("my-exporter 'unclosed", "quotation"),
    ],
)
def test_a_command_that_cannot_work_is_refused(command: str, said: str) -> None:
    """Before anything is measured."""
    with pytest.raises(ValueError, match=said):
        commanded([command], [], [], [])


def test_a_name_without_a_command_is_refused() -> None:
    """And so is what is no path."""
    with pytest.raises(ValueError, match="a --name without its --command"):
        commanded([COMMAND], ["a", "b"], [], [])
    with pytest.raises(ValueError, match="is no path"):
        commanded([COMMAND], [], ["metrics"], [])


def test_two_of_one_name_have_columns_of_their_own() -> None:
    """Their figures must not be mixed."""
    assert [s.name for s in named_apart([exporter("a"), exporter("b")])] == ["ours", "ours (2)"]


def test_without_go_the_column_says_so(tmp_path: Path) -> None:
    """What was built before is used without it."""
    environ = {"PATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    with pytest.raises(CannotBuildError, match="go is missing"):
        built(environ)
    go = tmp_path / "go"
    _write_program(go, "print('go1.20.1')")
    with pytest.raises(CannotBuildError, match=r"go1\.20\.1 is too old"):
        built(environ)
    _write_program(
        go,
        "import os, sys",
        "print('go1.26.0')",
        "output = [word for word in sys.argv if '/informer.' in word]",
        "for path in output: os.close(os.open(path, os.O_CREAT, 0o755))",
    )
    program = built(environ)
    go.unlink()
    assert built(environ) == program


def _write_program(path: Path, *lines: str) -> None:
    path.write_text("\n".join([f"#!{sys.executable}", *lines, ""]))
    path.chmod(0o755)


@pytest.mark.timeout(300)
def test_the_documented_example_measures_another_exporter(tmp_path: Path) -> None:
    """Its column has the figures that need none of our families, and what it counts."""
    page = (ROOT / "docs" / "performance.md").read_text()
    [line] = [c for c in sh_commands(page) if "tests.bench.subjects.informer_in_python" in c]
    [flags] = re.findall(r'BENCH="(.*)"$', line)
    words = [word.replace(".venv/bin/python", sys.executable) for word in shlex.split(flags)]
    runs = tmp_path / "runs.json"
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", *words, "--no-fail", "--json", str(runs)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads(runs.read_text())
    assert {"stream_cpu", "stream_rate", "stream_counted"} <= document["runs"]["stock"].keys()
    [ours] = document["runs"].keys() - {"stock"}
    assert document["runs"][ours]["stream_counted"] == [100]
