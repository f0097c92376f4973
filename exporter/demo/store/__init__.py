# SPDX-License-Identifier: Apache-2.0
"""What there is and what a request sees of it: events, their history, the bytes that show them.

No sockets and no clock: the server hands in requests and gets pages, frames or an ApiError; the
recorders write, and say what time it is.
"""

from __future__ import annotations

from exporter.demo.store.event_store import AlreadyExistsError, EventStore, NotFoundError
from exporter.demo.store.field_selector import FieldSelector
from exporter.demo.store.list_options import ListOptions
from exporter.demo.store.pages import (
    Scope,
    change_frames,
    decode_token,
    encode_token,
    list_page,
)
from exporter.demo.store.status import ApiError

__all__ = [
    "AlreadyExistsError",
    "ApiError",
    "EventStore",
    "FieldSelector",
    "ListOptions",
    "NotFoundError",
    "Scope",
    "change_frames",
    "decode_token",
    "encode_token",
    "list_page",
]
