"""The commands that a Markdown document tells a reader to type."""

from __future__ import annotations

import re

_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def sh_commands(markdown: str) -> list[str]:
    """The lines of all `sh` blocks."""
    return [line for block in _BLOCK.findall(markdown) for line in block.splitlines() if line]
