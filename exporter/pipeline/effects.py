# SPDX-License-Identifier: Apache-2.0
"""Effects: what the rules that match an event do, with their series looked up."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import msgspec

from exporter.events import EventRecord
from exporter.metrics.counter import CounterFamily, CounterSeries
from exporter.metrics.histogram import HistogramFamily, HistogramSeries
from exporter.rules.expressions import Depends, Groups
from exporter.rules.rulebook import Labels, Match, Rule, reading_of


class Effect(msgspec.Struct, frozen=True, gc=False):
    """What one rule does."""

    rule: Rule
    pairs: bool
    """Whether it opens or closes a lifecycle."""
    counted: Sequence[CounterSeries]
    measured: Sequence[tuple[HistogramSeries, float]]
    timed: Sequence[HistogramSeries]
    """Take the time since the opening."""
    lasting: bool
    """Whether it is the same for all events that say the same; not so where a label set has
    no room: what overflows is asked for anew each time, and so counted each time."""


Effects = Sequence[tuple[Effect, Groups]]


class EffectsOf:
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

    def rules(
        self,
        matches: Sequence[Match],
        record: EventRecord,
        workload: Labels,
        plain: dict[str, Effect],
    ) -> tuple[Effects, bool]:
        """The effects, and whether they are those of every event with this identity and message.

        ``plain`` keeps those that are the same for all events of the identity, by rule.
        """
        found: list[tuple[Effect, Groups]] = []
        lasting = True
        for rule, groups in matches:
            effect = plain.get(rule.id)
            if effect is None:
                effect = self._effect(rule, groups, record, workload)
                if rule.depends is Depends.IDENTITY and effect.lasting:
                    plain[rule.id] = effect
            lasting = lasting and effect.lasting
            found.append((effect, groups))
        return found, lasting

    def _effect(self, rule: Rule, groups: Groups, record: EventRecord, workload: Labels) -> Effect:
        reading = reading_of(rule, groups, record)
        counted: list[CounterSeries] = []
        measured: list[tuple[HistogramSeries, float]] = []
        timed: list[HistogramSeries] = []
        lasting = rule.depends is not Depends.RECORD
        for family, own, value in reading.observations:
            labels = own + workload if family in self._attributed else own
            if value is None:
                counter = self._counters[family].at(labels)
                counted.append(counter)
                lasting = lasting and counter.values == labels
            else:
                histogram = self._histograms[family].at(labels)
                measured.append((histogram, value))
                lasting = lasting and histogram.values == labels
        for family, own in reading.elapsed:
            labels = own + workload if family in self._attributed else own
            histogram = self._histograms[family].at(labels)
            timed.append(histogram)
            lasting = lasting and histogram.values == labels
        return Effect(rule, rule.pairs, counted, measured, timed, lasting)
