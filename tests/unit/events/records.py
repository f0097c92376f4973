"""Records for tests: one valid event by the legacy recorder, and what a test says otherwise."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from exporter.events.record import EventRecord

EPOCH = 1_800_000_000
"""The moment that the tests count from, Unix seconds."""

_BASE = EventRecord(
    name="web-0.one",
    namespace="shop",
    uid="u1",
    resource_version=1,
    type="Warning",
    reason="BackOff",
    component="kubelet",
    kind="Pod",
    object_namespace="shop",
    object_name="web-0",
    object_uid="pod-uid",
    field_path="spec.containers{app}",
    host="node-a",
    message="Back-off restarting failed container",
    count=1,
    series_count=0,
    last_time="2027-01-15T08:00:00Z",
    first_time="2027-01-15T08:00:00Z",
)


def record(**changes: object) -> EventRecord:
    """The base record with some fields changed."""
    return msgspec.structs.replace(_BASE, **changes)


def at(seconds: float) -> str:
    """RFC 3339 text of ``EPOCH`` plus ``seconds``, as the API writes micro times."""
    moment = datetime.fromtimestamp(EPOCH + seconds, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def named_at(seconds: float, prefix: str = "web-0") -> str:
    """The name client-go gives an event that first occurs ``seconds`` after ``EPOCH``."""
    return f"{prefix}.{int((EPOCH + seconds) * 1_000_000_000):016x}"
