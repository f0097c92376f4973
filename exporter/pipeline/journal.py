# SPDX-License-Identifier: Apache-2.0
"""The journal of a standby: what it counts that the leader has not yet shown to a scraper.

A standby counts as a leader does, so that its ledger and its open pairs are warm, and shows
nothing. What each event adds is noted with its resourceVersion, until the leader says that it was
scraped beyond that. Who takes over begins at 0, and adds what the leader held back and the rest of
the journal.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exporter.events import EventRecord
from exporter.events.record import unix_seconds
from exporter.metrics.series import Amount, Family, Series
from exporter.pipeline.counting import Counting

# Of what 1 000 events a second add, a minute's worth and more; some 150 bytes each.
MAX_NOTES = 250_000
# Series for which it is not worth to look which have ended.
_FEW = 64


Amounts = Mapping[Series, Amount]
_NOWHERE: Mapping[str, int] = {}


@dataclass(frozen=True, slots=True)
class _Note:
    scope: str
    version: int
    family: str
    labels: tuple[str, ...]
    amount: Amount


class Journal:
    """Over a counting; ``scopes`` are the namespaces that are watched, or ``""``.

    Who led before gives what its last page has ``shown``, and the resourceVersions that its
    watches have ``reached`` since, by scope.
    """

    def __init__(
        self,
        counting: Counting,
        scopes: Sequence[str],
        max_notes: int = MAX_NOTES,
        *,
        shown: Amounts | None = None,
        reached: Mapping[str, int] = _NOWHERE,
    ) -> None:
        self.dropped = 0
        """Notes for which there was no room: they are missing after a take-over."""
        self._let_go_at = _FEW
        self._counting = counting
        self._scopes = frozenset(scopes)
        self._notes: deque[_Note] = deque()
        self._max_notes = max_notes
        self._seen: dict[str, int] = {}
        self._amounts: dict[Series, Amount] = amounts_of(counting)
        for family in counting.bounded():
            family.take_changed()  # before us
        self._rest = _since(counting, shown) if shown is not None else []
        """What was counted between the last page of our own lead and its end."""
        self._rest_reaches = reached

    def __len__(self) -> int:
        return len(self._notes) + len(self._rest)

    def standing_by(self, record: EventRecord, times: int, now: float) -> float:
        """As ``Counting.occurred``, and noted."""
        when = self._counting.occurred(record, times, now)
        scope, version = self._scope_of(record), record.resource_version
        for family, series, amount in self._collect():
            name = family.declaration.name
            self._notes.append(_Note(scope, version, name, series.values, amount))
            if len(self._notes) > self._max_notes:
                self._notes.popleft()
                self.dropped += 1
        return when

    def leading(self, record: EventRecord, times: int, now: float) -> float:
        """As ``Counting.occurred``, but for what the leader before us has shown: our own watch
        can come to it after we took over.
        """
        if self._seen:
            scope, version = self._scope_of(record), record.resource_version
            if 0 < version <= self._seen.get(scope, 0):
                return unix_seconds(record.last_time)
            self._seen.pop(scope, None)  # from here on all is news
        return self._counting.occurred(record, times, now)

    def seen(self, versions: Mapping[str, int]) -> None:
        """The leader was scraped: up to these resourceVersions, by scope, all is shown or held."""
        self._seen = dict(versions)
        self._notes = deque(n for n in self._notes if n.version > versions.get(n.scope, 0))
        if all(versions.get(scope, 0) >= to for scope, to in self._rest_reaches.items()):
            self._rest = []
        self._let_go()

    def take_over(self, held: Sequence[tuple[str, tuple[str, ...], Amount]]) -> Amounts:
        """Begin the counters anew, at what the leader ``held`` and what stands here.

        Returns what they had without the latter: what the Lease says.
        """
        self._counting.begin_again(at_zero=True)
        for family, labels, amount in held:
            self._counting.add(family, labels, amount)
        said = amounts_of(self._counting)
        notes = [(note.family, note.labels, note.amount) for note in self._notes]
        for family, labels, amount in (*self._rest, *notes):
            self._counting.add(family, labels, amount)
        self._notes.clear()
        self._rest = []
        self._amounts.clear()
        return said

    def _scope_of(self, record: EventRecord) -> str:
        return record.namespace if record.namespace in self._scopes else ""

    def _collect(self) -> list[tuple[Family[Series], Series, Amount]]:
        """What was added to series since the last time."""
        found: list[tuple[Family[Series], Series, Amount]] = []
        for family in self._counting.bounded():
            for series in family.take_changed():
                amount = series.amount()
                if amount is not None:
                    found.append((family, series, _more(amount, self._amounts.get(series))))
                    self._amounts[series] = amount
        if len(self._amounts) > self._let_go_at:  # no leader may be scraped for weeks
            self._let_go()
        return found

    def _let_go(self) -> None:
        """Of series that have ended."""
        self._amounts = {series: a for series, a in self._amounts.items() if series.index >= 0}
        self._let_go_at = max(2 * len(self._amounts), _FEW)


def amounts_of(counting: Counting) -> dict[Series, Amount]:
    """Of all living series."""
    return {series: series.amount() for family in counting.bounded() for series in family.living()}


def _since(counting: Counting, shown: Amounts) -> list[tuple[str, tuple[str, ...], Amount]]:
    found: list[tuple[str, tuple[str, ...], Amount]] = []
    for family in counting.bounded():
        for series in family.living():
            amount, before = series.amount(), shown.get(series)
            if amount is not None and amount != before:
                found.append((family.declaration.name, series.values, _more(amount, before)))
    return found


def _more(amount: Amount, before: Amount) -> Amount:
    if isinstance(amount, int) and isinstance(before, int):
        return amount - before
    if isinstance(amount, Sequence) and isinstance(before, Sequence):
        return [new - old for new, old in zip(amount, before, strict=True)]
    return amount
