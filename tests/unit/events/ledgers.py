"""Ledgers for tests, and the short way to list into them."""

from __future__ import annotations

from collections.abc import Iterable

from exporter.events import EventRecord, Ledger
from tests.unit.events.records import EPOCH

RETENTION = 7200.0


def observing(*baseline: EventRecord, retention: float = RETENTION, limit: int = 1000) -> Ledger:
    """A ledger whose first list, at ``EPOCH``, showed ``baseline``."""
    ledger = Ledger(retention=retention, limit=limit)
    assert relist(ledger, baseline, server_time=EPOCH) == []
    return ledger


def relist(
    ledger: Ledger,
    items: Iterable[EventRecord],
    *,
    version: int = 1000,
    now: float = 0.0,
    server_time: float = EPOCH,
) -> list[tuple[EventRecord, int]]:
    """What a complete list of ``items`` is found to show."""
    ledger.begin_list(server_time=server_time)
    for item in items:
        ledger.listed(item)
    return ledger.publish_list(version, now)
