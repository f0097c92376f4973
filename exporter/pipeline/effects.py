# SPDX-License-Identifier: Apache-2.0
"""Effects: what the rules that match an event do, with their series looked up."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from exporter.events import EventRecord
from exporter.metrics.counter import CounterFamily, CounterSeries
from exporter.metrics.histogram import HistogramFamily, HistogramSeries
from exporter.rules.expressions import Groups, Number
from exporter.rules.pairing import Pairing
from exporter.rules.rulebook import AGGREGATED, NO_GROUPS, Rule, RuleBook, Rules
from exporter.rules.samples import Labels

# Of one identity: rules name few things, but who creates events chooses what they name.
_MAX_REMEMBERED = 64
_MAX_REMEMBERED_TEXT = 256


class Effect:
    """What one rule does."""

    __slots__ = ("counted", "lasting", "measured", "pairing", "timed")

    def __init__(self, pairing: Pairing | None) -> None:
        self.pairing = pairing
        """What it opens and closes."""
        self.counted: list[CounterSeries] = []
        self.measured: list[tuple[HistogramSeries, Number]] = []
        """Each takes what the event says."""
        self.timed: list[HistogramSeries] = []
        """Take the time since the opening."""
        self.lasting = True
        """Whether it is the same for all events that have the same labels; not so where a label
        set has no room: what overflows is asked for anew each time, and so counted each time."""

    def apply(
        self, record: EventRecord, groups: Groups, times: int, at: float, detail: object
    ) -> None:
        """Of ``times`` new occurrences, the latest ``at`` (as ``record.occurred()`` has it)."""
        for series in self.counted:
            series.inc(times, detail)
        if self.measured:
            # Merged events jump by many, of which only the newest tells its value.
            each = 1 if record.message.startswith(AGGREGATED) else times
            for histogram, number in self.measured:
                value = number(record, groups)
                if value is not None:
                    histogram.observe(value, each, detail)
        if self.pairing is not None:
            elapsed = self.pairing.apply(record, groups, times, at)
            if elapsed is not None:
                for histogram in self.timed:
                    histogram.observe(elapsed, 1, detail)


Effects = list[tuple[Effect, Groups]]
EffectKey = str | tuple[str, ...]
"""A rule's id, with what tells the labels of its samples beside the event's identity."""


class EffectsOf:
    """Over the families that rules feed; ``attributed`` names those with a workload's labels."""

    def __init__(
        self,
        rules: RuleBook,
        counters: Mapping[str, CounterFamily],
        histograms: Mapping[str, HistogramFamily],
        attributed: Collection[str],
    ) -> None:
        self._rules = rules
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
        effect = Effect(self._rules.pairing(rule))
        for sample in rule.samples:
            if sample.value and sample.value(record, groups) is None:
                effect.lasting = False  # its series is born by the first event that says a value
                continue
            attributed = sample.family in self._attributed
            for own in sample.label_sets(record, groups):
                labels = own + workload if attributed else own
                if sample.value or sample.elapsed:
                    histogram = self._histograms[sample.family].at(labels)
                    effect.lasting = effect.lasting and histogram.values == labels
                    if sample.value:
                        effect.measured.append((histogram, sample.value))
                    else:
                        effect.timed.append(histogram)
                else:
                    counter = self._counters[sample.family].at(labels)
                    effect.lasting = effect.lasting and counter.values == labels
                    effect.counted.append(counter)
        return effect


def _is_short(key: EffectKey) -> bool:
    return isinstance(key, str) or sum(map(len, key)) <= _MAX_REMEMBERED_TEXT
