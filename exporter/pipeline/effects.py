# SPDX-License-Identifier: Apache-2.0
"""Effects: what the rules that match an event do, with their series looked up."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import msgspec

from exporter.events import EventRecord
from exporter.metrics.counter import CounterFamily, CounterSeries
from exporter.metrics.histogram import HistogramFamily, HistogramSeries
from exporter.rules.expressions import Groups, Number
from exporter.rules.rulebook import AGGREGATED, NO_GROUPS, Labels, Rule, Rules

# Of one identity: rules name few things, but who creates events chooses what they name.
_MAX_REMEMBERED = 64
_MAX_REMEMBERED_TEXT = 256


class Effect(msgspec.Struct, frozen=True, gc=False):
    """What one rule does."""

    rule: Rule
    pairs: bool
    """Whether it opens or closes a lifecycle."""
    counted: Sequence[CounterSeries]
    measured: Sequence[tuple[HistogramSeries, Number]]
    """Each takes what the event says."""
    timed: Sequence[HistogramSeries]
    """Take the time since the opening."""
    lasting: bool
    """Whether it is the same for all events that have the same labels; not so where a label set
    has no room: what overflows is asked for anew each time, and so counted each time."""

    def measure(self, groups: Groups, record: EventRecord, times: int, detail: object) -> None:
        """Observe what the event says, ``times`` times."""
        for histogram, number in self.measured:
            value = number(record, groups)
            if value is not None:
                histogram.observe(value, times, detail)


Effects = Sequence[tuple[Effect, Groups]]
EffectKey = str | tuple[str, ...]
"""A rule's id, with what tells the labels of its samples beside the event's identity."""


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

    def of(
        self, rules: Rules, record: EventRecord, workload: Labels, known: dict[EffectKey, Effect]
    ) -> tuple[Effects, bool]:
        """The effects, and whether they are those of every event with this identity and message.

        Of each file the first rule that matches speaks. ``known`` keeps effects of one identity.
        """
        message = record.message.removeprefix(AGGREGATED)
        found: list[tuple[Effect, Groups]] = []
        lasting = True
        for subject in rules:
            for rule in subject:
                groups: Groups = NO_GROUPS
                if rule.message is not None:
                    match = rule.message.search(message)
                    if match is None:
                        continue
                    groups = match
                key: EffectKey = rule.id
                if rule.told_by:
                    key = (rule.id, *[text(record, groups) for text in rule.told_by])
                effect = known.get(key)
                if effect is None:
                    effect = self._effect(rule, groups, record, workload)
                    if effect.lasting and len(known) < _MAX_REMEMBERED and _is_short(key):
                        known[key] = effect
                lasting = lasting and effect.lasting and rule.of_message
                found.append((effect, groups))
                break
        return found, lasting

    def _effect(self, rule: Rule, groups: Groups, record: EventRecord, workload: Labels) -> Effect:
        counted: list[CounterSeries] = []
        measured: list[tuple[HistogramSeries, Number]] = []
        timed: list[HistogramSeries] = []
        lasting = True
        for sample in rule.samples:
            if sample.value and sample.value(record, groups) is None:
                lasting = False  # its series is born by the first event that says a value
                continue
            attributed = sample.family in self._attributed
            for own in sample.label_sets(record, groups):
                labels = own + workload if attributed else own
                if sample.value or sample.elapsed:
                    histogram = self._histograms[sample.family].at(labels)
                    lasting = lasting and histogram.values == labels
                    if sample.value:
                        measured.append((histogram, sample.value))
                    else:
                        timed.append(histogram)
                else:
                    counter = self._counters[sample.family].at(labels)
                    lasting = lasting and counter.values == labels
                    counted.append(counter)
        return Effect(rule, rule.pairs, counted, measured, timed, lasting)


def _is_short(key: EffectKey) -> bool:
    return isinstance(key, str) or sum(map(len, key)) <= _MAX_REMEMBERED_TEXT
