"""What the documents tell a reader to type works, and what they link to is there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from exporter.audit import AuditReader
from exporter.demo import DemoCluster
from exporter.rules.reserved_audit import AUDIT
from tests.notifications.alertmanager_server import amtool
from tests.packaging.commands import quick_start, quick_start_text, sh_commands
from tests.recordings.reading import body
from tests.unit.audit.events import of_body

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    [
        ROOT / "README.md",
        ROOT / "deploy" / "helm" / "kube-event-metrics" / "README.md",
        *(ROOT / "docs").rglob("*.md"),
    ]
)
# The targets that CI itself calls, with this test inside one of them. `make run`, `make bench`,
# `make profile`, `make ratio` and `make compiled` are tried by .ci/run, `make demo` by
# test_demo.py, and what `make soak`, `make plateau` and `make curves` do in their short forms by
# tests/chaos, tests/plateau and tests/bench.
_MAKE = {
    *("run", "demo", "test", "check", "compiled", "bench", "profile", "ratio", "curves"),
    *("soak", "plateau", "help"),
}
# What cannot run where there is no container runtime and no node; README says so of these.
_NOT_TRIED = {
    "kind create cluster": "needs Docker",
    "docker build -t kube-event-metrics:0.1.0 .": "needs Docker, and a base image from a registry",
    "kind load docker-image kube-event-metrics:0.1.0": "needs a cluster of kind",
}
_SOURCE_PIPE = "kubectl get events -A -o json | "
_LIST = (
    '{"kind":"List","apiVersion":"v1","items":[{"metadata":{"name":"a","namespace":"n"},'
    '"involvedObject":{"kind":"Pod","namespace":"n"},"reason":"R","type":"Normal","count":2}]}'
)


def _documented() -> list[str]:
    return sorted({command for path in DOCUMENTS for command in sh_commands(path.read_text())})


def test_every_documented_command_is_of_a_kind_that_is_tried() -> None:
    """A command that nothing tries does not get into the documents."""
    known = (
        *(f"make {target}" for target in _MAKE),
        "pip install .",
        "kube-event-metrics",
        "amtool ",
        # no registry to build from: test_dockerfile.py, and .ci/image builds with podman
        *("docker build ", "docker buildx build ", "podman build "),
        "kubectl ",  # against a real API server: tests/envtest/test_runbooks.py
        "helm ",  # the same: tests/envtest/test_chart_guide.py
        "jq ",  # over a recorded audit log: tests/alerts/test_runbook_filters.py
        "curl -s localhost:10360/metrics | ",  # tests/envtest/test_quick_start.py
        _SOURCE_PIPE,
    )
    strange = [c for c in _documented() if not c.startswith(known) and c not in _NOT_TRIED]
    assert strange == []


def test_what_is_not_tried_is_in_the_quick_start_alone_and_names_our_image() -> None:
    """And README says that it is not."""
    assert [c for c in quick_start() if c in _NOT_TRIED] == list(_NOT_TRIED)
    assert "`kind`, `docker build`, the end of the roll-out and `port-forward` are not tried" in (
        quick_start_text()
    )
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    images = re.findall(r"kube-event-metrics:\S+", "\n".join(_NOT_TRIED))
    assert set(images) == {f"kube-event-metrics:{version}"}


def test_documented_make_targets_are_listed_by_make_help() -> None:
    """`make help` names every target that the documents name."""
    listed = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    targets = {c.split()[1] for c in _documented() if c.startswith("make ")}
    assert {t for t in targets if not re.search(rf"^  {t} ", listed, re.MULTILINE)} == set()


def test_documented_replay_reads_what_kubectl_prints() -> None:
    """The pipe from kubectl ends in metrics."""
    commands = [c.removeprefix(_SOURCE_PIPE) for c in _documented() if c.startswith(_SOURCE_PIPE)]
    assert commands == ["kube-event-metrics replay -"]
    done = subprocess.run(
        [sys.executable, "-m", "exporter", *commands[0].split()[1:]],
        cwd=ROOT,
        input=_LIST,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (
        'kube_events_total{type="Normal",reason="R",kind="Pod",namespace="n",component=""} 2'
        in (done.stdout)
    )


@pytest.mark.alertmanager
def test_documented_commands_of_amtool_succeed() -> None:
    """Each of them, in the checkout; that about a team's namespace finds the team."""
    commands = [c for c in _documented() if c.startswith("amtool ")]
    answers = {}
    for command in commands:
        done = amtool(*command.split()[1:])
        assert (command, done.returncode) == (command, 0)
        answers[command.split()[1]] = done.stdout
        if "namespace=payments" in command:
            assert done.stdout == "webhook,team-payments\n"
    assert answers.keys() == {"check-config", "config"}


