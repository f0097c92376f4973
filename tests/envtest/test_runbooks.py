"""What the runbooks and documents tell a reader to type at a cluster is taken by kubectl."""

from __future__ import annotations

import itertools
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.envtest.cluster import Cluster
from tests.packaging.commands import quick_start, sh_commands
from tests.promql.documents import documents

pytestmark = pytest.mark.envtest

# Of an object that is not there, or an API that this cluster does not have: no fault of a command.
_ABSENT = re.compile(
    r"NotFound|not found|No resources found|doesn't have a resource type|no matches for kind"
    r"|Metrics API not available"
)
_PLACEHOLDER = re.compile(r"\b[A-Z]{2,}\b")


def commands() -> list[str]:
    """Those that begin with kubectl. Those of the guide that installs are in test_kustomize.py,
    those of the way from nothing in test_quick_start.py.
    """
    elsewhere = quick_start()
    return sorted(
        {
            command
            for path in documents()
            if path.name != "deployment.md"
            for command in sh_commands(path.read_text(encoding="utf-8"))
            if command.startswith("kubectl ") and command not in elsewhere
        }
    )


@pytest.mark.parametrize("command", commands())
def test_command_is_taken(
    command: str, kubectl_program: Path, cluster: Cluster, tmp_path: Path
) -> None:
    """It succeeds, or what it names is not there; no flag, column or selector is wrong."""
    config = cluster.kubeconfig(tmp_path / "kubeconfig")
    ready = _PLACEHOLDER.sub(
        lambda word: "default" if word[0] == "NAMESPACE" else word[0].lower(), command
    )
    # What a pipe does with the output is another program's matter.
    words = list(itertools.takewhile(lambda word: word != "|", _words(ready)))[1:]
    done = subprocess.run(
        [kubectl_program, "--kubeconfig", config, "--request-timeout", "30s", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0 or _ABSENT.search(done.stderr), done.stderr


def _words(command: str) -> shlex.shlex:
    """As a shell reads them; a pipe is a word of its own."""
    words = shlex.shlex(command, posix=True, punctuation_chars="|")
    words.whitespace_split = True
    words.commenters = ""
    return words
