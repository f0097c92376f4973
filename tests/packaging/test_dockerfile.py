"""The Dockerfile keeps its rules. (hadolint is part of `make lint`.)"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STAGES = re.split(r"^FROM ", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)[1:]
FINAL = STAGES[-1]


def test_the_image_is_built_in_stages() -> None:
    """What builds is not what runs: no pip and no compiler."""
    assert len(STAGES) == 2
    assert ["HATCH_BUILD_HOOKS_ENABLE=1" in stage for stage in STAGES] == [True, False]
    assert ["gcc" in stage for stage in STAGES] == [True, False]
    assert "pip" not in FINAL


def test_the_user_is_numeric_and_not_root() -> None:
    """The kubelet can verify runAsNonRoot only of a number."""
    users = re.findall(r"^USER (\S+)$", FINAL, re.MULTILINE)
    assert users == ["65532:65532"]


def test_the_entrypoint_is_no_shell() -> None:
    """The exporter is process 1 and gets SIGTERM itself."""
    assert re.findall(r"^(?:ENTRYPOINT|CMD) (.*)$", FINAL, re.MULTILINE) == [
        '["kube-event-metrics"]'
    ]


def test_nothing_is_written_at_run_time() -> None:
    """The root file system may be read-only: no byte code is cached, no volume is asked for."""
    assert "PYTHONDONTWRITEBYTECODE=1" in FINAL
    assert "VOLUME" not in FINAL


def test_the_build_context_is_an_allow_list() -> None:
    """Nothing but what the image needs reaches the builder."""
    lines = (ROOT / ".dockerignore").read_text().split()
    assert lines[0] == "*"
    assert {line[1:] for line in lines if line.startswith("!")} == {
        "exporter",
        "pyproject.toml",
        "hatch_build.py",
        "README.md",
        "LICENSE",
    }