def test_documented_replay_reads_an_audit_log(tmp_path: Path) -> None:
    """Each such command, with a log that stands elsewhere."""
    log = tmp_path / "audit.log"
    log.write_bytes(body("kubernetes-1.36.3/audit/audit.log")[:100_000].rpartition(b"\n")[0])
    commands = [c for c in _documented() if c.startswith("kube-event-metrics replay --audit ")]
    assert commands
    for command in commands:
        words = command.split()[1:]
        assert words[-1].endswith("/audit.log")
        done = subprocess.run(
            [sys.executable, "-m", "exporter", *words[:-1], str(log)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert "\nkube_audit_requests_total{" in done.stdout


def test_documented_check_of_audit_events_succeeds(tmp_path: Path) -> None:
    """With a log that stands elsewhere, it says so."""
    log = tmp_path / "audit.log"
    log.write_bytes(body("kubernetes-1.36.3/audit/audit.log")[:10_000].rpartition(b"\n")[0])
    commands = [c for c in _documented() if c.startswith("kube-event-metrics check --audit")]
    assert commands
    for command in commands:
        words = [str(log) if w.endswith("/audit.log") else w for w in command.split()[1:]]
        done = subprocess.run(
            [sys.executable, "-m", "exporter", *words],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert "ok    audit.log.path" in done.stdout


def test_documented_batches_are_taken() -> None:
    """The example as it stands, and lines of a log in what is said to be enough."""
    text = (ROOT / "docs" / "audit.md").read_text()
    examples = re.findall(r"^```json\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert [of_body(AuditReader(), each.encode()) for each in examples] == [[]]
    lines = body("kubernetes-1.36.3/audit/audit.log").splitlines()[:10]
    assert '`{"items": [...]}`' in text
    records = of_body(AuditReader(), b'{"items": [' + b",".join(lines) + b"]}")
    assert len(records or ()) == len(lines)


def test_each_family_of_audit_events_says_what_it_needs_of_the_policy() -> None:
    """By its name, in the table of docs/audit.md."""
    text = (ROOT / "docs" / "audit.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| `kube_audit_")]
    named = {name for row in rows for name in re.findall(r"kube_audit_\w+", row.split(" | ")[0])}
    assert {family.name for family in AUDIT} <= named


async def test_documented_check_succeeds_where_all_is_well(tmp_path: Path) -> None:
    """`kube-event-metrics check` says ok to a cluster that lets us work."""
    import asyncio

    assert "kube-event-metrics check" in _documented()
    cluster = DemoCluster(history=0.0)
    await cluster.start()
    try:
        cluster.write_kubeconfig(tmp_path / "kubeconfig")
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "exporter",
            "check",
            cwd=ROOT,
            env={**os.environ, "KUBECONFIG": str(tmp_path / "kubeconfig")},
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await process.communicate()
    finally:
        await cluster.stop()
    assert (process.returncode, output.count(b"ok    rights")) == (0, 2)


def test_documented_commands_about_rules_succeed() -> None:
    """Each of them works in the checkout as it stands, list, check and test."""
    rules = [c for c in _documented() if re.match(r"kube-event-metrics rules\b", c)]
    assert {*" ".join(rules).split()} >= {"rules", "--rules.file", "check", "test"}
    for command in rules:
        done = subprocess.run(
            [sys.executable, "-m", "exporter", *command.split()[1:]],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (command, done.returncode, done.stderr) == (command, 0, "")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_links_lead_somewhere(path: Path) -> None:
    """A relative link names a file of the project."""
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text())
    assert [t for t in targets if not (path.parent / t).exists()] == []
