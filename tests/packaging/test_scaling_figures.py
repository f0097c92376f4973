"""The sizes in docs/scaling.md are those that were measured."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

_DOCS = Path(__file__).parents[2] / "docs"
_GUIDE = (_DOCS / "scaling.md").read_text(encoding="utf-8")


def _row(beginning: str) -> str:
    """The cell beside the one that begins so."""
    (cell,) = re.findall(rf"^\| {beginning}[^|]* \| ([^|]*) \|$", _GUIDE, re.MULTILINE)
    return str(cell)


def _measured(against: str, size: int) -> dict[str, float]:
    """What the curves have of the compiled exporter at that size."""
    with (_DOCS / "performance" / "curves.csv").open(encoding="utf-8") as file:
        (row,) = [
            row
            for row in csv.DictReader(file)
            if (row["subject"], row["against"]) == ("ours, compiled", against)
            and int(row["size"]) == size
        ]
    numbers = {name: row[name] for name in row if name.endswith(("_mb", "_ms"))}
    return {name: float(number) for name, number in numbers.items() if number}


@pytest.mark.parametrize(
    ("beginning", "against", "size"),
    [("1 000 000 live events", "live", 1_000_000), ("200 000 samples", "series", 200_000)],
)
def test_sizes_are_those_of_the_curves(beginning: str, against: str, size: int) -> None:
    """Memory and the time of a scrape, rounded; `make curves` measures them anew."""
    cell, measured = _row(beginning), _measured(against, size)
    memory = re.findall(r"(\d+) MB resident", cell)
    assert [int(n) for n in memory] == [round(measured["resident_mb"])]
    for told in re.findall(r"(\d+) ms for a scrape", cell):
        assert int(told) == round(measured["scrape_all_changed_ms"])
