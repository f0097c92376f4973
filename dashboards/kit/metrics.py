# SPDX-License-Identifier: Apache-2.0
"""Families as one can ask for them: a counter has no value, only a rate and an increase."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dashboards.kit.expressions import SCOPE, Expr
from dashboards.kit.families import PROCESS, TARGET_LABELS, family
from exporter.config.loading import nearest
from exporter.metrics.declaration import MetricType
from exporter.rules.reserved import WORKLOAD_LABELS

STEP = "$__rate_interval"
RANGE = "$__range"
# A bar holds what occurred since the bar before it. $__rate_interval is one scrape longer than
# that, so that no increase falls between two bars; rate() takes the scrape out again, which
# increase() would not. So the bars of a panel add up to what occurred.
_BAR = "* $__interval_ms / 1000"
# Every process has these families: they are of an exporter where its own family is beside them.
_EXPORTERS = (
    f"and on ({', '.join(TARGET_LABELS)})"
    f" last_over_time(kube_event_metrics_build_info{{{SCOPE}}}[{RANGE}])"
)
_MATCHER = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"(?:[^"\\]|\\.)*"')


class _Metric:
    """A family of one type; raises ``ValueError`` for another's name and for unknown labels."""

    type: MetricType

    def __init__(self, name: str, *, workloads: bool = False) -> None:
        declaration = family(name)
        if declaration.type is not self.type:
            raise ValueError(f"{name} is a {declaration.type}, not a {self.type}")
        if workloads and "namespace" not in declaration.labels:
            raise ValueError(f"{name} has no namespace, and so no workloads")
        self.declaration = declaration.labelled(WORKLOAD_LABELS) if workloads else declaration

    @property
    def unit(self) -> str:
        """Of a sample, by the name."""
        name = self.declaration.name.removesuffix("_total")
        if name.endswith("_seconds"):
            return "s"
        return "decbytes" if name.endswith("_bytes") else "short"

    def _selector(self, where: str, suffix: str = "") -> str:
        matchers = [SCOPE]
        if "namespace" in self.declaration.labels:
            matchers.append('namespace=~"$namespace"')
        for found in _MATCHER.finditer(where):
            self._check(found[1])
            matchers.append(found[0])
        if _MATCHER.sub("", where).strip(", "):
            raise ValueError(f"{where!r} is no list of matchers")
        return f"{self.declaration.name}{suffix}{{{', '.join(matchers)}}}"

    def _sum(self, text: str, by: Sequence[str], unit: str, operator: str = "sum") -> Expr:
        for label in by:
            self._check(label)
        if self.declaration in PROCESS:
            text = f"{text} {_EXPORTERS}"
        grouping = f" by ({', '.join(by)}) " if by else ""
        return Expr(f"{operator}{grouping}({text})", tuple(by), unit, (self.declaration,))

    def _check(self, label: str) -> None:
        labels = (*self.declaration.labels, *TARGET_LABELS)
        if label not in labels:
            raise ValueError(f"{self.declaration.name}: no label {label!r}{nearest(label, labels)}")


class Counter(_Metric):
    """What only rises."""

    type = MetricType.COUNTER

    def bars(self, *by: str, where: str = "", top: int = 0) -> Expr:
        """What occurred in each step of a graph; with ``top`` of those that had most in all."""
        rates = self._sum(f"rate({self._selector(where)}[{STEP}])", by, "short")
        text = f"{rates.text} {_BAR}"
        if top:
            chosen = self.increase(*by, where=where, over=f"{RANGE} @ end()").top(top)
            text = f"({text} and on ({', '.join(by)}) {chosen.text})"
        return Expr(text, rates.labels, rates.unit, rates.families)

    def rate(self, *by: str, where: str = "", over: str = STEP) -> Expr:
        """Each second."""
        text = f"rate({self._selector(where)}[{over}])"
        return self._sum(text, by, "percentunit" if self.unit == "s" else "cps")

    def increase(self, *by: str, where: str = "", over: str = RANGE) -> Expr:
        """Over a time, by default that of the dashboard: ``24h``, ``24h offset 1h``."""
        duration, _, modifier = over.partition(" ")
        text = f"increase({self._selector(where)}[{duration}]{' ' + modifier if modifier else ''})"
        return self._sum(text, by, "short")


class Gauge(_Metric):
    """What rises and falls."""

    type = MetricType.GAUGE

    def sum(self, *by: str, where: str = "") -> Expr:
        """Of all that have the same ``by``."""
        return self._sum(self._selector(where), by, self.unit)

    def max(self, *by: str, where: str = "") -> Expr:
        """The greatest."""
        return self._sum(self._selector(where), by, self.unit, "max")

    def min(self, *by: str, where: str = "") -> Expr:
        """The least."""
        return self._sum(self._selector(where), by, self.unit, "min")

    def age(self, *by: str, where: str = "") -> Expr:
        """How long ago the latest of these times was."""
        if not self.declaration.name.endswith("_time_seconds") and not (
            self.declaration.name.endswith("_timestamp_seconds")
        ):
            raise ValueError(f"{self.declaration.name} is no time")
        latest = self.max(*by, where=where)
        return Expr(f"time() - {latest.text}", latest.labels, "s", latest.families)


class Histogram(_Metric):
    """Durations or sizes."""

    type = MetricType.HISTOGRAM

    def bars(self, where: str = "") -> Expr:
        """How many fell into each bucket in each step of a heatmap."""
        text = f"sum by (le) (rate({self._selector(where, '_bucket')}[{STEP}])) {_BAR}"
        return Expr(text, ("le",), self.unit, (self.declaration,))

    def quantile(self, q: float, *by: str, where: str = "", over: str = STEP) -> Expr:
        """What that part of them did not exceed."""
        buckets = self._sum(f"rate({self._selector(where, '_bucket')}[{over}])", by, self.unit)
        grouped = buckets.text.removeprefix("sum").removeprefix(f" by ({', '.join(by)}) ")
        text = f"histogram_quantile({q:g}, sum by ({', '.join(('le', *by))}) {grouped})"
        return Expr(text, buckets.labels, self.unit, buckets.families)

    def mean(self, *by: str, where: str = "", over: str = STEP) -> Expr:
        """On the average."""
        total = self._sum(f"rate({self._selector(where, '_sum')}[{over}])", by, self.unit)
        number = self._sum(f"rate({self._selector(where, '_count')}[{over}])", by, self.unit)
        return total.over(number, self.unit)

    def throughput(self, *by: str, where: str = "") -> Expr:
        """The sum of what was measured, each second."""
        if self.unit != "decbytes":
            raise ValueError(f"{self.declaration.name} is no size")
        return self._sum(f"rate({self._selector(where, '_sum')}[{STEP}])", by, "Bps")

    def increase(self, *by: str, where: str = "", over: str = RANGE) -> Expr:
        """How many there were."""
        return self._sum(f"increase({self._selector(where, '_count')}[{over}])", by, "short")
