# SPDX-License-Identifier: Apache-2.0
"""A scope: what one list/watch shows, through its ledger, into the common counters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import inf

from exporter.events import EventObject, EventRecord, Ledger, read_event, version_number
from exporter.events.record import unix_seconds
from exporter.pipeline.counting import Counting, Identity
from exporter.rules.priming import Priming

# A label set takes some ten microseconds.
_SETTLED_AT_ONCE = 200
Occurred = Callable[[EventRecord, int, float], float]
"""As ``Counting.occurred``."""


class Scope:
    """The consumer of one list/watch: its ledger in front of the common counters.

    ``monotonic`` and ``wall`` give seconds; the first does not go back. ``gradual``: who runs the
    list drains ``settle`` when it is complete.
    """

    def __init__(
        self,
        counting: Counting,
        ledger: Ledger,
        *,
        monotonic: Callable[[], float],
        wall: Callable[[], float],
        gradual: bool = False,
    ) -> None:
        self.ledger = ledger
        self.missed = 0
        """Occurrences that a relist found and the watch had not shown."""
        self.last_sync = 0.0
        """When a list was last complete, Unix seconds; 0.0 for never."""
        self.lag = 0.0
        """Age of the latest counted occurrence when it arrived, seconds, across two clocks."""
        self.occurred: Occurred = counting.occurred
        """Takes the new occurrences."""
        self._baseline: dict[Identity, float] | None = {}
        self._sighted: list[tuple[Identity, float]] = []
        """What the first list shows, and no family yet."""
        self._gradual = gradual
        self._priming = Priming(counting.rules)
        self._counting = counting
        self._monotonic = monotonic
        self._wall = wall

    def list_began(self, server_time: float) -> None:
        """A list starts."""
        self._settle_all()
        self.ledger.begin_list(server_time=server_time)
        if self._baseline:
            self._baseline = {}
        self._priming.abandon()

    def listed(self, item: EventObject) -> bool:
        """One object of the list."""
        record = read_event(item)
        if record is None:
            return False
        new = self.ledger.listed(record)
        if self._baseline is not None:
            if not new:  # what is new is yet to open and close pairs
                self._priming.listed(record)
            identity = self._counting.identity_of(record)
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
        self._priming.publish()
        for record, times in self.ledger.publish_list(version, self._monotonic()):
            self.occurred(record, times, now)
            if self._baseline is None:  # else nobody watched: it is the first list of a process
                self.missed += times
        self._sighted = [(i, min(when, now)) for i, when in (self._baseline or {}).items()]
        self._baseline = None
        self.last_sync = now
        if not self._gradual:
            self._settle_all()

    @property
    def settling(self) -> bool:
        """Whether the first list is complete and not all of its label sets are shown yet."""
        return bool(self._sighted)

    def settle(self) -> Iterator[None]:
        """Show the label sets of the first list, some milliseconds' worth a step.

        Nothing is counted by it: others can have their turn between the steps.
        """
        while self._sighted:
            batch = self._sighted[-_SETTLED_AT_ONCE:]
            del self._sighted[-_SETTLED_AT_ONCE:]
            for identity, when in batch:
                self._counting.seen(identity, when)
            yield

    def _settle_all(self) -> None:
        for _ in self.settle():
            pass

    def list_abandoned(self) -> None:
        """The list broke."""
        self.ledger.abandon_list()
        self._priming.abandon()

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
            self.lag = now - self.occurred(record, times, now)
        return True
