# SPDX-License-Identifier: Apache-2.0
"""What can go wrong between a client and an API server, as data.

A test queues faults on a server; each LIST page and each WATCH takes the next entry of its own
queue, and behaves well where the queue is empty. An entry is one fault or several that act
together. `after_frames` counts what this response has sent: lines of a watch (initial events and
bookmarks included), items of a list.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from exporter.demo.store.status import WATCH_TOO_OLD, ApiError


@dataclass(frozen=True, slots=True)
class Healthy:
    """Nothing goes wrong with this request: keeps a place in the queue."""


@dataclass(frozen=True, slots=True)
class Status:
    """The response is a Status of this HTTP code; `retry_after` (seconds) becomes a header.

    With `body` those bytes are sent instead, as a proxy's error page would be.
    """

    code: int
    retry_after: int | None = None
    body: bytes | None = None

    def error(self) -> ApiError:
        """The refusal, in the words of the API's usual reasons."""
        reason = _REASONS.get(self.code, "")
        message = f"scripted answer {self.code} {reason}".rstrip()
        return ApiError(self.code, reason, message, retry_after=self.retry_after)


@dataclass(frozen=True, slots=True)
class Hang:
    """The request is read and never answered; the connection stays open."""


@dataclass(frozen=True, slots=True)
class NoWatchList:
    """Streamed initial events are refused (422) as by a server without the feature."""


@dataclass(frozen=True, slots=True)
class ListGone:
    """Page number `page` (from 1) of a list is answered by 410; pages before it are not touched."""

    page: int = 2


@dataclass(frozen=True, slots=True)
class Truncate:
    """Half of the frame after these is sent, then the connection is cut."""

    after_frames: int = 0


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection is reset (TCP RST) between two frames."""

    after_frames: int = 0


@dataclass(frozen=True, slots=True)
class InitialBreak:
    """A streamed list loses its connection before its end mark; other requests do not take it."""

    after_frames: int = 0


@dataclass(frozen=True, slots=True)
class Close:
    """The response ends in order, as if its time were up."""

    after_frames: int = 0


@dataclass(frozen=True, slots=True)
class Stall:
    """The server goes silent without closing: what a half-open connection looks like."""

    after_frames: int = 0


@dataclass(frozen=True, slots=True)
class Junk:
    """These bytes and a newline stand between two frames; then the stream goes on."""

    data: bytes = b"<html>bad gateway</html>"
    after_frames: int = 0


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The last `frames` frames are sent a second time (default: as soon as there are that many)."""

    frames: int = 1
    after_frames: int | None = None


@dataclass(frozen=True, slots=True)
class ErrorFrame:
    """An ERROR line with a Status, after which the watch ends in order."""

    code: int = 410
    reason: str = "Expired"
    after_frames: int = 0

    def frame(self) -> bytes:
        """The line."""
        message = WATCH_TOO_OLD if self.code == 410 else f"scripted frame {self.code}"
        return ApiError(self.code, self.reason, message).frame()


@dataclass(frozen=True, slots=True)
class Dribble:
    """All bytes arrive in pieces of `size`, wherever that cuts frames and characters."""

    size: int = 1


StreamFault = Truncate | Reset | InitialBreak | Close | Stall | Junk | Duplicate | ErrorFrame
RequestFault = Healthy | Status | Hang | NoWatchList | ListGone
Fault = RequestFault | StreamFault | Dribble
Script = Fault | Sequence[Fault]

_REASONS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    410: "Expired",
    422: "Invalid",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
}


def position(fault: StreamFault) -> int:
    """After how many frames a fault acts."""
    if isinstance(fault, Duplicate) and fault.after_frames is None:
        return fault.frames
    return fault.after_frames or 0


class FaultQueue:
    """The scripted future of one kind of request: an entry is used up by the request it meets."""

    def __init__(self) -> None:
        self._entries: deque[tuple[Fault, ...]] = deque()

    def __len__(self) -> int:
        return len(self._entries)

    def extend(self, scripts: Sequence[Script]) -> None:
        """Queue entries for the next requests, in order."""
        for script in scripts:
            self._entries.append(tuple(script) if isinstance(script, Sequence) else (script,))

    def clear(self) -> None:
        """Drop what is queued: requests are answered well again."""
        self._entries.clear()

    def take(self, *, page: int = 1, streamed_list: bool = False) -> tuple[Fault, ...]:
        """The faults of a request; those that wait for another page or for a streamed list stay."""
        if not self._entries or not all(
            _meets(fault, page=page, streamed_list=streamed_list) for fault in self._entries[0]
        ):
            return ()
        return tuple(f for f in self._entries.popleft() if not isinstance(f, Healthy))


def _meets(fault: Fault, *, page: int, streamed_list: bool) -> bool:
    if isinstance(fault, ListGone):
        return page == fault.page
    if isinstance(fault, InitialBreak | NoWatchList):
        return streamed_list
    return True
