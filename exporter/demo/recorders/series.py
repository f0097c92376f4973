# SPDX-License-Identifier: Apache-2.0
"""The recorder of events.k8s.io events (client-go's tools/events): the scheduler.

A series is kept in memory, of which the API sees the second occurrence and then no more than one
write in half an hour.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from exporter.demo.recorders.event_objects import (
    GroundTruth,
    LabelSet,
    NameSource,
    ObjectRef,
    metadata,
)
from exporter.demo.store import EventStore, NotFoundError
from exporter.demo.store.spelling import microseconds

_FINISH = 360.0
_REFRESH = 1800.0
_NOTE_LIMIT = 1024


@dataclass(slots=True)
class _Series:
    event: dict[str, Any]
    labels: LabelSet
    last: float
    count: int = 0  # occurrences; 0 while there is no series
    shown: int = 0


class SeriesRecorder:
    """The events.k8s.io recorder of one component.

    `started` is when its process started: from then on series are looked at every `finish` seconds,
    where those idle for as long end, and every `refresh` seconds. `first_count` 1 is a client
    before client-go 0.25.13, whose series do not count the first occurrence.
    """

    def __init__(
        self,
        store: EventStore,
        component: str,
        *,
        started: float,
        instance: str = "",
        manager: str = "kube-scheduler",
        truth: GroundTruth | None = None,
        names: NameSource | None = None,
        finish: float = _FINISH,
        refresh: float = _REFRESH,
        first_count: int = 2,
    ) -> None:
        self.component = component
        self.truth = truth or GroundTruth()
        self._finish_seconds = finish
        self._refresh_seconds = refresh
        self._uncounted = 2 - first_count
        self._store = store
        self._instance = instance or component
        self._manager = manager
        self._names = names or NameSource()
        self._next_finish = started + finish
        self._next_refresh = started + refresh
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
            event = _event(
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
        live.count = 2
        return self._write(live, now)

    def tick(self, now: float) -> int:
        """Do what is due by now: end idle series, refresh live ones; what became visible by it."""
        shown = 0
        while self._next_finish <= now:
            shown += self._finish(self._next_finish, now)
            self._next_finish += self._finish_seconds
        if self._next_refresh <= now:
            shown += sum(self._write(live, now) for live in self._live.values() if live.count)
            while self._next_refresh <= now:
                self._next_refresh += self._refresh_seconds
        return shown

    def _finish(self, due: float, now: float) -> int:
        shown = 0
        for key, live in list(self._live.items()):
            if live.last < due - self._finish_seconds:
                del self._live[key]
                if live.count:
                    shown += self._write(live, now)
        return shown

    def _write(self, live: _Series, now: float) -> int:
        name = live.event["metadata"]
        count = live.count - self._uncounted
        changes = {"series": {"count": count, "lastObservedTime": microseconds(live.last)}}
        live.event |= changes
        try:
            self._store.patch(name["namespace"], name["name"], changes, now)
        except NotFoundError:
            self._store.create(live.event, now)
        return self._show(live)

    def _show(self, live: _Series) -> int:
        total = live.count or 1
        shown, live.shown = total - live.shown, total
        self.truth.visible[live.labels] += shown
        return shown


def _event(
    ref: ObjectRef,
    name: str,
    *,
    kind: str,
    reason: str,
    message: str,
    action: str,
    component: str,
    instance: str,
    manager: str,
    now: float,
) -> dict[str, Any]:
    """What the events.k8s.io recorder stores, before there is a series."""
    written = ("action", "eventTime", "note", "reason", "regarding")
    reporter = ("reportingController", "reportingInstance", "type")
    fields: dict[str, Any] = {f"f:{field}": {} for field in written + reporter}
    return {
        "metadata": metadata(ref, name, (manager, "events.k8s.io/v1"), fields, now),
        "involvedObject": ref.json(),
        "reason": reason,
        "message": message,
        "source": {},
        "type": kind,
        "eventTime": microseconds(now),
        "action": action,
        "reportingComponent": component,
        "reportingInstance": instance,
    }
