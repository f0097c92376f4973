# SPDX-License-Identifier: Apache-2.0
"""The pipeline: an Event object in, counters and histograms changed.

Joins the rooms in the middle of the house: ``events`` (what is new?), ``rules`` (what
does it mean?) and ``metrics`` (count it). No I/O: it is driven by the list/watch of a
scope, or by ``replay``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import inf

from exporter.events import EventObject, EventRecord, Ledger, read_event, version_number
from exporter.events.record import container_of, unix_seconds
from exporter.metrics.births import Births
from exporter.metrics.bounds import LabelBounds
from exporter.metrics.counter import CounterFamily, CounterSeries, GaugeFamily, GaugeSeries
from exporter.metrics.declaration import MetricType
from exporter.metrics.families import EVENTS, LAST_SEEN
from exporter.metrics.histogram import HistogramFamily
from exporter.metrics.series import Family as AnyFamily
from exporter.metrics.series import Series
from exporter.metrics.text import Pairs
from exporter.rules.rulebook import Rule, RuleBook

# type, reason, kind, namespace, component: the labels of the widest family.
Identity = tuple[str, str, str, str, str]
_Known = tuple[CounterSeries, GaugeSeries, Sequence[Rule]]


class Counting:
    """New occurrences of records, into families."""

    def __init__(self, rules: RuleBook, births: Births, *, series_limit: int) -> None:
        self.bounds = LabelBounds()
        self.rules = rules
        self.last_occurrence = 0.0
        """Unix seconds of the latest occurrence counted, on its reporter's clock."""
        self.total = 0
        """Occurrences counted since the start."""
        self.events = CounterFamily(
            EVENTS, births=births, bounds=self.bounds, limit=series_limit, describe=_pairs
        )
        self.last_seen = GaugeFamily(
            LAST_SEEN, births=births, bounds=self.bounds, limit=series_limit
        )
        self._known: dict[Identity, _Known] = {}
        self._counters: dict[str, CounterFamily] = {}
        self._histograms: dict[str, HistogramFamily] = {}
        for declaration in rules.declarations:
            if declaration.type is MetricType.HISTOGRAM:
                self._histograms[declaration.name] = HistogramFamily(
                    declaration,
                    births=births,
                    bounds=self.bounds,
                    limit=series_limit,
                    describe=_pairs,
                )
            else:
                self._counters[declaration.name] = CounterFamily(
                    declaration,
                    births=births,
                    bounds=self.bounds,
                    limit=series_limit,
                    describe=_pairs,
                )

    def families(self) -> Iterator[AnyFamily[Series]]:
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
        identity = _identity(record)
        counter, last_seen, rules = self._known.get(identity) or self._meet(identity)
        detail = (record.kind, record.object_name, record.field_path, record.host)
        counter.inc(times, detail)
        when = min(unix_seconds(record.last_time), now)
        if when > last_seen.value:
            last_seen.set(when)
            self.last_occurrence = max(self.last_occurrence, when)
        if rules:
            for family, labels, value in self.rules.observe(rules, record):
                if value is None:
                    self._counters[family].at(labels).inc(times, detail)
                else:
                    self._histograms[family].at(labels).observe(value, times, detail)
        return when

    def seen(self, identity: Identity, when: float) -> None:
        """The first list shows such events, the latest at ``when``, and none is new.

        Their counter is there at 0 from now on: even who reads it without births sees the
        next occurrence rise.
        """
        _, last_seen, _ = self._known.get(identity) or self._meet(identity)
        if when > last_seen.value:
            last_seen.set(when)

    def _meet(self, identity: Identity) -> _Known:
        """What events of this identity change; remembered unless it has no series of its own."""
        type_, reason, kind, namespace, component = identity
        known = (
            self.events.at(identity),
            self.last_seen.at((type_, reason, kind, namespace)),
            self.rules.rules_for(component, kind, reason),
        )
        if known[0].values == identity:
            self._known[identity] = known
        return known

    def labels(self) -> list[str]:
        """All label names of the families, each once."""
        return list(dict.fromkeys(n for f in self.families() for n in f.declaration.labels))

    def next_generation(self, lifetime: int) -> None:
        """Another period has passed: end idle series, forget the label values only they had."""
        self._known.clear()
        families = list(self.families())
        if sum([family.next_generation(lifetime) for family in families]):
            self.bounds.retain((f.declaration.labels, f.label_values()) for f in families)


class Scope:
    """The consumer of one list/watch: its ledger in front of the common counters.

    ``monotonic`` and ``wall`` give seconds; the first does not go back.
    """

    def __init__(
        self,
        counting: Counting,
        ledger: Ledger,
        *,
        monotonic: Callable[[], float],
        wall: Callable[[], float],
    ) -> None:
        self.ledger = ledger
        self.missed = 0
        """Occurrences that a relist found and the watch had not shown."""
        self.last_sync = 0.0
        """When a list was last complete, Unix seconds; 0.0 for never."""
        self.lag = 0.0
        """Age of the latest counted occurrence when it arrived, seconds, across two clocks."""
        self._baseline: dict[Identity, float] | None = {}
        self._counting = counting
        self._monotonic = monotonic
        self._wall = wall

    def list_began(self, server_time: float) -> None:
        """A list starts."""
        self.ledger.begin_list(server_time=server_time)
        if self._baseline:
            self._baseline = {}

    def listed(self, item: EventObject) -> bool:
        """One object of the list."""
        record = read_event(item)
        if record is None:
            return False
        self.ledger.listed(record)
        if self._baseline is not None:
            identity = _identity(record)
            when = unix_seconds(record.last_time)
            if when >= self._baseline.get(identity, -inf):
                self._baseline[identity] = when
        return True

    def unlisted(self, item: EventObject) -> bool:
        """An object of the list that was deleted meanwhile."""
        record = read_event(item)
        if record is None:
            return False
        self.ledger.unlisted(record)
        return True

    def list_published(self, resource_version: str) -> None:
        """The list is complete."""
        version, now = version_number(resource_version), self._wall()
        for record, times in self.ledger.publish_list(version, self._monotonic()):
            self._counting.occurred(record, times, now)
            self.missed += times
        for identity, when in (self._baseline or {}).items():
            self._counting.seen(identity, min(when, now))
        self._baseline = None
        self.last_sync = now

    def list_abandoned(self) -> None:
        """The list broke."""
        self.ledger.abandon_list()

    def changed(self, kind: str, item: EventObject) -> bool:
        """ADDED, MODIFIED or DELETED."""
        record = read_event(item)
        if record is None:
            return False
        if kind == "DELETED":
            self.ledger.ended(record, self._monotonic())
            return True
        times = self.ledger.changed(record)
        if times:
            now = self._wall()
            self.lag = now - self._counting.occurred(record, times, now)
        return True


def _identity(record: EventRecord) -> Identity:
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
