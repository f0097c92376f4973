# SPDX-License-Identifier: Apache-2.0
"""Histograms with fixed buckets."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property

from exporter.metrics.series import Amount, Family, Series
from exporter.metrics.text import (
    Format,
    bucket_bound,
    encode,
    exemplar_text,
    label_text,
    number,
)


class HistogramSeries(Series):
    """Observations of one label set."""

    __slots__ = ("_buckets", "_details", "_family", "_labels", "counts", "sum")

    def __init__(
        self,
        values: tuple[str, ...],
        birth: int,
        dirty: list[Series],
        family: HistogramFamily,
    ) -> None:
        super().__init__(values, birth, dirty)
        self._family = family
        self._buckets = family.declaration.buckets
        self._labels = label_text(family.declaration.labels, values)
        self.counts = [0] * (len(family.declaration.buckets) + 1)
        self.sum = 0.0
        self._details: dict[int, tuple[object, float]] = {}

    def carry(self, labels: str) -> None:
        """Behind its own, before ``le``."""
        self._labels = f"{self._labels},{labels}" if self._labels else labels

    def observe(self, value: float, times: int = 1, detail: object = None) -> None:
        """Count ``value`` in its bucket, ``times`` times: a repeated event repeats its value."""
        bucket = bisect_left(self._buckets, value)
        self.counts[bucket] += times
        self.sum += value * times
        if detail is not None:
            self._details[bucket] = (detail, value)
        if not self.changed:
            self.changed = True
            self.dirty.append(self)

    def amount(self) -> Amount:
        """Its buckets' counts and its sum, where there is any."""
        return [*self.counts, self.sum] if any(self.counts) else None

    def add(self, amount: Amount) -> None:
        """Add the observations of another histogram with the same buckets."""
        if not isinstance(amount, Sequence) or len(amount) != len(self.counts) + 1:
            raise ValueError(f"{amount!r} is no amount of {len(self.counts)} buckets and a sum")
        *counts, total = amount
        self.counts = [had + int(more) for had, more in zip(self.counts, counts, strict=True)]
        self.sum += total
        self.mark()

    def reset(self) -> None:
        """To 0, and of no event."""
        self.counts = [0] * len(self.counts)
        self.sum = 0.0
        self._details.clear()

    def text(self, format_: Format) -> bytes:
        """Its cumulative buckets, sum and count."""
        details = self._details if format_ is Format.OPENMETRICS else {}
        return self._lines(self.counts, self.sum, details)

    def zero(self) -> bytes:
        """All buckets at 0: a histogram is born like a counter."""
        return self._lines([0] * len(self.counts), 0.0, {})

    def _lines(
        self, counts: list[int], total: float, details: dict[int, tuple[object, float]]
    ) -> bytes:
        family = self._family
        name, labels = family.declaration.name, self._labels
        head = f"{name}_bucket{{{labels},le=" if labels else f"{name}_bucket{{le="
        cumulative = 0
        lines = []
        for position, (bound, count) in enumerate(zip(family.bucket_names, counts, strict=True)):
            cumulative += count
            line = f'{head}"{bound}"}} {cumulative}'
            if position in details and family.describe:
                detail, value = details[position]
                line += exemplar_text(family.describe(detail), value)
            lines.append(line)
        tail = f"{{{labels}}}" if labels else ""
        lines.append(f"{name}_sum{tail} {number(total)}")
        lines.append(f"{name}_count{tail} {cumulative}")
        return encode("\n".join(lines))


class HistogramFamily(Family[HistogramSeries]):
    """Histograms of one name."""

    @cached_property
    def bucket_names(self) -> list[str]:
        """The upper bounds as they are written, the last of them +Inf."""
        return [bucket_bound(b) for b in (*self.declaration.buckets, math.inf)]

    def _born(self, values: tuple[str, ...], birth: int) -> HistogramSeries:
        return HistogramSeries(values, birth, self._dirty, self)
