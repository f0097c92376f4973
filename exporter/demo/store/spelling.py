# SPDX-License-Identifier: Apache-2.0
"""How the API spells an Event: its times and its JSON.

Everywhere in the demo `now` is a float of seconds since 1970, UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

_FIELDS = (
    "involvedObject",
    "reason",
    "message",
    "source",
    "firstTimestamp",
    "lastTimestamp",
    "count",
    "type",
    "eventTime",
    "series",
    "action",
    "related",
    "reportingComponent",
    "reportingInstance",
)
# What the API server shows even where the writer left it out.
_ALWAYS: Mapping[str, Any] = {
    "involvedObject": {},
    "source": {},
    "firstTimestamp": None,
    "lastTimestamp": None,
    "eventTime": None,
    "reportingComponent": "",
    "reportingInstance": "",
}


def seconds(now: float) -> str:
    """metav1.Time: `2026-11-22T11:40:54Z`, cut down to the second."""
    return datetime.fromtimestamp(int(now), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def microseconds(now: float) -> str:
    """metav1.MicroTime: `2026-11-22T11:40:54.317000Z`."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def encode(event: Mapping[str, Any]) -> bytes:
    """The JSON of a LIST item: no kind and no apiVersion.

    Fields stand in the API's order, absent ones as the API shows them, unknown ones last.
    """
    ordered = {"metadata": event["metadata"]}
    for field in _FIELDS:
        if field in event:
            ordered[field] = event[field]
        elif field in _ALWAYS:
            ordered[field] = _ALWAYS[field]
    for field, value in event.items():
        if field not in ("kind", "apiVersion"):
            ordered.setdefault(field, value)
    return msgspec.json.encode(ordered)
