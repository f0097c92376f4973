"""The plot: what an event and a scrape cost, over what grows; flat is the goal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture
from matplotlib.ticker import FuncFormatter, MaxNLocator

from tests.bench.curves.points import Point
from tests.drawing import NAMELESS, STYLE

_PANELS = (
    ("live", "cpu", "CPU an event, us", "live events", "log"),
    ("series", "cpu", "CPU an event, us", "series", "log"),
    ("rules", "cpu", "CPU an event, us", "rules beside the catalogue", "log"),
    ("series", "scrape_all", "scrape, every series changed, ms", "series", "linear"),
    ("series", "scrape_some", "scrape, 1 % of the series changed, ms", "series", "linear"),
    ("live", "resident", "resident memory, MB", "live events", "linear"),
)
# Colours that are told apart by who sees red and green as one.
_COLOURS = ("#0072b2", "#56b4e9", "#d55e00", "#009e73", "#cc79a7")
_COLUMNS = 2
_WIDTH, _ROW = 8.3, 2.2  # inches, of 96 pixels


def draw(path: Path, points: Sequence[Point]) -> None:
    """Write it; the name's ending says in which format."""
    subjects = list(dict.fromkeys(point.subject for point in points))
    rows = -(-len(_PANELS) // _COLUMNS)
    with mpl.rc_context(STYLE):
        picture = Picture(figsize=(_WIDTH, rows * _ROW), layout="constrained")
        places = picture.subplots(rows, _COLUMNS).flat
        for place, (against, figure, title, below, scale) in zip(places, _PANELS, strict=True):
            for subject, colour in zip(subjects, _COLOURS, strict=False):
                _line(
                    place,
                    figure,
                    [p for p in points if (p.subject, p.against) == (subject, against)],
                    colour,
                )
            place.set_title(title)
            place.set_xlabel(below)
            place.set_xscale(scale)
            if scale == "linear":
                place.xaxis.set_major_locator(MaxNLocator(4))
            place.set_ylim(bottom=0)
            place.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
            place.grid(axis="y", color="#dddddd", linewidth=0.5)
            place.minorticks_off()
        handles, labels = places[0].get_legend_handles_labels()
        picture.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
        picture.savefig(path, metadata=NAMELESS if path.suffix == ".svg" else None)


def _line(place: Axes, figure: str, points: Sequence[Point], colour: str) -> None:
    measured = [(p.size, value) for p in points if (value := getattr(p, figure)) is not None]
    if measured:
        sizes, values = zip(*measured, strict=True)
        name = points[0].subject
        place.plot(sizes, values, color=colour, linewidth=1.2, marker="o", markersize=3, label=name)
