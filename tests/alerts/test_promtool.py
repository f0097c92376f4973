"""promtool checks the rules and runs their cases: with births, and without."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.alerts.rules import CASES
from tests.integration.prometheus_server import program
from tests.promql.known import ALERTS, rule_files

pytestmark = pytest.mark.prometheus

# A series whose first occurrence follows a 0, as births show it.
_BORN = re.compile(
    r"(?P<head>- series: \S*kube_(?:event(?!_metrics_)|audit_).*\n *values: (?:_x\d+ )?)"
    r"0(?:x(?P<more>\d+))? (?=[1-9])"
)


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
    text = path.read_text(encoding="utf-8").replace("../../alerts/", f"{ALERTS}/")
    text, taken = _BORN.subn(_unborn, text)
    copy = tmp_path / path.name
    copy.write_text(text, encoding="utf-8")
    promtool("test", "rules", copy)
    assert taken or path.stem.startswith("exporter")


def _unborn(series: re.Match[str]) -> str:
    """As many samples are missing instead; ``0x3`` is four of them."""
    return f"{series['head']}_x{int(series['more'] or 0) + 1} "
