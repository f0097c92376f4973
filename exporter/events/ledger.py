# SPDX-License-Identifier: Apache-2.0
"""The ledger: how many new occurrences does this version of an Event object carry?

State is kept per (namespace, name), because client-go re-creates an expired Event
under its old name, with a new uid and the running count (tools/record: a PATCH that
meets 404 becomes a CREATE). The rules, first match wins:

known name, version not newer       0 (a duplicate or replayed frame changes nothing)
known name, other uid, a series at
the same count                      0 (client-go ends a series with a PATCH; one that meets 404
                                      makes the event again as it was)
known name, other uid, occ <= prev  occ (a writer that reuses names and carries no count)
known name                          max(0, occ - prev) (a falling count is a correction)
unknown name, a series that occurred
last before the start               0 (made again as it was, without an occurrence)
unknown name, occ > 1, began before
the start of observation            1 (a return whose past was never seen)
unknown name, occ > 1, began longer
ago than ended events are remembered,
or before events were last evicted  1 (its past may be counted and forgotten)
unknown name                        occ
first list                          0 (the baseline: what happened before we looked)

where occ = ``series.count``, else ``count``, else 1. Clients before client-go 0.25.13
count a series from 1 at its *second* occurrence; an object once seen with
``series.count`` 1 is remembered as theirs, and has one occurrence more than it says.

A relist is a diff against the same state. A list is staged while its pages come in
and takes effect only when it is complete; what is missing from it has ended.

Invariant: over any interleaving of versions, duplicates, relists and deletions the sum
of the answers for a name never exceeds what its writer recorded, and equals it as soon
as the latest version was seen. The property tests hold this against a model of both of
client-go's recorders.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from xxhash import xxh3_128_digest

from exporter.events.changes import Changes
from exporter.events.entries import (
    OCCURRENCES,
    VERSION_SHIFT,
    advance,
    as_ended,
    as_living,
    end_of,
    ended_before,
    state_of,
    with_version,
)
from exporter.events.record import EventRecord

_MINUTE = 60.0
_EVICTED_SHARE = 64
"""An overfull ledger drops its oldest 1/64 at once: dropping one by one would scan each time."""
_CLOCK_TOLERANCE = 120.0
"""Seconds by which a reporter's stamp may lie ahead and still be believed."""


