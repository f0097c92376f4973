# SPDX-License-Identifier: Apache-2.0
"""The events of a case as a watch would show them, what their short forms leave out made up.

Names: ``event-1``, ``event-2``, by their place; the namespace is that of the involved object.
Times: an event without any is a second younger than the youngest before it; one that has only
its first or only its last time has occurred then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import msgspec

from exporter.commands.rule_tests.language import (
    CaseError,
    Event,
    EventSeries,
    ObjectMeta,
    ObjectReference,
)
from exporter.events.record import unix_seconds

_BEGIN = datetime(2026, 1, 1, tzinfo=UTC).timestamp()


def frames(events: Sequence[Event], where: str) -> Iterator[bytes]:
    """A line of a watch for each event; raises ``CaseError``, which begins with ``where``."""
    known: set[tuple[str | None, str | None]] = set()
    now = _BEGIN
    for place, event in enumerate(events):
        meta = _named(event, place)
        now = _stamp(event, meta, now, f"{where}: events[{place}]")
        event.metadata = meta
        name = meta.namespace, meta.name
        type_ = "MODIFIED" if name in known else "ADDED"
        known.add(name)
        yield msgspec.json.encode({"type": type_, "object": event})


def _named(event: Event, place: int) -> ObjectMeta:
    meta = event.metadata or ObjectMeta()
    about = event.involved_object or ObjectReference()
    return msgspec.structs.replace(
        meta,
        name=meta.name or f"event-{place + 1}",
        namespace=meta.namespace or about.namespace or "default",
    )


def _stamp(event: Event, meta: ObjectMeta, now: float, where: str) -> float:
    """Give it the times it lacks; Unix seconds of the youngest event so far."""
    series = event.series or EventSeries()
    for key, text in (
        ("firstTimestamp", event.first_timestamp),
        ("lastTimestamp", event.last_timestamp),
        ("eventTime", event.event_time),
        ("series.lastObservedTime", series.last_observed_time),
        ("metadata.creationTimestamp", meta.creation_timestamp),
    ):
        if text and not unix_seconds(text):
            raise CaseError(f"{where}: {key}: {text!r} is no time such as 2026-01-01T00:00:00Z")
    # In the order in which a record is read from them.
    first = event.first_timestamp or event.event_time or meta.creation_timestamp
    last = series.last_observed_time or event.last_timestamp or event.event_time
    last = last or meta.creation_timestamp
    if not (first or last):
        first = last = datetime.fromtimestamp(now + 1, UTC).isoformat()
    event.first_timestamp = event.first_timestamp or first or last
    event.last_timestamp = event.last_timestamp or last or first
    return max(now, unix_seconds(last or first or ""))
