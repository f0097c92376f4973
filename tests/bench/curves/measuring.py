"""``--curves DIRECTORY``: measures all points of all subjects, writes the table and the plot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from tests.bench.curves.points import Extent, Point, points
from tests.bench.curves.table import write
from tests.bench.running import FAILURES
from tests.bench.scenarios.bench import Bench
from tests.bench.subjects.subject import Subject

Draw = Callable[[Path, Sequence[Point]], None]


def drawing() -> Draw:
    """Only the plot needs matplotlib: where it is missing, better to hear of it at once."""
    from tests.bench.curves.plot import draw

    return draw


def measure(
    bench: Bench, subjects: Sequence[Subject], extent: Extent, directory: Path, draw: Draw | None
) -> list[str]:
    """``curves.csv`` and, with ``draw``, ``curves.svg`` in the directory; what failed."""
    found: list[Point] = []
    failed = []
    for subject in subjects:
        if subject.slow:
            continue  # hours
        try:
            for point in points(bench, subject, extent):
                found.append(point)
                print(f"{subject.name}: {_told(point)}", flush=True)
        except FAILURES as error:
            failed.append(f"{subject.name}: {error}")
    directory.mkdir(parents=True, exist_ok=True)
    write(directory / "curves.csv", found)
    if draw:
        draw(directory / "curves.svg", found)
    return failed


def _told(point: Point) -> str:
    text = f"{point.size:,} {point.against}: {point.cpu:.1f} us an event, {point.resident:.0f} MB"
    if point.scrape_all is None or point.scrape_some is None:
        return text
    return f"{text}, scrape {point.scrape_all:.1f} ms, {point.scrape_some:.1f} ms with 1 % changed"
