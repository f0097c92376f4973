# SPDX-License-Identifier: Apache-2.0
"""What was open before we looked: the first list tells, in any order, and counts nothing."""

from __future__ import annotations

from exporter.events.record import EventRecord
from exporter.rules.expressions import Groups
from exporter.rules.keys import Key
from exporter.rules.lifecycles import Lifecycle
from exporter.rules.rulebook import Rule, RuleBook

# A list can have more events than pairs are kept open; what is beyond would not stay anyway.
_MAX_KEYS = 50_000
# Of one lifecycle, for all keys together: who may create events can open one pair without end.
_MAX_OPENINGS = 100_000


class _Seen:
    """Openings and closings of one lifecycle, Unix seconds."""

    def __init__(self) -> None:
        self._openings: dict[Key, set[float]] = {}
        self._kept = 0
        self._closings: dict[Key, float] = {}
        self._restarts: dict[Key, float] = {}

    def opening(self, key: Key, times: set[float]) -> None:
        """An event that opens, at its first occurrence and its latest."""
        if self._kept < _MAX_OPENINGS:
            known = self._openings.setdefault(key, set())
            self._kept -= len(known)
            known |= times
            self._kept += len(known)

    def closing(self, key: Key, at: float, *, restarts: bool) -> None:
        """An event that closes; one that ``restarts`` leaves open what it opens."""
        if key in self._closings or len(self._closings) < _MAX_KEYS:
            self._closings[key] = max(at, self._closings.get(key, 0.0))
            if restarts:
                self._restarts[key] = max(at, self._restarts.get(key, 0.0))

    def open(self, lifecycle: Lifecycle) -> None:
        """Open what was not closed since; where there is no room, the youngest."""
        found: list[tuple[float, float, Key]] = []
        for key, times in self._openings.items():
            since = self._closings.get(key, 0.0)
            left = [time for time in times if time > since]
            if since and self._restarts.get(key) == since:
                left.append(since)
            if left:
                found.append((max(left) if lifecycle.newest else min(left), max(left), key))
        room = lifecycle.room
        for at, told, key in sorted(found)[-room:] if room > 0 else ():
            lifecycle.prime(key, at, told)


class Priming:
    """The events of one first list, read for what they leave open."""

    def __init__(self, rules: RuleBook) -> None:
        self._rules = rules
        self._seen: dict[str, _Seen] = {}

    def listed(self, record: EventRecord) -> None:
        """One event of the list."""
        found = self._rules.rules_for(record.type, record.component, record.kind, record.reason)
        if not any(rule.pairs for subject in found for rule in subject):
            return
        for rule, groups in self._rules.match(found, record):
            self._remember(rule, groups, record)

    def publish(self) -> None:
        """The list is complete."""
        for name, seen in self._seen.items():
            seen.open(self._rules.lifecycles[name])
        self.abandon()

    def abandon(self) -> None:
        """The list broke."""
        self._seen = {}

    def _remember(self, rule: Rule, groups: Groups, record: EventRecord) -> None:
        if rule.closes:
            seen = self._seen.setdefault(rule.closes.lifecycle, _Seen())
            key = rule.closes.key(record, groups)
            seen.closing(key, record.occurred(), restarts=rule.restarts)
        if rule.opens and self._rules.lifecycles[rule.opens.lifecycle].primed:
            seen = self._seen.setdefault(rule.opens.lifecycle, _Seen())
            # Of the occurrences between the first and the latest nothing is known.
            times = {record.first_occurred(), record.occurred()}
            seen.opening(rule.opens.key(record, groups), times)
