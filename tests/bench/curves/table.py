"""The points as comma-separated values, for whoever wants to draw or judge them anew."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import astuple, fields
from pathlib import Path

from tests.bench.curves.points import Point

_UNITS = {
    "cpu": "cpu_us_per_event",
    "resident": "resident_mb",
    "scrape_all": "scrape_all_changed_ms",
    "scrape_some": "scrape_one_percent_changed_ms",
}


def write(path: Path, points: Iterable[Point]) -> None:
    """One row for each point; empty is what was not measured."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_UNITS.get(field.name, field.name) for field in fields(Point))
        for point in points:
            writer.writerow(
                "" if cell is None else f"{cell:.4g}" if isinstance(cell, float) else cell
                for cell in astuple(point)
            )
