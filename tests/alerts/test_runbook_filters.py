"""What the runbooks tell a reader to ask of an audit log finds what was recorded."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.alerts.rules import RUNBOOKS
from tests.packaging.commands import sh_commands
from tests.promql.documents import documents
from tests.recordings.reading import VERSIONS, body

# What was recorded for sure, by the runbook whose first filter finds it.
FOUND = {
    "KubeAuditAdmissionDenied": "exceeded quota",
    "KubeAuditAnonymousProbing": "403\tlist\t/api/v1/",
    "KubeAuditAuthzDenied": "kube-system:generic-garbage-collector",
    "KubeAuditConflictStorm": "cronjob-controller",
    "KubeAuditDeprecatedApiInUse": "1.22\textensions\tv1beta1\tingresses",
    "KubeAuditEvictionBlocked": "disruption budget",
    "KubeAuditMassDeletion": "kube-admin",
    "KubeAuditPanic": "kube-admin",
    "KubeAuditServerErrors": "InternalError",
    "KubeAuditTokenRequested": "kube-controller-manager",
    "KubeAuditUserDenied": 'User "event-exporter" cannot list resource "pods"',
}


def filters(path: Path) -> list[str]:
    """The commands of a document that begin with jq."""
    commands = sh_commands(path.read_text(encoding="utf-8"))
    return [command for command in commands if command.startswith("jq ")]


FILTERS = sorted({command for path in documents() for command in filters(path)})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the recorded lines are in ``audit.log``."""
    if shutil.which("jq") is None:
        pytest.skip("no jq on the PATH")
    made = tmp_path_factory.mktemp("audit")
    lines = b"".join(body(f"{version}/audit/audit.log") for version in VERSIONS)
    (made / "audit.log").write_bytes(lines)
    return made


def found_by(command: str, folder: Path) -> str:
    """What the whole pipe prints."""
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    # 141: `head` has seen enough.
    assert done.returncode in (0, 141), done.stderr
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("command", FILTERS)
def test_filter_is_taken(command: str, folder: Path) -> None:
    """It is right for each line, whatever fields it lacks."""
    found_by(command, folder)


@pytest.mark.parametrize(("alert", "words"), FOUND.items())
def test_filter_finds_what_was_recorded(alert: str, words: str, folder: Path) -> None:
    """The first of its runbook."""
    assert words in found_by(filters(RUNBOOKS / f"{alert}.md")[0], folder)
