"""The plot: one small picture for each figure, over the hours, with the crashes marked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture
from matplotlib.ticker import FuncFormatter, MultipleLocator

from tests.drawing import NAMELESS, STYLE
from tests.plateau.figures import FIGURES, Figure
from tests.plateau.play import Played

# Colours that are told apart by who sees red and green as one.
_COLOURS = {"steady": "#0072b2", "killed": "#d55e00", "standby": "#009e73"}
_SAID = {
    "steady": "steady: is never killed",
    "killed": "killed, at each thin line, and begun again",
    "standby": "standby: as steady, but that it shows nothing",
}
_DASHES = {"steady": "-", "killed": "-", "standby": (0, (3, 3))}
_COLUMNS = 2
_WIDTH, _ROW = 8.3, 1.9  # inches, of 96 pixels


def draw(path: Path, played: Played) -> None:
    """Write it; the name's ending says in which format."""
    rows = -(-(len(FIGURES) + 1) // _COLUMNS)
    with mpl.rc_context(STYLE):
        picture = Picture(figsize=(_WIDTH, rows * _ROW), layout="constrained")
        places = picture.subplots(rows, _COLUMNS).flat
        for figure, place in zip(FIGURES, places, strict=False):
            _panel(place, figure, played)
        for place in places[len(FIGURES) - _COLUMNS : len(FIGURES)]:
            place.set_xlabel("simulated hours")  # of the lowest ones
        legend = places[len(FIGURES)]
        handles, labels = places[0].get_legend_handles_labels()
        legend.legend(handles, labels, loc="upper left", frameon=False, borderaxespad=0)
        legend.axis("off")
        picture.savefig(path, metadata=NAMELESS if path.suffix == ".svg" else None)


def _panel(place: Axes, figure: Figure, played: Played) -> None:
    setting = played.setting
    place.axvspan(0, setting.warm_up, color="#f2f2f2", linewidth=0, label="warm-up: not judged")
    _marks(place, played.crashes.get("killed", ()))
    for exporter, colour in _COLOURS.items():
        hours, values = _line(figure, exporter, played)
        if values:
            place.plot(
                hours,
                values,
                color=colour,
                linewidth=1.2,
                linestyle=_DASHES[exporter],
                label=_SAID[exporter],
            )
    unit = f", {figure.unit}" if figure.unit else ""
    place.set_title(figure.title + unit)
    place.set_ylim(bottom=0)
    place.set_xlim(0, setting.hours)
    place.xaxis.set_major_locator(MultipleLocator(6 if setting.hours > 12 else 1))
    place.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    place.grid(axis="y", color="#dddddd", linewidth=0.5)


def _marks(place: Axes, hours: Sequence[float]) -> None:
    """A thin line at each; they are one path, and so small in the file."""
    place.plot(
        [hour for each in hours for hour in (each, each, math.nan)],
        [height for _ in hours for height in (0.0, 1.0, math.nan)],
        transform=place.get_xaxis_transform(),
        color=_COLOURS["killed"],
        alpha=0.3,
        linewidth=0.6,
    )


def _line(figure: Figure, exporter: str, played: Played) -> tuple[list[float], list[float]]:
    """Hours and values, broken where it was killed; none where it has no such figure."""
    points = [
        (sample.hour, float(getattr(sample.figures, figure.name)))
        for sample in played.samples
        if sample.exporter == exporter
    ]
    if not any(value for _, value in points):
        return [], []
    points += [(hour, math.nan) for hour in played.crashes.get(exporter, ())]
    points.sort(key=lambda point: point[0])
    return [hour for hour, _ in points], [value for _, value in points]
