"""The API server's store, with a note of what kinds of writes a run has seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec

from exporter.demo import EventStore
from exporter.demo.store.event_store import Stored


class TalliedStore(EventStore):
    """An event store. ``tally``: writes by what they are to a reader who must count them."""

    def __init__(self, *, ttl: float) -> None:
        super().__init__(ttl=ttl)
        self.tally: Counter[str] = Counter()
        self._names: set[tuple[str, str]] = set()

    def create(self, event: Mapping[str, Any], now: float) -> Stored:
        """A new event, or one that returns."""
        name = (event["metadata"]["namespace"], event["metadata"]["name"])
        if name in self._names:
            self.tally["returned"] += 1
        else:
            self.tally["born with a count" if event.get("count", 1) > 1 else "new"] += 1
        self._names.add(name)
        return super().create(event, now)

    def patch(self, namespace: str, name: str, changes: Mapping[str, Any], now: float) -> Stored:
        """One more occurrence, or several."""
        before = self.get(namespace, name)
        after = super().patch(namespace, name, changes, now)
        if before is not None and after is not before:
            self.tally[_kind(msgspec.json.decode(before.body), changes)] += 1
        return after

    def expire(self, now: float) -> int:
        """The end of events."""
        ended = super().expire(now)
        self.tally["expired"] += ended
        return ended


def _kind(before: Mapping[str, Any], changes: Mapping[str, Any]) -> str:
    if "series" in changes:
        count = changes["series"]["count"]
        if "series" not in before:
            return "series of an old client" if count == 1 else "series"
        return "series jump"
    return "repeat" if changes["count"] == before["count"] + 1 else "jump"
