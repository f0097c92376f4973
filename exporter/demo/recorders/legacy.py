# SPDX-License-Identifier: Apache-2.0
"""The recorder of core/v1 events (client-go's tools/record): kubelets and most controllers.

In the order of its events_cache.go: ten similar events within ten minutes become an aggregate,
equal ones raise a count, and a token bucket per object drops what is too much; what was dropped is
in the count of the next write.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from exporter.demo.recorders.event_objects import (
    GroundTruth,
    LabelSet,
    NameSource,
    ObjectRef,
    metadata,
)
from exporter.demo.store import EventStore, NotFoundError
from exporter.demo.store.spelling import seconds

AGGREGATE_PREFIX = "(combined from similar events): "

_CACHE_SIZE = 4096
_SIMILAR = 10  # distinct messages that make an aggregate
_SIMILAR_WITHIN = 600.0  # seconds without one of them end it
_BURST = 25.0
_REFILL_PER_SECOND = 1 / 300

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


class _Recent(OrderedDict[Hashable, _Entry]):
    """A cache of client-go: the 4096 keys last used."""

    def use(self, key: Hashable, entry: _Entry) -> None:
        self[key] = entry
        self.move_to_end(key)
        if len(self) > _CACHE_SIZE:
            self.popitem(last=False)


class LegacyRecorder:
    """The recorder of one component on one host (`host` empty for controllers).

    `spam_filter` off models a component that was built without it; `burst` and `refill` (a second)
    are the filter's tokens, which components may choose; `manager` is the process that shows in
    managedFields.
    """

    def __init__(
        self,
        store: EventStore,
        component: str,
        *,
        host: str = "",
        manager: str = "kube-controller-manager",
        spam_filter: bool = True,
        burst: float = _BURST,
        refill: float = _REFILL_PER_SECOND,
        truth: GroundTruth | None = None,
        names: NameSource | None = None,
    ) -> None:
        self.component = component
        self.truth = truth or GroundTruth()
        self._store = store
        self._host = host
        self._manager = manager
        self._spam_filter = spam_filter
        self._burst = burst
        self._refill = refill
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
        event = _event(
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
        bucket = self._buckets.get(key) or _Bucket(self._burst, now)
        refilled = bucket.tokens + (now - bucket.filled) * self._refill
        bucket.tokens, bucket.filled = min(self._burst, refilled), now
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


def _event(
    ref: ObjectRef,
    name: str,
    *,
    kind: str,
    reason: str,
    message: str,
    component: str,
    host: str,
    reported: bool,
    manager: str,
    first: float,
    now: float,
    count: int,
) -> dict[str, Any]:
    """What the old recorder stores; `reported` says whether reportingComponent is filled in.

    Aggregates leave it empty, and only a component that knows its host has an instance (recorded
    from 1.36.3).
    """
    source = {"component": component} | ({"host": host} if host else {})
    event: dict[str, Any] = {
        "involvedObject": ref.json(),
        "reason": reason,
        "message": message,
        "source": source,
        "firstTimestamp": seconds(first),
        "lastTimestamp": seconds(now),
        "count": count,
        "type": kind,
        "eventTime": None,
        "reportingComponent": component if reported else "",
        "reportingInstance": host if reported else "",
    }
    fields: dict[str, Any] = {f"f:{field}": {} for field in sorted(event) if event[field]}
    fields["f:source"] = {f"f:{field}": {} for field in source}
    event["metadata"] = metadata(ref, name, (manager, "v1"), fields, now)
    return event
