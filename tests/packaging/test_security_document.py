"""docs/security.md claims nothing that nothing shows."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_TEXT = (_ROOT / "docs" / "security.md").read_text(encoding="utf-8")
_POINTER = re.compile(r"`(tests/[\w/.-]+\.py)(?:::(\w+))?`")


def test_each_test_that_is_named_exists() -> None:
    """Its file, and the test in it."""
    pointers = _POINTER.findall(_TEXT)
    assert len(pointers) > 40
    for file, name in pointers:
        text = (_ROOT / file).read_text(encoding="utf-8")
        assert not name or f"def {name}(" in text, (file, name)


def test_each_row_about_an_attack_says_what_shows_it() -> None:
    """The last column of the tables that have it: a test, or a command."""
    tables = re.findall(r"^\|.* shown by \|\n\|.*\n((?:\|.*\n)+)", _TEXT, re.MULTILINE)
    rows = [row for table in tables for row in table.splitlines()]
    assert len(rows) > 20
    for row in rows:
        shown = row.split(" | ")[-1]
        assert "`tests/" in shown or "`make " in shown or "](../" in shown, row


def test_each_make_target_that_is_named_exists() -> None:
    """`make help` lists it."""
    done = subprocess.run(["make", "help"], cwd=_ROOT, capture_output=True, text=True, check=True)
    for target in set(re.findall(r"`make (\w+)`", _TEXT)):
        assert re.search(rf"^  {target} ", done.stdout, re.MULTILINE), target


def test_whoever_looks_where_the_host_shows_it_finds_the_way() -> None:
    """.github/SECURITY.md leads here."""
    text = (_ROOT / ".github" / "SECURITY.md").read_text(encoding="utf-8")
    assert "](../docs/security.md)" in text
    assert "## Reporting a vulnerability" in _TEXT
