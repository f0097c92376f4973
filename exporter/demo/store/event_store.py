# SPDX-License-Identifier: Apache-2.0
"""The events of the demo's API server: objects, their history and their expiry.

Sans-I/O: it has no clock and no socket, `now` is an argument. It keeps the promises of etcd and of
the API server's registry that a client of LIST and WATCH can see:

- one sequence of resourceVersions over all objects; each change has its own, except that objects
  which expire together share one (recorded: up to 18);
- an update restarts the object's TTL; the end of the TTL is a deletion like any other;
- any version since the last compaction can still be listed, and watched from; nothing before.

Objects are kept as the JSON of a LIST item, without kind and apiVersion, ready to be sent.
"""

from __future__ import annotations

import uuid
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from typing import Any, Literal

import msgspec

from exporter.demo.store.spelling import encode, seconds
from exporter.demo.store.status import LIST_TOO_OLD, WATCH_TOO_OLD, expired

ChangeType = Literal["ADDED", "MODIFIED", "DELETED"]

_SNAPSHOTS_KEPT = 4


class NotFoundError(KeyError):
    """There is no event of that namespace and name (a PATCH would be answered with 404)."""


class AlreadyExistsError(KeyError):
    """There is an event of that namespace and name (a POST would be answered with 409)."""


class Stored(msgspec.Struct, frozen=True, gc=False):
    """One version of one event: `key` is `namespace/name`, the order of a LIST; `body` its JSON."""

    key: str
    revision: int
    body: bytes
    expires: float


class Change(msgspec.Struct, frozen=True, gc=False):
    """One entry of the history; a deletion's `after` is the last state under the new version."""

    revision: int
    type: ChangeType
    before: Stored | None
    after: Stored


