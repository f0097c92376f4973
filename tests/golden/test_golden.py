"""Lines in, whole exposition page out."""

from __future__ import annotations

import difflib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.golden.cases import canonical, cases, page_of

_PROMTOOL = shutil.which("promtool")
each_case = pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)


@each_case
def test_a_case_gives_its_page(case: Path) -> None:
    """The page of the input is the expected one; ``make generated`` tells how to renew it."""
    page, passed_over = page_of(case)
    expected = canonical((case / "expected.prom").read_text("utf-8"))
    difference = list(difflib.unified_diff(expected, canonical(page.decode()), lineterm="", n=0))
    assert not difference, "\n".join(difference)
    assert passed_over == (case / "passed_over.txt").read_text("utf-8")


@each_case
def test_a_case_says_where_it_comes_from(case: Path) -> None:
    """Each case tells what it shows and how it was made."""
    assert (case / "README.md").read_text("utf-8").strip()


@each_case
@pytest.mark.prometheus
@pytest.mark.skipif(
    _PROMTOOL is None and os.environ.get("REQUIRE_PROMETHEUS") != "1",
    reason="promtool is not here (Debian: prometheus)",
)
def test_promtool_has_nothing_to_say(case: Path) -> None:
    """Prometheus' own linter accepts each page, names, help and types."""
    assert _PROMTOOL is not None, "REQUIRE_PROMETHEUS=1, and promtool is not here"
    result = subprocess.run(
        [_PROMTOOL, "check", "metrics"],
        input=(case / "expected.prom").read_bytes(),
        capture_output=True,
        check=False,
        timeout=30,
    )
    assert (result.returncode, result.stdout + result.stderr) == (0, b"")
