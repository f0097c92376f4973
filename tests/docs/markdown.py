"""Tables, and pages of which a part is made: the text between two comments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
_PART = re.compile(
    r"(?P<begin><!-- made by tests/docs: (?P<name>[\w-]+) -->\n).*?(?P<end><!-- end -->)", re.DOTALL
)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; bars in cells are escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
    )


def codes(values: Iterable[str]) -> str:
    """Each as code, with commas between."""
    return ", ".join(f"`{value}`" for value in values)


def filled(text: str, parts: Mapping[str, str]) -> str:
    """A page as it is written by hand, with its parts made anew.

    Raises ``ValueError`` where page and parts do not name the same ones.
    """
    places = [found["name"] for found in _PART.finditer(text)]
    if sorted(places) != sorted(parts):
        raise ValueError(f"the page has the parts {sorted(places)}, made are {sorted(parts)}")
    return _PART.sub(lambda m: f"{m['begin']}\n{parts[m['name']]}\n\n{m['end']}", text)
