# SPDX-License-Identifier: Apache-2.0
"""Counting: new occurrences of a record, into counters and histograms.

Joins ``rules`` (what does it mean?) and ``metrics`` (count it). No I/O and no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import inf
from typing import TypedDict, TypeVar

from exporter.events import EventRecord
from exporter.events.record import container_of, unix_seconds
from exporter.metrics.births import Births
from exporter.metrics.bounds import OVERFLOW, LabelBounds
from exporter.metrics.counter import CounterFamily, CounterSeries, GaugeFamily, GaugeSeries
from exporter.metrics.declaration import MetricType
from exporter.metrics.histogram import HistogramFamily
from exporter.metrics.series import Amount, Family, Series
from exporter.metrics.text import Pairs
from exporter.pipeline.effects import Effect, EffectKey, Effects, EffectsOf
from exporter.pipeline.lifecycles import LifecycleFamilies
from exporter.rules.reserved import EVENTS, LAST_SEEN, WORKLOAD_LABELS
from exporter.rules.rulebook import RuleBook, Rules
from exporter.rules.samples import Labels

S = TypeVar("S", bound=Series)
# type, reason, kind, namespace, component: the labels of the widest family. Where workloads
# are told, the kind and the name of the object's.
Identity = tuple[str, ...]
_OWN_LABELS = 5
WorkloadOf = Callable[[str, str, str], tuple[str, str]]
"""The workload of an object, by its kind, namespace and name."""
# Repeats say again what the first of them said. So what a message came to is remembered, for a
# minute at the longest, for so many messages of one identity and of all, none longer than this.
# Where there is no room the first stay: messages that name an object would push out the others.
_MAX_REMEMBERED_EACH = 64
_MAX_REMEMBERED = 4096
_MAX_REMEMBERED_TEXT = 512


class _Shared(TypedDict):
    """What all families have in common."""

    births: Births
    bounds: LabelBounds
    limit: int


class _Known:
    """What events of one identity change."""

    __slots__ = (
        "by_rule",
        "counter",
        "effects",
        "last_seen",
        "pairs",
        "rules",
        "wordless",
        "workload",
    )

    def __init__(
        self, counter: CounterSeries, last_seen: GaugeSeries, rules: Rules, workload: Labels
    ) -> None:
        self.counter = counter
        self.last_seen = last_seen
        self.rules = rules
        self.workload = workload
        self.pairs = any(rule.pairs for subject in rules for rule in subject)
        """Whether a rule opens or closes a lifecycle."""
        self.wordless = all(first.message is None and not first.told_by for first, *_ in rules)
        """Whether no rule asks for the message: all its events do the same."""
        self.effects: dict[str, Effects] = {}
        """By message; by "" where it is wordless."""
        self.by_rule: dict[EffectKey, Effect] = {}


class Counting:
    """New occurrences of records, into families."""

    def __init__(
        self,
        rules: RuleBook,
        births: Births,
        *,
        series_limit: int,
        workload_of: WorkloadOf | None = None,
    ) -> None:
        self.identity_of = _identity_of if workload_of is None else _with_workload(workload_of)
        """What the series of a record are told apart by."""
        self.bounds = LabelBounds()
        self.rules = rules
        self.last_occurrence = 0.0
        """Unix seconds of the latest occurrence counted, on its reporter's clock."""
        self.total = 0
        """Occurrences counted since the start."""
        shared: _Shared = {"births": births, "bounds": self.bounds, "limit": series_limit}
        extra = () if workload_of is None else WORKLOAD_LABELS
        self.events = CounterFamily(EVENTS.labelled(extra), describe=_pairs, **shared)
        self.last_seen = GaugeFamily(LAST_SEEN, **shared)
        self._counters: dict[str, CounterFamily] = {}
        self._histograms: dict[str, HistogramFamily] = {}
        attributed = {d.name for d in rules.declarations if extra and "namespace" in d.labels}
        for declared in rules.declarations:
            d = declared.labelled(extra) if declared.name in attributed else declared
            if d.type is MetricType.HISTOGRAM:
                self._histograms[d.name] = HistogramFamily(d, describe=_pairs, **shared)
            else:
                self._counters[d.name] = CounterFamily(d, describe=_pairs, **shared)
        self._by_name = {each.declaration.name: each for each in self.bounded()}
        self._effects_of = EffectsOf(rules, self._counters, self._histograms, attributed)
        self._lifecycles = LifecycleFamilies(rules.lifecycles, rules.outcomes(), births)
        self._known: dict[Identity, _Known] = {}
        self._remembered = 0
        closed = {
            self._counters[name].at(labels)
            for name, labels in rules.closed_label_sets()
            if name not in attributed
        }
        self._closed = [series for series in closed if OVERFLOW not in series.values]

    def families(self) -> Iterator[Family[Series]]:
        """All families, in the order they are shown."""
        yield from self.bounded()
        yield from self._lifecycles.families()

    def bounded(self) -> Iterator[Family[Series]]:
        """Those whose label values come from the cluster."""
        yield self.events
        yield self.last_seen
        yield from self._counters.values()
        yield from self._histograms.values()

    def add(self, family: str, labels: tuple[str, ...], amount: Amount) -> bool:
        """What another process had counted and shown to nobody; whether it fits a family."""
        known = self._by_name.get(family)
        if known is None:
            return False
        try:
            known.at(labels).add(amount)
        except ValueError:
            return False
        return True

    def begin_again(self, *, at_zero: bool) -> None:
        """All series are born anew, for scrapers that have not been shown them."""
        for family in self.bounded():
            family.begin_again(at_zero=at_zero)
        self._lifecycles.begin_again(at_zero=at_zero)

    def refresh(self) -> None:
        """Bring those families up to date whose numbers are kept elsewhere."""
        self._lifecycles.refresh()

    def occurred(self, record: EventRecord, times: int, now: float = inf) -> float:
        """``record`` shows ``times`` new occurrences; returns when the latest was, Unix seconds.

        That is ``now`` at the latest: one reporter with a clock ahead would otherwise hold
        the time of the last occurrence in the future.
        """
        self.total += times
        identity = self.identity_of(record)
        known = self._known.get(identity) or self._meet(identity)
        detail = (record.kind, record.object_name, record.field_path, record.host)
        known.counter.inc(times, detail)
        stamp = unix_seconds(record.last_time)
        when = min(stamp, now)
        last_seen = known.last_seen
        if when > last_seen.value:
            last_seen.set(when)
            self.last_occurrence = max(self.last_occurrence, when)
        if known.rules:
            self._apply(known, record, times, stamp, detail)
        return when

    def _apply(
        self, known: _Known, record: EventRecord, times: int, stamp: float, detail: object
    ) -> None:
        """What its rules make of the new occurrences, the latest of which is stamped so."""
        message = "" if known.wordless else record.message
        effects = known.effects.get(message)
        if effects is None:
            effects = self._understand(known, record)
        at = record.occurred_at(stamp) if known.pairs else 0.0
        for effect, groups in effects:
            effect.apply(record, groups, times, at, detail)

    def _understand(self, known: _Known, record: EventRecord) -> Effects:
        """What a message comes to; remembered where nothing but message and identity count."""
        effects, lasting = self._effects_of.of(known.rules, record, known.workload, known.by_rule)
        message = "" if known.wordless else record.message
        room = len(known.effects) < _MAX_REMEMBERED_EACH and self._remembered < _MAX_REMEMBERED
        if lasting and room and len(message) <= _MAX_REMEMBERED_TEXT:
            self._remembered += 1
            known.effects[message] = effects
        return effects

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
        type_, reason, kind, namespace, component = identity[:_OWN_LABELS]
        rules = self.rules.rules_for(type_, component, kind, reason)
        known = _Known(
            self.events.at(identity),
            self.last_seen.at((type_, reason, kind, namespace)),
            rules,
            identity[_OWN_LABELS:],
        )
        if known.counter.values == identity:
            self._known[identity] = known
        return known

    def next_generation(self, lifetime: int) -> None:
        """Another period has passed: end idle series, forget the label values only they had."""
        for _ in self.aging(lifetime):
            pass

    def aging(self, lifetime: int) -> Iterator[None]:
        """The same in steps, each some tens of milliseconds where 100 000 series end at once.

        The caller lets others have their turn between them; events may go on.
        """
        for series in self._closed:
            series.held = True  # alerts read it at 0, however long nothing happens
        ended = 0
        for family in self.bounded():
            self._forget_known()  # met since the last step, perhaps with a series that ends now
            ended += family.next_generation(lifetime)
            yield
        self._forget_known()
        if ended:
            families = list(self.bounded())
            self.bounds.retain((f.declaration.labels, f.label_values()) for f in families)

    def _forget_known(self) -> None:
        self._known.clear()
        self._remembered = 0


def _identity_of(record: EventRecord) -> Identity:
    return (
        record.type,
        record.reason,
        record.kind,
        record.object_namespace,
        record.component,
    )


def _with_workload(workload_of: WorkloadOf) -> Callable[[EventRecord], Identity]:
    def identity_of(record: EventRecord) -> Identity:
        workload = workload_of(record.kind, record.object_namespace, record.object_name)
        return (*_identity_of(record), *workload)

    return identity_of


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
