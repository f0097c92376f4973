"""What runs outside, at the repository's host, has no more rights than it needs, and none moves.

(actionlint and zizmor are part of `make lint`.)
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

_ROOT = Path(__file__).parents[2]
_FILES = sorted((_ROOT / ".github" / "workflows").glob("*.yaml"))
_TEXTS = {path.name: path.read_text(encoding="utf-8") for path in _FILES}
_USES = re.compile(r"^ *(?:- )?uses: (\S+)(?: # (\S+))?", re.MULTILINE)


def _workflow(name: str) -> dict[Any, Any]:
    document: dict[Any, Any] = yaml.safe_load(_TEXTS[name])
    return document


def test_actions_are_pinned_by_commit_and_say_their_version() -> None:
    """All of them the same commit of one version, wherever they are used."""
    used = [each for text in _TEXTS.values() for each in _USES.findall(text)]
    foreign = {each for each in used if not each[0].startswith("./")}
    for action, version in foreign:
        assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", action), action
        assert re.fullmatch(r"v\d+\.\d+\.\d+", version), action
    assert len({action.split("@")[0] for action, _ in foreign}) == len(foreign)


@pytest.mark.parametrize("name", _TEXTS)
def test_rights_are_those_of_a_reader_unless_a_job_says_more(name: str) -> None:
    """And each job says what it may, and how long it takes at most."""
    workflow = _workflow(name)
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert "permissions" in job
        assert "uses" in job or "timeout-minutes" in job


def test_only_what_publishes_may_write_and_sign() -> None:
    """The gates run code of a pull request: they may read."""
    jobs = _workflow("release.yaml")["jobs"] | _workflow("ci.yaml")["jobs"]
    may = {
        name: sorted(right for right, level in job["permissions"].items() if level == "write")
        for name, job in jobs.items()
    }
    publisher = ["artifact-metadata", "attestations", "contents", "id-token", "packages"]
    assert {name: rights for name, rights in may.items() if rights} == {
        "image": ["packages"],
        "publish": publisher,
    }


@pytest.mark.parametrize("name", _TEXTS)
def test_nobody_s_text_gets_into_a_shell(name: str) -> None:
    """Expressions reach scripts as variables, never as part of them; no fork gets secrets."""
    assert "pull_request_target" not in _TEXTS[name]
    for job in _workflow(name)["jobs"].values():
        for step in job.get("steps", ()):
            assert "${{" not in step.get("run", "")
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


def test_commands_of_a_release_exist() -> None:
    """Its files are made by a target of the Makefile, and checked in CI by the same script."""
    steps = [step.get("run", "") for step in _workflow("release.yaml")["jobs"]["files"]["steps"]]
    assert "make dist" in steps
    asked = subprocess.run(
        ["make", "--dry-run", "dist"], cwd=_ROOT, capture_output=True, text=True, check=True
    )
    assert ".ci/dist dist" in asked.stdout
    assert ".ci/dist" in (_ROOT / ".ci" / "reproducible").read_text(encoding="utf-8")
    assert "bash .ci/run" in _TEXTS["ci.yaml"]
