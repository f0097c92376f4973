"""Judges the runs against the bars and prints them: one line a figure, then one table.

Bars are those of the project's design. A bar is missed when it lies outside the noise: when
even the best run is past it (a busy machine only ever makes a run slower), or, where there was
only one run, when that is past it by more than 15 %.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Runs = Mapping[str, Sequence[float]]
"""Figure key -> its value in each run."""

SINGLE_RUN_NOISE = 0.15


@dataclass(frozen=True, slots=True)
class Figure:
    """What one key of a scenario means. ``bar`` is the most it may be; None: only reported."""

    key: str
    title: str
    unit: str
    bar: float | None = None
    digits: int = 1


def _scrape_figures(name: str, bars: dict[str, float]) -> list[Figure]:
    states = {"none": "nothing changed", "some": "1 % changed", "all": "all changed"}
    figures = [
        Figure(f"scrape_{name}_samples", f"scrape {name}: samples on the page", "", digits=0),
        Figure(f"scrape_{name}_bytes", f"scrape {name}: size", "MB"),
        Figure(f"scrape_{name}_first", f"scrape {name}: first one, all births", "ms"),
    ]
    for state, title in states.items():
        key = f"scrape_{name}_{state}"
        figures.append(Figure(key, f"scrape {name}: {title}", "ms", bars.get(state)))
        figures.append(Figure(f"{key}_gzip", f"scrape {name}: {title}, gzip", "ms"))
    return figures


FIGURES = [
    Figure("stream_cpu", "CPU per event, streamed as fast as read", "us", 10),
    Figure("stream_rate", "events per second", "1/s", digits=0),
    Figure("stream_busy", "  CPU used of one core meanwhile", "%", digits=0),
    Figure("feeder_rate", "  what the feeder alone could send", "1/s", digits=0),
    Figure("paced_cpu", "CPU per event at 1 000 a second", "us", 40),
    Figure("memory_base", "resident, nothing watched yet", "MB"),
    Figure("memory_live", "resident, 100 000 live events", "MB", 120),
    Figure("memory_samples", "  samples on the page then", "", digits=0),
    Figure("ready_list", "LIST of 100 000: first request to ready", "s", 3, 2),
    Figure("ready_list_start", "LIST of 100 000: process start to ready", "s", digits=2),
    Figure("ready_list_memory", "LIST of 100 000: resident after it", "MB"),
    Figure("ready_streamed", "streamed list of 100 000: first request to ready", "s", 3, 2),
    Figure("ready_streamed_start", "streamed list of 100 000: start to ready", "s", digits=2),
    Figure("ready_streamed_memory", "streamed list of 100 000: resident after", "MB"),
    *_scrape_figures("10k", {}),
    *_scrape_figures("100k", {"some": 25, "all": 150}),
    Figure("scrape_100k_stall", "scrape 100k: longest wait for /livez meanwhile", "ms", 150),
    Figure("growth_small", "CPU per repeat at 1 000 live events", "us"),
    Figure("growth_large", "CPU per repeat at 1 000 000 live events", "us"),
    Figure("growth_ratio", "  the one over the other (flat: at most)", "", 1.25, 2),
    Figure("growth_memory", "resident, 1 000 000 live events", "MB"),
]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one figure stands against its bar; ``missed`` is what fails the benchmark."""

    text: str
    missed: bool


def judge(figure: Figure, runs: Sequence[float]) -> Verdict:
    """``met``: the median is; ``within noise``: only the best run is; ``missed``: none is."""
    if figure.bar is None:
        return Verdict("", missed=False)
    if not runs:
        return Verdict("not measured", missed=False)
    median = statistics.median(runs)
    best = min(runs) if len(runs) > 1 else median - SINGLE_RUN_NOISE * figure.bar
    if median <= figure.bar:
        return Verdict("met", missed=False)
    if best <= figure.bar:
        return Verdict("within noise", missed=False)
    return Verdict(f"missed (x{median / figure.bar:.2f})", missed=True)


def spread(figure: Figure, runs: Sequence[float]) -> str:
    """``median (min to max)``, or ``n/a`` without a run."""
    if not runs:
        return "n/a"
    if len(runs) == 1:
        return f"{runs[0]:.{figure.digits}f}"
    low, high = min(runs), max(runs)
    middle = statistics.median(runs)
    return f"{middle:.{figure.digits}f} ({low:.{figure.digits}f} to {high:.{figure.digits}f})"


def machine() -> dict[str, Any]:
    """What it ran on: figures of two machines are not compared."""
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    packages = ("aiohttp", "uvloop", "msgspec", "prometheus-client", "kubernetes")
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        **{name: _version(name) for name in packages},
    }


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "absent"


def table(ours: Runs, alternative: Runs) -> tuple[str, list[str]]:
    """The final table, and the titles of the bars that were missed."""
    rows = [("figure: median (min to max)", "ours", "alternative", "bar", "verdict")]
    missed = []
    for figure in FIGURES:
        mine, theirs = ours.get(figure.key, ()), alternative.get(figure.key, ())
        if not mine and not theirs:
            continue
        verdict = judge(figure, mine)
        if verdict.missed:
            missed.append(figure.title)
        title = f"{figure.title}, {figure.unit}" if figure.unit else figure.title
        bar = "" if figure.bar is None else f"{figure.bar:g}"
        rows.append((title, spread(figure, mine), spread(figure, theirs), bar, verdict.text))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = [
        "  ".join(
            cell.ljust(width) if at in (0, 4) else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    lines.insert(1, "-" * len(lines[0]))
    return "\n".join(lines), missed
