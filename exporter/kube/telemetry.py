# SPDX-License-Identifier: Apache-2.0
"""What one list/watch has seen and suffered: plain numbers, read by the self-metrics.

The causes are closed sets, because they are label values: every one is exposed at 0
from the start, so that ``increase()`` sees the first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from exporter.kube.frames import Undecodable


class Failure(StrEnum):
    """Why a request or a stream failed."""

    REFUSED = "refused"
    """Nobody listens: connection refused, host or network unreachable."""
    DNS = "dns"
    TLS = "tls"
    RESET = "reset"
    """The connection broke."""
    TRUNCATED = "truncated"
    """The stream ended in the middle of a frame, or a streamed list before its end mark."""
    SILENT = "silent"
    """Nothing came for longer than the server may be silent: a half-open connection."""
    CLOSED_EARLY = "closed_early"
    """A watch that ended at once and brought nothing."""
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    THROTTLED = "throttled"
    SERVER_ERROR = "server_error"
    REJECTED = "rejected"
    """Any other 4xx: the request itself is not liked."""
    ERROR_FRAME = "error_frame"
    """An ERROR in the stream, other than 410 and 429."""
    UNREADABLE = "unreadable"
    """A page that is no list or is beyond any size, or an answer that is no JSON."""
    CREDENTIALS = "credentials"
    """The configuration or the credentials could not be read again."""
    OTHER = "other"


class Relist(StrEnum):
    """Why everything was listed again. All of it is normal life; none is an alarm."""

    EXPIRED = "expired"
    """410: the resourceVersion was compacted away (etcd keeps five minutes)."""
    CONTINUE_EXPIRED = "continue_expired"
    """410 in the middle of a list: it starts over."""
    QUIET = "quiet"
    """A watch ended after minutes without a frame: events get no bookmarks, so its
    resourceVersion is about to expire, or lies in the future of a restored server."""
    WATCH_FAILING = "watch_failing"
    """The same resourceVersion was refused again and again."""


FRAME_TYPES = ("LISTED", "ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR")


@dataclass(slots=True)
class Telemetry:
    """Of one list/watch. Times are Unix seconds, 0.0 for never."""

    scope: str = ""
    """The namespace that is watched; ``""`` for all."""
    synced: bool = False
    """Whether a first list is complete."""
    connected: bool = False
    """Whether a watch is open."""
    watched: bool = False
    """Whether a watch was ever accepted."""
    allowed: bool = True
    """Whether the server lets us: False from a 403 until the next accepted request."""
    last_failure: str = ""
    """Its cause and detail; ``""`` since the last request that was accepted."""
    last_received: float = 0.0
    frames: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FRAME_TYPES, 0))
    relists: dict[str, int] = field(default_factory=lambda: {c.value: 0 for c in Relist})
    failures: dict[str, int] = field(default_factory=lambda: {c.value: 0 for c in Failure})
    undecodable: dict[str, int] = field(default_factory=lambda: {c.value: 0 for c in Undecodable})