class Ledger:
    """Counted-so-far for the events of one watch.

    ``retention`` is how long an ended event is remembered, in seconds: twice the event
    TTL, so that its return under the old name is known. ``limit`` bounds the entries.
    ``seed`` is 64 bits that nobody else knows: who may choose names must not be able to choose
    two that look the same to us.
    """

    def __init__(self, *, retention: float, limit: int, seed: int = 0) -> None:
        self.limit = limit
        self.seed = seed
        self.evicted = 0
        """Entries dropped because the ledger was full; a later repeat of one may count low."""
        self.since = 0.0
        """Start of observation, Unix seconds on the cluster's clocks."""
        self._retention = retention
        self._live: dict[bytes, int] = {}
        self._ended: dict[bytes, int] = {}
        """What was deleted, in the order of its end."""
        self._staged: dict[bytes, int] | None = None
        self._unlisted: set[bytes] = set()
        self._found: dict[bytes, tuple[EventRecord, int]] = {}
        self.clock = 0.0
        """Seconds on the clock of the ends, when it was last told; it goes on from process to
        process, and stands still in between."""
        self._ahead = 0.0
        """So much is that clock ahead of our callers'."""
        self._forgot = 0.0
        self.baselined = False
        """Whether there is something to compare a list with."""
        self._cluster_time = 0.0
        """About what the cluster's clocks show; Unix seconds. The server tells it with each list,
        and in between it goes on as our own does, which is never asked what time it is."""
        self._told_time = 0.0, 0.0
        """What it was when it was told, and our callers' clock then."""
        self.evicted_up_to = 0.0
        """What occurred up to then may have been counted and evicted; Unix seconds."""
        self._changed: dict[bytes, int | None] | None = None
        """Since the last time, as ``Changes`` has them; None where nobody takes them."""
        self._all_changed = False
        """Whether more did since the last time than there are entries."""

    def __len__(self) -> int:
        return len(self._live) + len(self._ended)

    def _key(self, record: EventRecord) -> bytes:
        """128 bits of hash in place of up to 500 bytes of text."""
        return xxh3_128_digest(f"{record.namespace}/{record.name}".encode(), self.seed)

    def changed(self, record: EventRecord) -> int:
        """New occurrences in an ADDED or MODIFIED version."""
        key = self._key(record)
        live = self._live
        entry = live.get(key) or self._ended.get(key)
        if entry is None:
            new, entry = self._first_sight(record)
        else:
            version = record.resource_version
            if version and version <= entry >> VERSION_SHIFT:
                return 0
            self._ended.pop(key, None)  # it returns
            new, entry = advance(entry, record)
        live[key] = entry
        if self._changed is not None:
            self._changed[key] = entry
        if len(live) + len(self._ended) > self.limit:
            self._evict(record.occurred())
        return new

    def ended(self, record: EventRecord, now: float) -> None:
        """A DELETED version: almost always the TTL. It counts nothing and is remembered.

        ``now`` is in seconds of any clock that does not go back.
        """
        key = self._key(record)
        entry = self._live.get(key)
        if entry is None:
            return
        version = record.resource_version
        if version and version < entry >> VERSION_SHIFT:
            return
        if version:
            entry = with_version(entry, version)
        del self._live[key]
        self._end(key, entry, now)
        if self.clock - self._forgot >= _MINUTE:
            self.forget(now)

    def begin_list(self, *, server_time: float) -> None:
        """A list starts; ``server_time`` is the API server's clock, Unix seconds.

        The first list marks the start of observation. A list already begun is dropped.
        """
        if not self.baselined:
            self.since = server_time
        self._cluster_time = server_time
        self.abandon_list()
        self._staged = {}

    def listed(self, record: EventRecord) -> int:
        """One object of the list; how much of it is new, should the list be completed.

        A list is read from the store at one moment: it is newer than all that was seen, so
        versions are not compared (an etcd restored from a backup would count backwards). A
        streamed list can go on to the changes of its own time, and so show an object more than
        once: the last version is the list's.
        """
        staged = self._staged
        if staged is None:
            raise RuntimeError("listed() without begin_list()")
        key = self._key(record)
        entry = self._live.get(key)
        if entry is None:
            entry = self._ended.get(key)
        if entry is None:
            new, state = self._first_sight(record)
            if 0 < self.evicted_up_to >= record.occurred():
                new = 0  # it was counted and evicted
        elif record.resource_version and record.resource_version == entry >> VERSION_SHIFT:
            new, state = 0, as_living(entry)
        else:
            new, state = advance(entry, record)
        staged[key] = state
        self._unlisted.discard(key)
        if new and self.baselined:
            self._found[key] = record, new
            return new
        self._found.pop(key, None)
        return 0

    def unlisted(self, record: EventRecord) -> None:
        """A DELETED of an object of the list before the list is complete: what it showed counts,
        and it has ended.
        """
        if self._staged is None:
            raise RuntimeError("unlisted() without begin_list()")
        self._unlisted.add(self._key(record))

    def abandon_list(self) -> None:
        """The list broke: nothing of it was published."""
        self._staged = None
        self._unlisted = set()
        self._found = {}

    def publish_list(self, resource_version: int, now: float) -> list[tuple[EventRecord, int]]:
        """The list is complete: the occurrences it shows that the watch had not, oldest first.

        The first list is the baseline and shows none.
        """
        staged, unlisted, found = self._staged, self._unlisted, self._found
        if staged is None:
            raise RuntimeError("publish_list() without begin_list()")
        self.abandon_list()
        gone = [(key, entry) for key, entry in self._live.items() if key not in staged]
        gone += [(key, staged.pop(key)) for key in unlisted if key in staged]
        for key in staged:
            self._ended.pop(key, None)
        for key, entry in gone:
            self._end(key, entry, now)
        for key, entry in self._ended.items():
            if entry >> VERSION_SHIFT > resource_version:
                # The store was restored to an older state: what it says next must not be hidden.
                self._end(key, with_version(entry, 0), now)
        if self._changed is not None:
            before = self._live
            self._changed.update([kv for kv in staged.items() if before.get(kv[0]) != kv[1]])
        self._live = staged
        self.baselined = True
        self._told_time = self._cluster_time, now
        if len(self) > self.limit:
            self._evict(self._cluster_time)
        self.forget(now)
        return sorted(found.values(), key=lambda pair: pair[0].occurred())

    def forget(self, now: float) -> None:
        """Drop what ended more than the retention ago; to be called now and then."""
        self._forgot = self.clock = now + self._ahead
        then, told_at = self._told_time
        if self._told_time != (0.0, 0.0):
            self._cluster_time = then + now - told_at
        oldest = self.clock - self._retention
        dead = []
        for key, entry in self._ended.items():
            if not ended_before(entry, oldest):
                break
            dead.append(key)
        for key in dead:
            del self._ended[key]
        self._gone(dead)
        if self._changed is not None and len(self._changed) > len(self):
            # They tell nothing that a look at all entries would not; nobody may look for weeks.
            self._changed, self._all_changed = {}, True

    def keep_changes(self) -> None:
        """From now on changes are kept until they are taken."""
        self._changed = {}

    def take_changes(self, *, whole: bool = False) -> Changes:
        """What changed since the last time; all there is, where it is asked for or is less."""
        changes = Changes(self._changed or {})
        if whole or self._all_changed or len(changes.entries) > len(self):
            changes = Changes({**self._live}, whole=True)
            changes.entries.update((key, ~entry) for key, entry in self._ended.items())
        self._changed, self._all_changed = {}, False
        return changes

    def restore(
        self,
        entries: Iterable[tuple[bytes, int, bool]],
        *,
        since: float,
        evicted_up_to: float,
        clock: float,
        now: float,
    ) -> None:
        """Go on where another process was: key, entry and whether it had ended.

        The first list is then a difference as any other. How long nobody ran no clock of ours can
        tell: that time does not count towards the retention.
        """
        ended = []
        for key, entry, has_ended in entries:
            if has_ended:
                ended.append((key, entry))
            else:
                self._live[key] = entry
        self._ended.update(sorted(ended, key=lambda each: end_of(each[1])))
        self.clock = clock
        self._ahead = clock - now
        self.since = since
        self.evicted_up_to = evicted_up_to
        self.baselined = True

    def _end(self, key: bytes, entry: int, now: float) -> None:
        self.clock = now + self._ahead
        self._ended[key] = entry = as_ended(entry, self.clock)
        if self._changed is not None:
            self._changed[key] = ~entry

    def _gone(self, keys: Iterable[bytes]) -> None:
        if self._changed is not None:
            self._changed.update(dict.fromkeys(keys))

    def _first_sight(self, record: EventRecord) -> tuple[int, int]:
        state = state_of(record, 0)
        occurrences = state & OCCURRENCES
        if occurrences > 1 and self._has_a_past(record):
            made_again = record.series_count and record.occurred() < self.since
            return (0 if made_again else 1), state
        return occurrences, state

    def _has_a_past(self, record: EventRecord) -> bool:
        """Whether earlier occurrences may be counted already, or are of the time before."""
        began = record.first_occurred()
        return (
            began < self.since
            or record.occurred() - began > self._retention
            or 0 < self.evicted_up_to >= began
        )

    def _evict(self, at: float) -> None:
        """Make room, by what ended first; it is ``at``, Unix seconds on the cluster's clocks."""
        before = len(self)
        share = max(before - self.limit, self.limit // _EVICTED_SHARE, 1)
        for entries in (self._ended, self._live):
            if len(self) > self.limit:
                dropped = list(islice(entries, share))
                for key in dropped:
                    del entries[key]
                self._gone(dropped)
        self.evicted += before - len(self)
        # A reporter whose clock is ahead must not make all that comes look old.
        at = min(at, self._cluster_time + _CLOCK_TOLERANCE)
        self.evicted_up_to = max(self.evicted_up_to, at)
