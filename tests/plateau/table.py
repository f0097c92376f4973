"""The samples as a table: comma-separated values, for whoever wants to draw or judge them anew."""

from __future__ import annotations

import csv
from pathlib import Path

from tests.plateau.figures import FIGURES
from tests.plateau.play import Played

_COLUMNS = ("minute", "exporter", *(figure.name for figure in FIGURES))


def write(path: Path, played: Played) -> None:
    """One row for each sample; a crash is a row without figures."""
    rows: list[tuple[float, str, list[str]]] = [
        (
            sample.hour,
            sample.exporter,
            [f"{getattr(sample.figures, figure.name):.12g}" for figure in FIGURES],
        )
        for sample in played.samples
    ]
    rows += [
        (hour, exporter, ["" for _ in FIGURES])
        for exporter, hours in played.crashes.items()
        for hour in hours
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for hour, exporter, values in sorted(rows, key=lambda row: row[0]):
            writer.writerow([round(hour * 60), exporter, *values])
