# SPDX-License-Identifier: Apache-2.0
"""Models of client-go's two event recorders: what a cluster's components write, write for write.

Sans-I/O: they write to an EventStore and get `now`. `record` returns how many occurrences the API
server has newly shown by it: 0 if the recorder dropped the event or keeps it in memory, more than 1
where a later write carries the count of earlier ones. The same number goes into the ground truth.

- LegacyRecorder (tools/record; kubelet, controllers): in the order of its events_cache.go, ten
  similar events within ten minutes become an aggregate, equal ones raise a count, and a token
  bucket per object drops what is too much; what was dropped is in the count of the next write.
- SeriesRecorder (tools/events; scheduler): a series in memory, of which the API sees the second
  occurrence and then no more than one write in half an hour.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from exporter.demo.event_objects import (
    GroundTruth,
    LabelSet,
    NameSource,
    ObjectRef,
    legacy_event,
    series,
    series_event,
)
from exporter.demo.store import EventStore, NotFoundError

AGGREGATE_PREFIX = "(combined from similar events): "

_CACHE_SIZE = 4096
_SIMILAR = 10  # distinct messages that make an aggregate
_SIMILAR_WITHIN = 600.0  # seconds without one of them end it
_BURST = 25.0
_REFILL_PER_SECOND = 1 / 300
_FINISH = 360.0  # a series idle for as long ends; also how often that is looked at
_REFRESH = 1800.0
_NOTE_LIMIT = 1024

_Entry = TypeVar("_Entry")


@dataclass(slots=True)
class _Similar:
    last: float
    messages: dict[str, None] = field(default_factory=dict)


@dataclass(slots=True)
class _Counted:
    name: str
    first: float
    count: int = 0
    shown: int = 0


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled: float


@dataclass(slots=True)
class _Series:
    event: dict[str, Any]
    labels: LabelSet
    last: float
    count: int = 0  # series.count; 0 while there is no series
    shown: int = 0


class _Recent(OrderedDict[Hashable, _Entry]):
    """A cache of client-go: the 4096 keys last used."""

    def use(self, key: Hashable, entry: _Entry) -> None:
        self[key] = entry
        self.move_to_end(key)
        if len(self) > _CACHE_SIZE:
            self.popitem(last=False)


class LegacyRecorder:
    """The recorder of one component on one host (`host` empty for controllers).

    `spam_filter` off models a component that was built without it; `manager` is the process that
    shows in managedFields.
    """

    def __init__(
        self,
        store: EventStore,
        component: str,
        *,
        host: str = "",
        manager: str = "kube-controller-manager",
        spam_filter: bool = True,
        truth: GroundTruth | None = None,
        names: NameSource | None = None,
    ) -> None:
        self.component = component
        self.truth = truth or GroundTruth()
        self._store = store
        self._host = host
        self._manager = manager
        self._spam_filter = spam_filter
        self._names = names or NameSource()
        self.restart()

    def restart(self) -> None:
        """The process starts anew: all it remembered was in memory."""
        self._similar: _Recent[_Similar] = _Recent()
        self._counted: _Recent[_Counted] = _Recent()
        self._buckets: _Recent[_Bucket] = _Recent()

    def record(self, now: float, ref: ObjectRef, kind: str, reason: str, message: str) -> int:
        """Record one occurrence of an event of type `kind`; what became visible by it."""
        labels = LabelSet(kind, reason, ref.kind, ref.namespace, self.component)
        self.truth.recorded[labels] += 1
        about = (ref.kind, ref.namespace, ref.name, ref.uid, ref.api_version)
        aggregate = (about, kind, reason)
        combined = self._is_aggregate(aggregate, message, now)
        if combined:
            message = AGGREGATE_PREFIX + message
        key = aggregate if combined else (about, ref.field_path, kind, reason, message)
        counted = self._counted.get(key)
        if counted is None:
            counted = _Counted(self._names.name(ref.name, now), now)
        counted.count += 1
        self._counted.use(key, counted)
        if self._spam_filter and not self._token((about, kind), now):
            return 0
        event = legacy_event(
            ref,
            counted.name,
            kind=kind,
            reason=reason,
            message=message,
            component=self.component,
            host=self._host,
            reported=not combined,
            manager=self._manager,
            first=counted.first,
            now=now,
            count=counted.count,
        )
        self._write(ref, counted, event, now)
        shown, counted.shown = counted.count - counted.shown, counted.count
        self.truth.visible[labels] += shown
        return shown

    def _is_aggregate(self, key: Hashable, message: str, now: float) -> bool:
        similar = self._similar.get(key)
        if similar is None or now - similar.last > _SIMILAR_WITHIN:
            similar = _Similar(now)
        similar.messages[message] = None
        similar.last = now
        self._similar.use(key, similar)
        if len(similar.messages) < _SIMILAR:
            return False
        # client-go forgets any one of them; nine stay and go on under their own names.
        del similar.messages[next(iter(similar.messages))]
        return True

    def _token(self, key: Hashable, now: float) -> bool:
        bucket = self._buckets.get(key) or _Bucket(_BURST, now)
        refilled = bucket.tokens + (now - bucket.filled) * _REFILL_PER_SECOND
        bucket.tokens, bucket.filled = min(_BURST, refilled), now
        self._buckets.use(key, bucket)
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True

    def _write(self, ref: ObjectRef, counted: _Counted, event: dict[str, Any], now: float) -> None:
        if counted.count > 1:
            fields = ("count", "lastTimestamp", "message")
            changes = {name: event[name] for name in fields}
            try:
                self._store.patch(ref.event_namespace, counted.name, changes, now)
            except NotFoundError:
                pass  # it expired, or was never written: made under its name with its count
            else:
                return
        self._store.create(event, now)


class SeriesRecorder:
    """The events.k8s.io recorder of one component.

    `started` is when its process started: series are looked at every 6 and every 30 minutes from
    then. `old_client` models client-go before 0.25.13, whose series begin at 1, not at 2.
    """

    def __init__(
        self,
        store: EventStore,
        component: str,
        *,
        started: float,
        instance: str = "",
        manager: str = "kube-scheduler",
        old_client: bool = False,
        truth: GroundTruth | None = None,
        names: NameSource | None = None,
    ) -> None:
        self.component = component
        self.truth = truth or GroundTruth()
        self._store = store
        self._instance = instance or component
        self._manager = manager
        self._old_client = old_client
        self._names = names or NameSource()
        self._next_finish = started + _FINISH
        self._next_refresh = started + _REFRESH
        self._live: dict[Hashable, _Series] = {}

    def record(
        self, now: float, ref: ObjectRef, kind: str, reason: str, message: str, *, action: str
    ) -> int:
        """Record one occurrence of an event of type `kind`; what became visible by it."""
        labels = LabelSet(kind, reason, ref.kind, ref.namespace, self.component)
        self.truth.recorded[labels] += 1
        key = (kind, action, reason, ref)  # the message is no part of it
        live = self._live.get(key)
        if live is None:
            event = series_event(
                ref,
                self._names.name(ref.name, now),
                kind=kind,
                reason=reason,
                message=message[:_NOTE_LIMIT],
                action=action,
                component=self.component,
                instance=self._instance,
                manager=self._manager,
                now=now,
            )
            live = self._live[key] = _Series(event, labels, last=now)
            self._store.create(event, now)
            return self._show(live)
        live.last = now
        if live.count:
            live.count += 1
            return 0
        live.count = 1 if self._old_client else 2
        return self._write(live, now)

    def tick(self, now: float) -> int:
        """Do what is due by now: end idle series, refresh live ones; what became visible by it."""
        shown = 0
        while self._next_finish <= now:
            shown += self._finish(self._next_finish, now)
            self._next_finish += _FINISH
        if self._next_refresh <= now:
            shown += sum(self._write(live, now) for live in self._live.values() if live.count)
            while self._next_refresh <= now:
                self._next_refresh += _REFRESH
        return shown

    def _finish(self, due: float, now: float) -> int:
        shown = 0
        for key, live in list(self._live.items()):
            if live.last < due - _FINISH:
                del self._live[key]
                if live.count:
                    shown += self._write(live, now)
        return shown

    def _write(self, live: _Series, now: float) -> int:
        metadata = live.event["metadata"]
        live.event["series"] = series(live.count, live.last)
        changes = {"series": live.event["series"]}
        try:
            self._store.patch(metadata["namespace"], metadata["name"], changes, now)
        except NotFoundError:
            self._store.create(live.event, now)
        return self._show(live)

    def _show(self, live: _Series) -> int:
        total = live.count + self._old_client if live.count else 1
        shown, live.shown = total - live.shown, total
        self.truth.visible[live.labels] += shown
        return shown
