"""The verdict: whether a figure has come to a plateau, or still rises.

What follows the warm-up is cut in two. The highest value of the second half may be above that of
the first by the figure's tolerance, and no more. The tolerances are such that what grew at one pace
since the start would not pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.plateau.figures import FIGURES, Figure
from tests.plateau.play import Played, Sample


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one figure of one exporter: its value in either half, the highest as a rule."""

    exporter: str
    figure: Figure
    first: float
    second: float
    allowed: float
    """The rise that it may have, as a part of the first."""
    halves: tuple[float, float, float]
    """Hours: where the first begins, where the second does, and the end."""

    @property
    def rise(self) -> float:
        """From the first half to the second, as a part of the first."""
        if not self.first:
            return float("inf") if self.second else 0.0
        return self.second / self.first - 1.0

    @property
    def holds(self) -> bool:
        """Whether it is a plateau."""
        return self.rise <= self.allowed

    def __str__(self) -> str:
        begin, middle, end = self.halves
        unit = f" {self.figure.unit}" if self.figure.unit else ""
        return (
            f"{self.exporter}: {self.figure.title} {self.figure.of_name} "
            f"{_spelled(self.first)}{unit} in hours {begin:g} to {middle:g}, "
            f"{_spelled(self.second)}{unit} in hours {middle:g} to {end:g}: "
            f"{self.rise:+.1%}, {self.allowed:.0%} allowed"
        )


def verdicts(played: Played) -> Iterator[Verdict]:
    """Of each figure that an exporter has; ``ValueError`` where there is nothing to compare."""
    begin, end = float(played.setting.warm_up), float(played.setting.hours)
    middle = (begin + end) / 2
    for exporter in dict.fromkeys(sample.exporter for sample in played.samples):
        mine = [sample for sample in played.samples if sample.exporter == exporter]
        first = [sample for sample in mine if begin < sample.hour <= middle]
        second = [sample for sample in mine if middle < sample.hour <= end]
        if not first or not second:
            raise ValueError(f"{exporter}: no samples in one half of the hours after {begin:g}")
        for figure in FIGURES:
            values = _value(first, figure), _value(second, figure)
            if any(values):
                wider = played.setting.unevenness if figure.of_the_town else 1.0
                allowed = figure.tolerance * wider
                yield Verdict(exporter, figure, *values, allowed, (begin, middle, end))


def _value(samples: Sequence[Sample], figure: Figure) -> float:
    return figure.of([float(getattr(sample.figures, figure.name)) for sample in samples])


def _spelled(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0")