class EventStore:
    """All events and their history.

    `ttl` is in seconds (None: events live for ever); `uid` makes uids, so that a demo can be
    repeated. The history grows until `compact` is called.
    """

    def __init__(
        self,
        *,
        ttl: float | None = 3600.0,
        uid: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        self.ttl = ttl
        self.revision = 1
        self.compacted = 0
        self._uid = uid
        # In the order of the last update, so that expiry looks at the front only.
        self._objects: OrderedDict[str, Stored] = OrderedDict()
        self._history: list[Change] = []
        self._forgotten = 0  # changes that compaction took off the front of the history
        self._snapshots: OrderedDict[int, tuple[Stored, ...]] = OrderedDict()
        self._listeners: list[Callable[[], None]] = []

    def __len__(self) -> int:
        return len(self._objects)

    def __iter__(self) -> Iterator[Stored]:
        return iter(self.snapshot())

    def get(self, namespace: str, name: str) -> Stored | None:
        """The current version of an event, or None."""
        return self._objects.get(f"{namespace}/{name}")

    def create(self, event: Mapping[str, Any], now: float) -> Stored:
        """Store a new core/v1 Event; its metadata must have namespace and name.

        A uid or creationTimestamp in the metadata is kept, so that recorded events can be served.
        Raises AlreadyExistsError.
        """
        given = event["metadata"]
        key = f"{given['namespace']}/{given['name']}"
        if key in self._objects:
            raise AlreadyExistsError(key)
        metadata = {
            "name": given["name"],
            "namespace": given["namespace"],
            "uid": given.get("uid") or self._uid(),
            "resourceVersion": "",
            "creationTimestamp": given.get("creationTimestamp") or seconds(now),
        }
        return self._write(key, {**event, "metadata": metadata | {**given, **metadata}}, now, None)

    def patch(self, namespace: str, name: str, changes: Mapping[str, Any], now: float) -> Stored:
        """Replace top-level fields of an event; a patch that changes nothing writes nothing.

        Raises NotFoundError.
        """
        key = f"{namespace}/{name}"
        before = self._objects.get(key)
        if before is None:
            raise NotFoundError(key)
        event: dict[str, Any] = msgspec.json.decode(before.body)
        if all(event.get(field) == value for field, value in changes.items()):
            return before
        for entry in event["metadata"].get("managedFields", ()):
            entry["time"] = seconds(now)
        event.update(changes)
        return self._write(key, event, now, before)

    def delete(self, namespace: str, name: str) -> None:
        """Remove an event as a user would. Raises NotFoundError."""
        key = f"{namespace}/{name}"
        if key not in self._objects:
            raise NotFoundError(key)
        self.revision += 1
        self._remove(key)
        self._notify()

    def expire(self, now: float) -> int:
        """Remove every event whose TTL has passed, all under one version; how many there were."""
        removed = 0
        while self._objects:
            oldest = next(iter(self._objects.values()))
            if oldest.expires > now:
                break
            if not removed:
                self.revision += 1
            self._remove(oldest.key)
            removed += 1
        if removed:
            self._notify()
        return removed

    def advance(self, revisions: int = 1) -> None:
        """Let versions pass that events do not use: the rest of the cluster writes too."""
        self.revision += revisions

    def compact(self, revision: int | None = None) -> None:
        """Forget the history up to and including `revision` (default: all of it)."""
        upto = self.revision if revision is None else min(revision, self.revision)
        if upto <= self.compacted:
            return
        self.compacted = upto
        gone = self._index_after(upto)
        del self._history[:gone]
        self._forgotten += gone
        for old in [kept for kept in self._snapshots if kept < upto]:
            del self._snapshots[old]

    def snapshot(self, revision: int | None = None) -> tuple[Stored, ...]:
        """All events as they were at `revision` (default: now), in key order.

        ApiError 410 where compaction has passed it. Only pointers are copied, and pages of one list
        share one snapshot.
        """
        at = self.revision if revision is None else min(revision, self.revision)
        if at < self.compacted:
            raise expired(LIST_TOO_OLD)
        found = self._snapshots.get(at)
        if found is None:
            found = self._snapshots[at] = self._as_of(at)
            if len(self._snapshots) > _SNAPSHOTS_KEPT:
                self._snapshots.popitem(last=False)
        else:
            self._snapshots.move_to_end(at)
        return found

    def position_after(self, revision: int) -> int:
        """Where in the history a watch from `revision` begins; ApiError 410 if it is compacted."""
        if revision < self.compacted:
            raise expired(WATCH_TOO_OLD)
        return self._forgotten + self._index_after(revision)

    def position(self) -> int:
        """The end of the history: where a watch of what comes next begins."""
        return self._forgotten + len(self._history)

    def changes(self, position: int, limit: int = 1000) -> list[Change]:
        """At most `limit` changes from `position` on; ApiError 410 if compaction overtook it."""
        start = position - self._forgotten
        if start < 0:
            raise expired(WATCH_TOO_OLD)
        return self._history[start : start + limit]

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` after each change, until the returned function is called."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _write(self, key: str, event: dict[str, Any], now: float, before: Stored | None) -> Stored:
        self.revision += 1
        event["metadata"]["resourceVersion"] = str(self.revision)
        expires = float("inf") if self.ttl is None else now + self.ttl
        after = Stored(key, self.revision, encode(event), expires)
        self._objects[key] = after
        self._objects.move_to_end(key)
        self._history.append(
            Change(self.revision, "MODIFIED" if before else "ADDED", before, after)
        )
        self._notify()
        return after

    def _remove(self, key: str) -> None:
        before = self._objects.pop(key)
        # Metadata comes first, so the first match is the object's own version.
        old, new = (b'"resourceVersion":"%d"' % r for r in (before.revision, self.revision))
        body = before.body.replace(old, new, 1)
        after = Stored(key, self.revision, body, before.expires)
        self._history.append(Change(self.revision, "DELETED", before, after))

    def _notify(self) -> None:
        for listener in self._listeners:
            listener()

    def _index_after(self, revision: int) -> int:
        return bisect_right(self._history, revision, key=attrgetter("revision"))

    def _as_of(self, revision: int) -> tuple[Stored, ...]:
        objects = dict(self._objects)
        for change in reversed(self._history[self._index_after(revision) :]):
            if change.before is None:
                objects.pop(change.after.key, None)
            else:
                objects[change.after.key] = change.before
        return tuple(sorted(objects.values(), key=attrgetter("key")))
