"""The queries that the documents show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_BLOCK = re.compile(r"^```promql\n(.*?)^```", re.MULTILINE | re.DOTALL)


def documents() -> list[Path]:
    """README and all of docs/, runbooks included."""
    return sorted([_ROOT / "README.md", *(_ROOT / "docs").rglob("*.md")])


def queries() -> Iterator[tuple[str, str]]:
    """(document, query) of every block of PromQL; an empty line parts two queries."""
    for path in documents():
        for block in _BLOCK.findall(path.read_text(encoding="utf-8")):
            for query in block.strip().split("\n\n"):
                yield path.relative_to(_ROOT).as_posix(), query
