# SPDX-License-Identifier: Apache-2.0
"""The JSON of a stored Event: fields in the API's order, absent ones as the API shows them."""

from __future__ import annotations

from collections.abc import Mapping
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


def encode(event: Mapping[str, Any]) -> bytes:
    """The JSON of a LIST item: no kind and no apiVersion; fields that are not known come last."""
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
