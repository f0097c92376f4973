# SPDX-License-Identifier: Apache-2.0
"""Effects: what the readings of an event do, with their series looked up."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import msgspec

from exporter.metrics.counter import CounterFamily, CounterSeries
from exporter.metrics.histogram import HistogramFamily, HistogramSeries
from exporter.rules.rulebook import Labels, Reading


class Effect(msgspec.Struct, frozen=True, gc=False):
    """What a message comes to."""

    counted: Sequence[CounterSeries]
    measured: Sequence[tuple[HistogramSeries, float]]
    pairs: Sequence[tuple[Reading, Sequence[HistogramSeries]]]
    """What opens or closes a lifecycle, and the histograms of the time since the opening."""


class Effects:
    """Over the families that rules feed; ``attributed`` names those with a workload's labels."""

    def __init__(
        self,
        counters: Mapping[str, CounterFamily],
        histograms: Mapping[str, HistogramFamily],
        attributed: Collection[str],
    ) -> None:
        self._counters = counters
        self._histograms = histograms
        self._attributed = attributed

    def of(self, readings: Sequence[Reading], workload: Labels) -> tuple[Effect, bool]:
        """The effect, and whether it is that of every event with this message and identity.

        It is not where a rule reads more of the record, and not where a label set has no room:
        what overflows is asked for anew each time, and so counted each time.
        """
        counted: list[CounterSeries] = []
        measured: list[tuple[HistogramSeries, float]] = []
        pairs: list[tuple[Reading, Sequence[HistogramSeries]]] = []
        steady = True
        for reading in readings:
            steady = steady and reading.rule.steady
            for family, own, value in reading.observations:
                labels = own + workload if family in self._attributed else own
                if value is None:
                    counter = self._counters[family].at(labels)
                    counted.append(counter)
                    steady = steady and counter.values == labels
                else:
                    histogram = self._histograms[family].at(labels)
                    measured.append((histogram, value))
                    steady = steady and histogram.values == labels
            if reading.rule.pairs:
                timed = []
                for family, own in reading.elapsed:
                    labels = own + workload if family in self._attributed else own
                    histogram = self._histograms[family].at(labels)
                    timed.append(histogram)
                    steady = steady and histogram.values == labels
                pairs.append((reading, timed))
        return Effect(counted, measured, pairs), steady
