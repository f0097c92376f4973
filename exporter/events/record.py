# SPDX-License-Identifier: Apache-2.0
"""The record: one Event object version in the only spelling the rest of the house knows.

Kubernetes writes the same fact in up to four ways (core/v1 and events.k8s.io/v1,
``source`` and ``reportingController``, three time stamps). They are read once, in
``wire``; nothing downstream asks again.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

import msgspec

# What rules read of a message stands at its beginning; who may create events chooses its length.
LONGEST_MESSAGE = 2048
# The API's own names, uids and field paths are shorter.
LONGEST_NAME = 256


class EventRecord(msgspec.Struct, frozen=True, gc=False):
    """One version of one Event object. An absent text or time is ``""``; times are RFC 3339."""

    name: str
    namespace: str
    """Of the Event object itself (the ledger's key with ``name``), not of what it is about."""
    uid: str
    resource_version: int
    """0 where the server's value is no number; then versions cannot be compared."""

    type: str
    reason: str
    component: str
    """``source.component``, else the reporting controller."""
    kind: str
    object_namespace: str
    object_name: str
    object_uid: str
    field_path: str
    host: str
    """The node that reports, where the reporter says so (``source.host``)."""
    message: str

    count: int
    """Occurrences by the legacy recorder; 0 where it did not write the object."""
    series_count: int
    """Occurrences by the new recorder's series; 0 where there is none."""
    last_time: str
    """Latest occurrence: ``series.lastObservedTime``, ``lastTimestamp``, ``eventTime``,
    ``creationTimestamp``, the first that is there."""
    first_time: str
    """First occurrence: ``firstTimestamp``, else ``eventTime``, else ``creationTimestamp``."""

    def occurred(self) -> float:
        """Time of the latest occurrence, Unix seconds; 0.0 where the object has none."""
        return self.occurred_at(unix_seconds(self.last_time))

    def occurred_at(self, stamp: float) -> float:
        """The same for who knows already that ``last_time`` is ``stamp``.

        The object's name is finer (nanoseconds) than the legacy recorder's one-second
        stamps, but it is the time of the *first* occurrence, so it speaks only for
        objects that have occurred once.
        """
        if self.count <= 1 and not self.series_count:
            exact = name_time(self.name)
            if exact and abs(exact - stamp) < 1.0:
                return exact
        return stamp

    def first_occurred(self) -> float:
        """Time of the first occurrence, Unix seconds, on the reporter's clock; 0.0 if unknown.

        The name's nanoseconds, unless a stamp says that they are none: sixteen hex digits
        can be a writer's hash.
        """
        exact, stamp = name_time(self.name), unix_seconds(self.first_time)
        return exact if exact and (not stamp or abs(exact - stamp) < 1.0) else stamp


def container_of(field_path: str) -> str:
    """The container's name in ``spec.containers{NAME}``, or ``""``."""
    _, brace, rest = field_path.partition("{")
    return rest.removesuffix("}") if brace else ""


def name_time(name: str) -> float:
    """Unix seconds in an Event's name, or 0.0.

    client-go names an Event "<object>.<hex of UnixNano>"; 15 and 16 digits are the years 2006
    to 2286. Anything shorter is somebody's own suffix, not a time.

    >>> name_time("web-0.18ea5ae068f57856")
    1795347321.3502045
    """
    if name[-17:-16] == ".":
        suffix = name[-16:]
    elif name[-16:-15] == ".":
        suffix = name[-15:]
    else:
        return 0.0
    try:
        return int(suffix, 16) / 1e9
    except ValueError:
        return 0.0


def unix_seconds(text: str) -> float:
    """Unix seconds of an RFC 3339 time, or 0.0 where it is none, as the year 1 of Go is."""
    # A MicroTime is new each time, but its second is not.
    if len(text) == _MICRO_TIME and text[19] == "." and text[-1] == "Z":
        micros = text[20:26]
        if micros.isdecimal() and (seconds := _seconds(text[:19] + "Z")):
            return (seconds * 1e6 + int(micros)) / 1e6
    return _seconds(text)


_MICRO_TIME = len("2026-11-23T12:00:00.000000Z")


@lru_cache(maxsize=4096)  # at load, thousands of events share a second
def _seconds(text: str) -> float:
    if not text:
        return 0.0
    try:
        moment = datetime.fromisoformat(text)
        return max((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp(), 0.0)
    except (ValueError, OverflowError):
        return 0.0
