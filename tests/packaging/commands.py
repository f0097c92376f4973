"""The commands that a Markdown document tells a reader to type."""

from __future__ import annotations

import re
from pathlib import Path

_README = Path(__file__).resolve().parents[2] / "README.md"
_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def sh_commands(markdown: str) -> list[str]:
    """The lines of all `sh` blocks."""
    return [line for block in _BLOCK.findall(markdown) for line in block.splitlines() if line]


def quick_start() -> list[str]:
    """Those of README's way from nothing, in their order; tests/envtest/test_quick_start.py goes it
    as far as it can be gone.
    """
    return sh_commands(quick_start_text())


def quick_start_text() -> str:
    """What README says of that way."""
    _, heading, rest = _README.read_text("utf-8").partition("\n## From nothing, with kind\n")
    assert heading
    return rest.partition("\n## ")[0]
