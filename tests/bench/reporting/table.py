"""Judges the runs against the bars and prints them in one table.

A bar is missed when it lies outside the noise: when even the best run is past it (a busy machine
only ever makes a run slower), or, where there was only one run, when that is past it by more than
15 %.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.bench.reporting.figures import FIGURES, Figure

Runs = Mapping[str, Sequence[float]]
"""Figure key -> its value in each run."""

SINGLE_RUN_NOISE = 0.15
NOISE = (
    "noise: a bar is missed where even the best of several runs is past it, "
    f"or the only one by more than {SINGLE_RUN_NOISE:.0%}"
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one figure stands against its bar; ``missed`` is what fails the benchmark."""

    text: str
    missed: bool


def judge(figure: Figure, runs: Sequence[float]) -> Verdict:
    """``met``: the median is; ``within noise``: only the best run is; ``missed``: none is.

    What may never be (a bar of 0) has no noise.
    """
    if figure.bar is None:
        return Verdict("", missed=False)
    if not runs:
        return Verdict("not measured", missed=False)
    if figure.bar == 0:
        never = not any(runs)
        return Verdict("met" if never else f"missed ({max(runs):g})", missed=not never)
    median = statistics.median(runs)
    best = min(runs) if len(runs) > 1 else median - SINGLE_RUN_NOISE * figure.bar
    if median <= figure.bar:
        return Verdict("met", missed=False)
    if best <= figure.bar:
        return Verdict("within noise", missed=False)
    return Verdict(f"missed (x{median / figure.bar:.2f})", missed=True)


def spread(figure: Figure, runs: Sequence[float]) -> str:
    """``median (min to max)``, the median alone where all are the same; ``n/a`` without a run."""
    if not runs:
        return "n/a"
    low, middle, high = (
        f"{value:.{figure.digits}f}" for value in (min(runs), statistics.median(runs), max(runs))
    )
    return middle if low == high else f"{middle} ({low} to {high})"


def table(
    runs: Mapping[str, Runs], judged: str, *, markdown: bool = False
) -> tuple[str, list[str]]:
    """The final table, one column a subject, and the titles of the bars that ``judged`` missed.

    ``markdown``: as the documents have it, without details and verdicts.
    """
    names = list(runs)
    rows = [("figure: median (min to max)", *names, "bar", "verdict")]
    missed = []
    above = ""
    for figure in FIGURES:
        values = [of_one.get(figure.key, ()) for of_one in runs.values()]
        if not figure.title.startswith(" "):
            above = figure.title
        if not any(values) or (markdown and figure.detail):
            continue
        verdict = judge(figure, runs[judged].get(figure.key, ()))
        title = f"{figure.title}, {figure.unit}" if figure.unit else figure.title
        if verdict.missed:
            missed.append(title if figure.title == above else f"{above}: {title.strip()}")
        bar = "" if figure.bar is None else f"{figure.bar:g}"
        rows.append((title, *(spread(figure, each) for each in values), bar, verdict.text))
    return (_markdown(rows) if markdown else _aligned(rows)), missed


def _aligned(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if at in (0, len(row) - 1) else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    lines.insert(1, "-" * len(lines[0]))
    return "\n".join(lines)


def _markdown(rows: Sequence[tuple[str, ...]]) -> str:
    """The same for the documents; the verdict is left out."""
    cells = [[cell.replace("  ", "&emsp;") for cell in row[:-1]] for row in rows]
    lines = ["| " + " | ".join(row) + " |" for row in cells]
    lines.insert(1, "|---" * (len(rows[0]) - 1) + "|")
    return "\n".join(lines)
