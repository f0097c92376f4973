# SPDX-License-Identifier: Apache-2.0
"""Queries of a panel: an expression and what each of its elements is called."""

from __future__ import annotations

from dataclasses import dataclass

from dashboards.kit.expressions import Expr
from dashboards.kit.metrics import Counter, Histogram

_QUANTILES = ((0.5, "half within"), (0.9, "90 % within"), (0.99, "99 % within"))


@dataclass(frozen=True, slots=True)
class Query:
    """Raises ``ValueError`` where the legend names a label that the elements have not."""

    expr: Expr
    legend: str

    def __post_init__(self) -> None:
        self.expr.check_legend(self.legend)


def occurrences(
    name: str, *by: str, where: str = "", top: int = 0, workloads: bool = False
) -> Query:
    """Of a counter, for bars: by these labels, which are the legend too."""
    legend = " ".join(f"{{{{{label}}}}}" for label in by)
    counter = Counter(name, workloads=workloads)
    return Query(counter.bars(*by, where=where, top=top).or_no_events(), legend)


def quantiles(name: str, *, where: str = "", workloads: bool = False) -> list[Query]:
    """Of a histogram, for lines: a half, nine of ten, and all but one of a hundred."""
    measured = Histogram(name, workloads=workloads)
    return [Query(measured.quantile(q, where=where), words) for q, words in _QUANTILES]


def quantile_by(q: float, name: str, *by: str, where: str = "") -> Query:
    """One quantile of a histogram for each of something."""
    legend = " ".join(f"{{{{{label}}}}}" for label in by)
    return Query(Histogram(name).quantile(q, *by, where=where), legend)
