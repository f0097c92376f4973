# SPDX-License-Identifier: Apache-2.0
"""PromQL that knows its labels and its unit, and how to put two of them together."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from exporter.metrics.declaration import Declaration

SCOPE = 'cluster=~"$cluster", job=~"$job"'
"""Stands on every selector: of one exporter among several, in one cluster among several."""

NO_EVENTS = "no events"
"""The name of the series that is there where a panel has nothing to show and all is well."""

# Only an exporter that is scraped and has listed the events can say that there were none.
_COUNTING = f"0 * (sum(kube_event_metrics_synced{{{SCOPE}}}) > 0)"
_LEGEND_LABEL = re.compile(r"\{\{\s*(\w+)\s*\}\}")


@dataclass(frozen=True, slots=True)
class Expr:
    """A vector: ``labels`` are those of its elements, ``unit`` is one of Grafana's."""

    text: str
    labels: tuple[str, ...]
    unit: str
    families: tuple[Declaration, ...]
    positive: bool = False
    """Whether elements of 0 are left out already."""

    def or_no_events(self, present: Expr | None = None) -> Expr:
        """Tells "no events" apart from "no data".

        Where there is nothing, a 0 stands while an exporter counts, and nothing while none does.
        With labels, elements of 0 are left out, and the 0 is an element called `NO_EVENTS`.
        What an option of the exporter switches on is counted while ``present`` is there.
        """
        zero = f"0 * {present.text}" if present else _COUNTING
        if not self.labels:
            return replace(self, text=f"{self.text} or {zero}")
        zero = f'label_replace({zero}, "{self.labels[0]}", "{NO_EVENTS}", "", "")'
        return replace(self, text=f"{self.above(0).text} or on () {zero}", positive=True)

    def above(self, bound: float) -> Expr:
        """Only elements that are greater."""
        if self.positive and bound == 0:
            return self
        return replace(self, text=f"{self.text} > {bound:g}", positive=bound >= 0)

    def below(self, bound: float) -> Expr:
        """Only elements that are less."""
        return replace(self, text=f"{self.text} < {bound:g}")

    def is_below(self, bound: float) -> Expr:
        """Whether elements are less, as 0 or 1."""
        return replace(self, text=f"({self.text}) < bool {bound:g}", unit="short")

    def top(self, count: int) -> Expr:
        """The greatest elements; for tables, as a graph would have others at each step."""
        return replace(self, text=f"topk({count}, {self.text})")

    def bottom(self, count: int) -> Expr:
        """The smallest elements."""
        return replace(self, text=f"bottomk({count}, {self.text})")

    def within(self, other: Expr) -> Expr:
        """Only elements whose labels ``other`` has too."""
        return self._matched("and", other)

    def without(self, other: Expr) -> Expr:
        """Only elements whose labels ``other`` lacks."""
        return self._matched("unless", other)

    def over(self, other: Expr, unit: str = "percentunit") -> Expr:
        """A ratio; nothing where the divisor is 0, as 0/0 says nothing."""
        text = f"{_bracketed(self.text)} / ({other.text} > 0)"
        families = tuple(dict.fromkeys((*self.families, *other.families)))
        return replace(self, text=text, unit=unit, families=families)

    def times(self, factor: float, unit: str) -> Expr:
        """In another unit."""
        return replace(self, text=f"{_bracketed(self.text)} * {factor:g}", unit=unit)

    def count(self, *by: str) -> Expr:
        """How many elements there are."""
        missing = set(by) - set(self.labels)
        if missing:
            raise ValueError(f"no label {missing} in {self.text}")
        grouping = f" by ({', '.join(by)}) " if by else ""
        return replace(self, text=f"count{grouping}({self.text})", labels=by, unit="short")

    def greatest(self) -> Expr:
        """The greatest of all elements."""
        return replace(self, text=f"max({self.text})", labels=())

    def least(self) -> Expr:
        """The least of all elements."""
        return replace(self, text=f"min({self.text})", labels=())

    def and_also(self, other: Expr) -> Expr:
        """Of two truths, 0 or 1 each, whether both hold."""
        if self.labels != other.labels:
            raise ValueError(f"{self.labels} are not {other.labels}")
        families = tuple(dict.fromkeys((*self.families, *other.families)))
        return replace(self, text=f"{self.text} * {other.text}", families=families)

    def check_legend(self, legend: str) -> None:
        """Raises ``ValueError`` where it names a label that the elements have not."""
        for label in _LEGEND_LABEL.findall(legend):
            if label not in self.labels:
                raise ValueError(f"{legend!r}: no label {label!r} in {self.text}")

    def _matched(self, operator: str, other: Expr) -> Expr:
        on = ", ".join(other.labels)
        missing = set(other.labels) - set(self.labels)
        if missing:
            raise ValueError(f"no label {missing} in {self.text}")
        return replace(self, text=f"{self.text} {operator} on ({on}) {_bracketed(other.text)}")


def _bracketed(text: str) -> str:
    """In brackets, unless it is one call of a function or an aggregation."""
    whole = re.fullmatch(r"\w+(?: by \([^)]*\) )?\((.*)\)", text, re.DOTALL)
    depth = 0
    for character in whole[1] if whole else "":
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth < 0:
            whole = None
            break
    return text if whole else f"({text})"
