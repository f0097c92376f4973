"""promtool checks the rules and runs their cases: with births, and without."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.alerts.rules import CASES
from tests.integration.prometheus_server import program
from tests.promql.known import rule_files

pytestmark = pytest.mark.prometheus

# Of an increasing series: the 0 that births put before its first occurrence.
_BORN = re.compile(r"\A((?:_x\d+ )?)0(?:x\d+)? (?=[1-9])")


def promtool(*arguments: str | Path) -> str:
    """What it prints; fails with it where promtool is not content."""
    command = [program("promtool"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_rules_are_valid() -> None:
    """Prometheus would load them."""
    assert "SUCCESS" in promtool("check", "rules", "--lint=all", "--lint-fatal", *rule_files())


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_cases(path: Path) -> None:
    """What should fire fires, with its text; what should not does not."""
    promtool("test", "rules", path)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_cases_without_births(path: Path, tmp_path: Path) -> None:
    """The same for those whose scraper is hidden: no series is shown at 0 before it counts."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    document["rule_files"] = [
        str((path.parent / name).resolve()) for name in document["rule_files"]
    ]
    taken = sum(_unborn(series) for test in document["tests"] for series in test["input_series"])
    copy = tmp_path / path.name
    copy.write_text(yaml.safe_dump(document, default_flow_style=None), encoding="utf-8")
    promtool("test", "rules", copy)
    assert taken or path.stem.startswith("exporter")


def _unborn(series: dict[str, Any]) -> bool:
    """Take the 0 away, in place: as many samples are missing instead."""
    born = _BORN.match(series["values"])
    if not born or "kube_event_metrics_" in series["series"]:
        return False
    zeros = series["values"][born.end(1) : born.end()].strip()
    times = int(zeros.partition("x")[2] or 0) + ("x" in zeros) or 1
    series["values"] = f"{born[1]}_x{times} {series['values'][born.end() :]}"
    return True
