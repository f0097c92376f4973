# SPDX-License-Identifier: Apache-2.0
"""Pairing: what one rule does to lifecycles, with these looked up. Nothing here is asked twice."""

from __future__ import annotations

from exporter.events.record import EventRecord
from exporter.rules.expressions import Groups
from exporter.rules.keys import KeyOf
from exporter.rules.lifecycles import Lifecycle


class End:
    """Of a pairing: a lifecycle, and the key of its pairs."""

    __slots__ = ("key", "lifecycle")

    def __init__(self, lifecycle: Lifecycle, key: KeyOf) -> None:
        self.lifecycle = lifecycle
        self.key = key


class Pairing:
    """Closes a pair, opens one, or does both.

    ``outcome`` and ``optional`` are of the closing; ``restarts``: it ends a pair and begins the
    next of the same lifecycle.
    """

    __slots__ = ("_closes", "_opens", "_optional", "_outcome", "_restarts")

    def __init__(
        self,
        closes: End | None,
        opens: End | None,
        *,
        outcome: str,
        optional: bool,
        restarts: bool,
    ) -> None:
        self._closes = closes
        self._opens = opens
        self._outcome = outcome
        self._optional = optional
        self._restarts = restarts

    def apply(self, record: EventRecord, groups: Groups, times: int, at: float) -> float | None:
        """Close and open; seconds since the opening of the pair that is closed.

        ``times``: so many of the event's occurrences are new; the latest was ``at``, as
        ``record.occurred()`` has it.
        """
        elapsed = None
        closes, opens = self._closes, self._opens
        if closes is not None:
            elapsed = closes.lifecycle.close(
                closes.key(record, groups), at, self._outcome, optional=self._optional
            )
        if opens is not None:
            lifecycle, began = opens.lifecycle, at
            if record.count > 1 or record.series_count:
                first = not lifecycle.newest and not self._restarts and _is_whole(record, times)
                began = (record.first_occurred() if first else 0.0) or at
            lifecycle.open(opens.key(record, groups), began, at)
        return elapsed


def _is_whole(record: EventRecord, times: int) -> bool:
    """Whether all that the event has shown so far is new.

    Of a repeat that begins a pair only the latest occurrence is known to belong to it. A
    series of 1 is an old client's, which leaves out the first occurrence.
    """
    return times >= (max(record.series_count, 2) if record.series_count else record.count)
