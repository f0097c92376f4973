# SPDX-License-Identifier: Apache-2.0
"""The declaration of a metric family: the one place its name, type, help and labels stand."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from enum import StrEnum

_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")


class MetricType(StrEnum):
    """The types we expose, by their name in both text formats."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Stability(StrEnum):
    """What a user may rely on, in the words of kube-state-metrics."""

    STABLE = "STABLE"
    ALPHA = "ALPHA"


@dataclass(frozen=True, slots=True)
class Declaration:
    """One family. ``buckets`` are upper bounds in base units, rising, without +Inf.

    Raises ``ValueError`` with the name and what is wrong.
    """

    name: str
    type: MetricType
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    stability: Stability = Stability.ALPHA

    def __post_init__(self) -> None:
        problem = self._problem()
        if problem:
            raise ValueError(f"{self.name}: {problem}")

    def labelled(self, extra: tuple[str, ...]) -> Declaration:
        """The same with more labels, behind its own."""
        return replace(self, labels=(*self.labels, *extra)) if extra else self

    @property
    def samples(self) -> int:
        """Sample lines of one series: of a histogram its buckets, +Inf, sum and count."""
        return len(self.buckets) + 3 if self.buckets else 1

    def _problem(self) -> str:
        if not _NAME.match(self.name):
            return "a metric name is lower case letters, digits and underscores"
        if (self.type is MetricType.COUNTER) != self.name.endswith("_total"):
            return "counters, and only counters, end in _total"
        if not self.help.endswith("."):
            return "help is one sentence, with its full stop"
        if len(set(self.labels)) != len(self.labels):
            return "a label stands twice"
        for label in self.labels:
            if not _NAME.match(label) or label == "le":
                return f"{label!r} is no label name"
        if bool(self.buckets) != (self.type is MetricType.HISTOGRAM):
            return "histograms, and only histograms, have buckets"
        if not all(map(math.isfinite, self.buckets)):
            return "buckets are finite, without +Inf"
        if list(self.buckets) != sorted(set(self.buckets)):
            return "buckets must rise"
        return ""
