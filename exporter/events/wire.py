# SPDX-License-Identifier: Apache-2.0
"""How the API server spells an Event; the only file that knows its field names.

The same stored object has two views, core/v1 and events.k8s.io/v1, and each carries
the fields of two generations of writers. Only fields that are used are declared:
msgspec skips the rest (``managedFields`` is half of every event) without building it.
"""

from __future__ import annotations

import msgspec

from exporter.events.record import LONGEST_MESSAGE, LONGEST_NAME, EventRecord


class _Meta(msgspec.Struct, gc=False):
    name: str | None = None
    namespace: str | None = None
    uid: str | None = None
    resourceVersion: str | None = None
    creationTimestamp: str | None = None


class _Reference(msgspec.Struct, gc=False):
    kind: str | None = None
    namespace: str | None = None
    name: str | None = None
    uid: str | None = None
    fieldPath: str | None = None


class _Source(msgspec.Struct, gc=False):
    component: str | None = None
    host: str | None = None


class _Series(msgspec.Struct, gc=False):
    count: int | None = None
    lastObservedTime: str | None = None


class EventObject(msgspec.Struct, gc=False):
    """An Event of either API group. Every field may be absent or null: servers accept that.

    The order is the order on the wire of core/v1: msgspec looks for the next key first.
    """

    metadata: _Meta | None = None
    involvedObject: _Reference | None = None
    reason: str | None = None
    message: str | None = None
    source: _Source | None = None
    firstTimestamp: str | None = None
    lastTimestamp: str | None = None
    count: int | None = None
    type: str | None = None
    eventTime: str | None = None
    series: _Series | None = None
    reportingComponent: str | None = None
    regarding: _Reference | None = None
    note: str | None = None
    reportingController: str | None = None
    deprecatedSource: _Source | None = None
    deprecatedFirstTimestamp: str | None = None
    deprecatedLastTimestamp: str | None = None
    deprecatedCount: int | None = None

    @property
    def resource_version(self) -> str:
        """``metadata.resourceVersion``, or ``""``."""
        return (self.metadata and self.metadata.resourceVersion) or ""


# core/v1 bounds no text: who may create events could make us keep megabytes of each. Label
# values are bounded where series are born.
_NO_REFERENCE = _Reference()
_NO_SOURCE = _Source()
_UINT64_DIGITS = 20
_INT32 = 0x7FFFFFFF


def version_number(text: str | None) -> int:
    """A resourceVersion as a number, 0 where it is none: then versions cannot be compared."""
    return int(text) if text and text.isdecimal() and len(text) < _UINT64_DIGITS else 0


def read_event(event: EventObject) -> EventRecord | None:
    """The record of an object; None where it has no name, so that it cannot be told from others."""
    meta = event.metadata
    if meta is None or not meta.name:
        return None
    about = event.involvedObject or event.regarding or _NO_REFERENCE
    source = event.source or event.deprecatedSource or _NO_SOURCE
    series = event.series
    version = meta.resourceVersion  # as version_number() reads it; a call would be felt
    count = event.count or event.deprecatedCount or 0
    series_count = (series and series.count) or 0
    last_time = event.lastTimestamp or event.deprecatedLastTimestamp or event.eventTime
    first_time = event.firstTimestamp or event.deprecatedFirstTimestamp or event.eventTime
    return EventRecord(
        meta.name,
        meta.namespace or "",
        meta.uid or "",
        int(version) if version and version.isdecimal() and len(version) < _UINT64_DIGITS else 0,
        event.type or "",
        event.reason or "",
        source.component or event.reportingComponent or event.reportingController or "",
        about.kind or "",
        about.namespace or "",
        (about.name or "")[:LONGEST_NAME],
        (about.uid or "")[:LONGEST_NAME],
        (about.fieldPath or "")[:LONGEST_NAME],
        (source.host or "")[:LONGEST_NAME],
        (event.message or event.note or "")[:LONGEST_MESSAGE],
        count if 0 <= count <= _INT32 else _as_int32(count),
        series_count if 0 <= series_count <= _INT32 else _as_int32(series_count),
        (series and series.lastObservedTime) or last_time or meta.creationTimestamp or "",
        first_time or meta.creationTimestamp or "",
    )


def _as_int32(count: int) -> int:
    """The API's counts are int32; core/v1 takes negative ones, which say nothing."""
    return min(max(count, 0), _INT32)
