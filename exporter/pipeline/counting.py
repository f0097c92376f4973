# SPDX-License-Identifier: Apache-2.0
"""Counting: new occurrences of a record, into counters and histograms.

Joins ``rules`` (what does it mean?) and ``metrics`` (count it). No I/O and no clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf
from typing import NamedTuple, TypedDict, TypeVar

import msgspec

from exporter.events import EventRecord
from exporter.events.record import container_of, unix_seconds
from exporter.metrics.births import Births
from exporter.metrics.bounds import LabelBounds
from exporter.metrics.counter import CounterFamily, CounterSeries, GaugeFamily, GaugeSeries
from exporter.metrics.declaration import MetricType
from exporter.metrics.histogram import HistogramFamily, HistogramSeries
from exporter.metrics.series import Family, Series
from exporter.metrics.text import Pairs
from exporter.pipeline.families import EVENTS, LAST_SEEN
from exporter.rules.rulebook import Reading, Rule, RuleBook

S = TypeVar("S", bound=Series)
# type, reason, kind, namespace, component: the labels of the widest family.
Identity = tuple[str, str, str, str, str]
# Repeats say again what the first of them said. So what a message came to is remembered, for a
# minute at the longest, for so many messages that are not longer than this.
_MAX_REMEMBERED = 4096
_MAX_REMEMBERED_TEXT = 512


class _Shared(TypedDict):
    """What all families have in common."""

    births: Births
    bounds: LabelBounds
    limit: int


class _Effect(msgspec.Struct, frozen=True, gc=False):
    """What a reading does to families, looked up."""

    counted: Sequence[CounterSeries]
    measured: Sequence[tuple[HistogramSeries, float]]
    timed: Sequence[HistogramSeries]
    reading: Reading


class _Known(NamedTuple):
    """What events of one identity change."""

    counter: CounterSeries
    last_seen: GaugeSeries
    rules: Sequence[Rule]
    effects: dict[str, _Effect]
    """By message."""


class Counting:
    """New occurrences of records, into families."""

    def __init__(self, rules: RuleBook, births: Births, *, series_limit: int) -> None:
        self.bounds = LabelBounds()
        self.rules = rules
        self.last_occurrence = 0.0
        """Unix seconds of the latest occurrence counted, on its reporter's clock."""
        self.total = 0
        """Occurrences counted since the start."""
        shared: _Shared = {"births": births, "bounds": self.bounds, "limit": series_limit}
        self.events = CounterFamily(EVENTS, describe=_pairs, **shared)
        self.last_seen = GaugeFamily(LAST_SEEN, **shared)
        self._counters: dict[str, CounterFamily] = {}
        self._histograms: dict[str, HistogramFamily] = {}
        for d in rules.declarations:
            if d.type is MetricType.HISTOGRAM:
                self._histograms[d.name] = HistogramFamily(d, describe=_pairs, **shared)
            else:
                self._counters[d.name] = CounterFamily(d, describe=_pairs, **shared)
        self._known: dict[Identity, _Known] = {}
        self._remembered = 0

    def families(self) -> Iterator[Family[Series]]:
        """All families, in the order they are shown."""
        yield self.events
        yield self.last_seen
        yield from self._counters.values()
        yield from self._histograms.values()

    def occurred(self, record: EventRecord, times: int, now: float = inf) -> float:
        """``record`` shows ``times`` new occurrences; returns when the latest was, Unix seconds.

        That is ``now`` at the latest: one reporter with a clock ahead would otherwise hold
        the time of the last occurrence in the future.
        """
        self.total += times
        identity = identity_of(record)
        counter, last_seen, rules, effects = self._known.get(identity) or self._meet(identity)
        detail = (record.kind, record.object_name, record.field_path, record.host)
        counter.inc(times, detail)
        when = unix_seconds(record.last_time)
        when = min(when, now)
        if when > last_seen.value:
            last_seen.set(when)
            self.last_occurrence = max(self.last_occurrence, when)
        if rules:
            effect = effects.get(record.message)
            if effect is None:
                effect = self._understand(record, rules, effects)
                if effect is None:
                    return when
            for series in effect.counted:
                series.inc(times, detail)
            for histogram, value in effect.measured:
                histogram.observe(value, times, detail)
            if effect.reading.rule.pairs:
                elapsed = self.rules.pair(effect.reading, record)
                if elapsed is not None:
                    for histogram in effect.timed:
                        histogram.observe(elapsed, times, detail)
        return when

    def _understand(
        self, record: EventRecord, rules: Sequence[Rule], effects: dict[str, _Effect]
    ) -> _Effect | None:
        """What a message comes to; remembered where nothing but message and identity count."""
        reading = self.rules.read(rules, record)
        if reading is None:
            return None
        counted: list[CounterSeries] = []
        measured: list[tuple[HistogramSeries, float]] = []
        steady = reading.rule.steady and len(record.message) <= _MAX_REMEMBERED_TEXT
        for family, labels, value in reading.observations:
            if value is None:
                counter = self._counters[family].at(labels)
                counted.append(counter)
                # What overflows is asked for anew each time, and so counted each time.
                steady = steady and counter.values == labels
            else:
                histogram = self._histograms[family].at(labels)
                measured.append((histogram, value))
                steady = steady and histogram.values == labels
        timed = [self._histograms[family].at(labels) for family, labels in reading.elapsed]
        effect = _Effect(counted, measured, timed, reading)
        if steady:
            if self._remembered >= _MAX_REMEMBERED:
                self._forget_messages()
            self._remembered += 1
            effects[record.message] = effect
        return effect

    def _forget_messages(self) -> None:
        for known in self._known.values():
            known.effects.clear()
        self._remembered = 0

    def seen(self, identity: Identity, when: float) -> None:
        """The first list shows such events, the latest at ``when``, and none is new.

        Their counter is there at 0 from now on: even who reads it without births sees the
        next occurrence rise.
        """
        last_seen = (self._known.get(identity) or self._meet(identity)).last_seen
        if when > last_seen.value:
            last_seen.set(when)

    def _meet(self, identity: Identity) -> _Known:
        """What events of this identity change; remembered unless it has no series of its own."""
        type_, reason, kind, namespace, component = identity
        known = _Known(
            self.events.at(identity),
            self.last_seen.at((type_, reason, kind, namespace)),
            self.rules.rules_for(component, kind, reason),
            {},
        )
        if known.counter.values == identity:
            self._known[identity] = known
        return known

    def labels(self) -> list[str]:
        """All label names of the families, each once."""
        return list(dict.fromkeys(n for f in self.families() for n in f.declaration.labels))

    def next_generation(self, lifetime: int) -> None:
        """Another period has passed: end idle series, forget the label values only they had."""
        self._known.clear()
        self._remembered = 0
        families = list(self.families())
        if sum([family.next_generation(lifetime) for family in families]):
            self.bounds.retain((f.declaration.labels, f.label_values()) for f in families)


def identity_of(record: EventRecord) -> Identity:
    """What its series are told apart by."""
    return (
        record.type,
        record.reason,
        record.kind,
        record.object_namespace,
        record.component,
    )


def _pairs(detail: object) -> Pairs:
    """Exemplar labels: the names that are no labels of the family."""
    if not isinstance(detail, tuple):
        return ()
    kind, name, field_path, node = detail
    if kind == "Pod":
        return (("pod", name), ("container", container_of(field_path)), ("node", node))
    if kind == "Node":
        return (("node", name),)
    return (("name", name), ("node", node))
