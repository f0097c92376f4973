"""A model of the API server's event store and of those who write to it.

Written from client-go's behaviour, not from the ledger: recorders keep their counts in
memory, the store keeps objects and a history of frames, and every write says how many
occurrences it shows that no write showed before. That sum is the truth.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import msgspec

from exporter.events import EventRecord
from tests.unit.events.records import at, record


@dataclass(frozen=True, slots=True)
class Frame:
    """One line of the history: what a watch shows. ``shows``: occurrences never shown before."""

    type: str
    record: EventRecord
    shows: int


@dataclass(slots=True)
class Store:
    """Objects by name, and all that ever happened to them."""

    objects: dict[str, EventRecord] = field(default_factory=dict)
    history: list[Frame] = field(default_factory=list)
    shown: Counter[str] = field(default_factory=Counter)
    """Occurrences that the writes of each name have shown; what the baseline has is taken off."""
    now: float = 0.0
    """Seconds; every write takes some, so that no two first occurrences are one."""
    version: int = 100
    _uids: int = 0

    def tick(self, seconds: float = 1.5) -> float:
        """Time passes."""
        self.now += seconds
        return self.now

    def has(self, name: str) -> bool:
        """Whether a PATCH of this name would find an object."""
        return name in self.objects

    def write(self, name: str, shows: int, **fields: object) -> None:
        """Create, or patch what is there: the object keeps its uid, as long as it lives."""
        self.version += 1
        known = self.objects.get(name)
        if known is None:
            self._uids += 1
            known = record(name=name, uid=f"uid-{self._uids}")
        kind = "MODIFIED" if name in self.objects else "ADDED"
        changed = msgspec.structs.replace(known, resource_version=self.version, **fields)
        self.objects[name] = changed
        self.shown[name] += shows
        self.history.append(Frame(kind, changed, shows))

    def delete(self, names: list[str]) -> None:
        """The TTL of some events: a lease ends for all of them at one version."""
        self.version += 1
        for name in names:
            last = self.objects.pop(name)
            gone = msgspec.structs.replace(last, resource_version=self.version)
            self.history.append(Frame("DELETED", gone, 0))


@dataclass(slots=True)
class _Remembered:
    """What a recorder keeps in memory of one event."""

    name: str
    first: float
    last: float = 0.0
    count: int = 0
    sent: int = 0


class LegacyRecorder:
    """client-go tools/record: a running count in memory, PATCHed; CREATEd where that meets 404.

    ``filtered`` occurrences get no token from the spam filter: they move the count and
    are not sent. The tenth distinct message of a group becomes an aggregate event.
    """

    DISTINCT_MESSAGES = 10

    def __init__(self, store: Store) -> None:
        self._store = store
        self._memory: dict[str, _Remembered] = {}
        self._distinct: Counter[str] = Counter()

    def occurs(self, key: str, *, filtered: bool) -> None:
        """The same message once more."""
        now = self._store.tick()
        event = self._memory.get(key)
        if event is None:
            event = self._memory[key] = _Remembered(_name(key, now), now)
        event.count += 1
        if not filtered:
            self._store.write(
                event.name,
                event.count - event.sent,
                count=event.count,
                first_time=at(event.first),
                last_time=at(now),
            )
            event.sent = event.count

    def occurs_with_a_new_message(self, group: str) -> None:
        """A message never sent before; from the tenth on all are one event, whose text changes."""
        self._distinct[group] += 1
        number = self._distinct[group]
        one_of_many = number >= self.DISTINCT_MESSAGES
        self.occurs(f"{group}-all" if one_of_many else f"{group}-{number}", filtered=False)

    def restart(self) -> None:
        """The process ends and with it what it remembered."""
        self._memory.clear()
        self._distinct.clear()


class SeriesRecorder:
    """client-go tools/events: nothing, a series at the second occurrence, then only ticks.

    ``first_series`` is 2, or 1 for clients before 0.25.13. ``strict``: a server from 1.24
    on, which refuses a series of 1, so that an old client's repeat stays unseen until the tick.
    """

    def __init__(self, store: Store, *, first_series: int, strict: bool = False) -> None:
        self._store = store
        self._memory: dict[str, _Remembered] = {}
        self._first_series = first_series
        self._strict = strict

    def occurs(self, key: str) -> None:
        """Once more: only the first two are sent at once."""
        now = self._store.tick()
        event = self._memory.get(key)
        if event is None:
            event = self._memory[key] = _Remembered(_name(key, now), now, count=1, sent=1)
            self._store.write(event.name, 1, count=0, first_time=at(now), last_time=at(now))
            return
        event.count += 1
        event.last = now
        if event.count == 2:
            self._send(event)

    def tick(self, key: str, *, ends: bool) -> None:
        """The half-hourly refresh, or the end of a quiet series: the next is another event.

        A series is written whether it has risen or not: an expired one is made again as it was.
        """
        self._store.tick()
        event = self._memory.get(key)
        if event is None:
            return
        if event.count > event.sent or (event.count > 1 and not self._store.has(event.name)):
            self._send(event)
        if ends:
            del self._memory[key]

    def _send(self, event: _Remembered) -> None:
        series = event.count - 2 + self._first_series
        if series == 1 and (self._strict or not self._store.has(event.name)):
            return  # refused: by a strict server always, by all where it would be a CREATE
        self._store.write(
            event.name,
            event.count - event.sent,
            count=0,
            series_count=series,
            first_time=at(event.first),
            last_time=at(event.last),
        )
        event.sent = event.count


class NamedWriter:
    """A controller with fixed event names: it deletes and creates, and never counts."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def occurs(self, name: str) -> None:
        """What stands under the name goes, and a new object comes."""
        now = self._store.tick()
        if self._store.has(name):
            self._store.delete([name])
        self._store.write(name, 1, count=1, first_time=at(now), last_time=at(now))


def _name(key: str, now: float) -> str:
    return f"{key}.{int(1e9 * (1_800_000_000 + now)):016x}"
