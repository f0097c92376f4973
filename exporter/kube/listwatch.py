# SPDX-License-Identifier: Apache-2.0
"""The list/watch protocol: what to ask the API server next, and what its answers mean.

A state machine without I/O. The shell asks ``next_request()``, does it, and tells what
came: ``accepted``, ``page``, ``block``, ``ended``, ``refused`` or ``broken``.

    STREAM --end mark--> WATCH          a streamed list (KEP-3157) turns into the watch
    LIST   --last page-> WATCH          where the server refuses to stream
    WATCH  --410, or failing, or quiet--> STREAM or LIST

Invariants: a list is published whole or not at all; a watch resumes where it stopped
and relists only for a cause in ``Relist``; it never gives up, and never asks twice
without either progress or a wait in between.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, cast

from exporter.kube import request
from exporter.kube.backoff import Backoff
from exporter.kube.consumer import Consumer
from exporter.kube.frames import Frame, FrameReader, Status, T, Undecodable
from exporter.kube.intake import Intake
from exporter.kube.liststyle import ListStyle
from exporter.kube.request import MAX_WATCH_SECONDS, MIN_WATCH_SECONDS, Phase, Request
from exporter.kube.telemetry import Failure, Relist, Telemetry
from exporter.notes import Note

# Silence beyond the server's own time-out can only be a dead connection.
SILENCE_GRACE_SECONDS = 30.0
# A list, streamed or paged, has no reason to pause for longer.
LIST_SILENCE_SECONDS = 60.0
# etcd keeps five minutes of history: a resourceVersion older than this is not worth a try.
_VERSION_SECONDS = 240.0
# Servers before 1.19 know nothing of streamed lists: they send what there is, then what comes,
# and never an end mark. A hundred thousand events take a second.
_STREAMED_LIST_SECONDS = 120.0
_SHORT_WATCH_SECONDS = 1.0
_RELIST_AT_ONCE_SECONDS = 10.0
_FAILURES_BEFORE_RELIST = 3


class ListWatch(Generic[T]):
    """One resource in one scope, listed and watched for ever."""

    def __init__(
        self,
        reader: FrameReader[T],
        consumer: Consumer[T],
        telemetry: Telemetry,
        *,
        note: Note,
        uniform: Callable[[], float],
        field_selector: str = "",
        streaming: bool = True,
        watch_seconds: tuple[float, float] = (MIN_WATCH_SECONDS, MAX_WATCH_SECONDS),
        list_silence: float = LIST_SILENCE_SECONDS,
        silence_grace: float = SILENCE_GRACE_SECONDS,
    ) -> None:
        self._reader = reader
        self._consumer = consumer
        self._telemetry = telemetry
        self._note = note
        self._uniform = uniform
        self._backoff = Backoff(uniform)
        self._intake = Intake(reader, consumer, telemetry, note)
        self._selector = {"fieldSelector": field_selector} if field_selector else {}
        self._style = ListStyle(streaming=streaming)
        self._watch_seconds = watch_seconds
        self._list_silence = list_silence
        self._silence_grace = silence_grace

        self.phase = self._style.phase
        self._version = ""
        self.reached = ""
        """The resourceVersion up to which the consumer was given all; ``""`` for none yet."""
        self._token = ""
        self._listing = False
        self._wait = 0.0
        self._renew = False
        self._timeout = watch_seconds[0]
        self._began = 0.0
        self._relisted = float("-inf")
        self._version_at_start = ""
        self._fresh = 0.0
        self._received = 0
        self._failures = 0
        self._since_connected = 0
        self._relisting = ""

    @property
    def silence_limit(self) -> float:
        """Seconds without a byte after which the connection is taken for dead."""
        if self.phase is Phase.WATCH:
            return self._timeout + self._silence_grace
        return self.answer_limit

    @property
    def answer_limit(self) -> float:
        """Seconds the server may take to begin its answer: it sends a watch's headers at once."""
        return self._list_silence

    def next_request(self) -> Request:
        """What to ask now, and how long to wait before."""
        if self.phase is Phase.LIST:
            params = request.list_page(self._token)
        else:
            low, high = self._watch_seconds
            self._timeout = low + (high - low) * self._uniform()
            if self.phase is Phase.STREAM:
                params = request.streamed_list(self._timeout)
            else:
                params = request.watch(self._version, self._timeout)
        asked = Request(self.phase, {**self._selector, **params}, self._wait, self._renew)
        self._wait, self._renew = 0.0, False
        return asked

    def accepted(self, now: float, server_time: float) -> None:
        """The server answers 200 and the body begins. Times: ours (monotonic), and the server's."""
        self._began = now
        self._received = 0
        self._intake.begin()
        self._telemetry.last_failure = ""
        self._version_at_start = self._version
        if self.phase is not Phase.LIST:
            # A list that is let through says nothing of the right to watch.
            self._telemetry.allowed = True
        if self.phase is Phase.WATCH:
            self._telemetry.connected = self._telemetry.watched = True
            if self._since_connected:
                self._note("info", "watch resumed", {"after_failures": self._since_connected})
                self._since_connected = 0
        elif not self._token:
            self._listing = True
            self._consumer.list_began(server_time)

    def page(self, body: bytes, now: float) -> None:
        """The whole body of a LIST page."""
        page = self._reader.page(body)
        if page is None or not page.resource_version:
            self._failed(Failure.UNREADABLE, "the answer is not a list", now)
            return
        if self._token and page.next_token == self._token:
            self._failed(Failure.UNREADABLE, "the list does not move on", now)
            return
        self._intake.listed(page)
        self._token = page.next_token
        if not self._token:
            self._published(page.resource_version, now)

    def block(self, block: bytes, now: float) -> bool:
        """Whole lines of a stream. False: stop reading, the stream has nothing more to say."""
        changes = self._reader.changes(block)
        if changes is not None:
            self._objects(changes)
        elif not self._mixed(self._reader.frames(block), now):
            return False
        if self.phase is Phase.WATCH:
            if self._received:
                self._fresh = now
        elif now - self._began > _STREAMED_LIST_SECONDS:
            self._failed(Failure.SILENT, "the streamed list does not come to its end mark", now)
            return False
        return True

    def _mixed(self, frames: Sequence[Frame[T] | Frame[Status] | Undecodable], now: float) -> bool:
        """Bookmarks, errors and damaged lines among the objects. False: stop reading."""
        for frame in frames:
            if isinstance(frame, Undecodable):
                self._intake.passed_over(frame)
            elif isinstance(frame.object, Status):
                self._telemetry.frames[frame.type] += 1
                self._received += 1
                if not self._status(frame.type, frame.object, now):
                    return False
            else:
                self._objects([cast("Frame[T]", frame)])
        return True

    def _objects(self, frames: Sequence[Frame[T]]) -> None:
        self._received += len(frames)
        if self.phase is not Phase.WATCH:
            self._intake.streamed(frames)
        elif frames:
            self._intake.changed(frames)
            # The watch has come to the last of them: it resumes after it.
            self.reached = self._version = frames[-1].object.resource_version or self._version

    def overlong(self, lines: int) -> None:
        """So many lines were too long to be held, and are lost."""
        self._intake.passed_over(Undecodable.OVERLONG, lines)

    def ended(self, now: float, *, truncated: bool) -> None:
        """The stream came to its end; ``truncated``: in the middle of a line."""
        self._telemetry.connected = False
        if truncated:
            self._intake.passed_over(Undecodable.TRUNCATED)
        if self.phase is Phase.STREAM:
            self._failed(Failure.TRUNCATED, "the streamed list ended before its end mark", now)
        elif truncated:
            self._failed(Failure.TRUNCATED, "the watch ended inside a frame", now)
        elif (short := self._began + _SHORT_WATCH_SECONDS - now) > 0:
            if self._version == self._version_at_start:
                self._failed(Failure.CLOSED_EARLY, "the watch ended at once", now)
            else:
                # News, but a server that hangs up after each frame is not asked in a tight loop.
                self._wait = short
        elif not self._received and now - self._fresh >= _VERSION_SECONDS:
            self._relist(Relist.QUIET, now)
        else:
            self._failures = 0

    def broken(self, cause: Failure, detail: str, now: float) -> None:
        """The connection could not be made, or broke."""
        self._failed(cause, detail, now)

    def refused(self, code: int, body: bytes, retry_after: float | None, now: float) -> None:
        """The server answers anything but 200; ``retry_after`` is its header's, seconds."""
        status = self._reader.status(body)
        if self.phase is Phase.STREAM and code in (400, 422):
            self._style.refused()
            self.phase = Phase.LIST
            self._note("info", "the server does not stream lists, listing by page", {"code": code})
        elif code == 401:
            self._renew = True
            self._failed(Failure.UNAUTHORIZED, status.message or "Unauthorized", now)
        elif code == 403:
            self._telemetry.allowed = False
            self._failed(Failure.FORBIDDEN, status.message or "Forbidden", now)
        else:
            cause = Failure.SERVER_ERROR if code >= 500 else Failure.REJECTED
            detail = f"HTTP {code} {status.message or ''}".strip()
            wait = status.retry_after if retry_after is None else retry_after
            status.code = code
            self._objected(status, cause, detail, wait, now)

    def _status(self, kind: str, status: Status, now: float) -> bool:
        if kind == "BOOKMARK":
            self._version = status.resource_version or self._version
            if self.phase is Phase.WATCH:
                self.reached = self._version
            if self.phase is Phase.STREAM and status.ends_initial_events:
                self._published(self._version, now)
                self._telemetry.connected = self._telemetry.watched = True
            return True
        detail = status.message or status.reason or "ERROR frame"
        self._objected(status, Failure.ERROR_FRAME, detail, status.retry_after, now)
        return False

    def _objected(
        self, status: Status, cause: Failure, detail: str, wait: float | None, now: float
    ) -> None:
        """The server objects: by an HTTP status, or by an ERROR in a stream it had accepted."""
        if status.expired:
            in_watch = self.phase is Phase.WATCH
            self._relist(Relist.EXPIRED if in_watch else Relist.CONTINUE_EXPIRED, now)
        elif status.code == 429:
            self._failed(Failure.THROTTLED, detail, now, wait)
        else:
            self._failed(cause, detail, now, wait, stale_version=True)

    def _published(self, resource_version: str, now: float) -> None:
        streamed = self.phase is Phase.STREAM
        self.phase = Phase.WATCH
        self.reached = self._version = self._version_at_start = resource_version
        self._listing = False
        self._failures = self._since_connected = 0
        self._style.published(streamed=streamed)
        self._began = self._fresh = now
        self._received = 0
        self._consumer.list_published(resource_version)
        fields: dict[str, object] = {"resource_version": resource_version, "streamed": streamed}
        if self._relisting and self._telemetry.synced:
            self._note("info", "listed again", {"cause": self._relisting, **fields})
        else:
            self._note("info", "synced", fields)
        self._relisting = ""
        self._telemetry.synced = True

    def _relist(self, cause: Relist, now: float) -> None:
        self._abandon()
        self._telemetry.connected = False
        self._telemetry.relists[cause] += 1
        if now - self._relisted < _RELIST_AT_ONCE_SECONDS:
            # The last one is hardly over: a server that expires all it gives is waited for.
            self._wait = self._backoff.after_failure(now)
        self._relisted = now
        self._failures = 0
        self.phase = self._style.phase
        # One line for each relist, when it is done: the first cause is why there is one.
        self._relisting = self._relisting or cause.value

    def _failed(
        self,
        cause: Failure,
        detail: str,
        now: float,
        retry_after: float | None = None,
        *,
        stale_version: bool = False,
    ) -> None:
        self._telemetry.connected = False
        self._since_connected += 1
        self._telemetry.failures[cause] += 1
        self._telemetry.last_failure = f"{cause.value}: {detail}"
        self._wait = self._backoff.after_failure(now, retry_after=retry_after)
        fields: dict[str, object] = {"cause": cause.value, "detail": detail}
        fields["retry_seconds"] = round(self._wait, 1)
        self._note("warning", f"{self.phase.value} failed", fields)
        if self._version != self._version_at_start:
            self._version_at_start = self._version
            self._failures = 0
        if self.phase is Phase.STREAM:
            self._abandon()
            self.phase = self._style.broke(silent=cause is Failure.SILENT)
            if not self._style.streaming:
                self._note("info", "streamed lists come to no end here, listing by page", {})
        elif stale_version and self.phase is Phase.WATCH:
            # A resourceVersion the server cannot serve is answered 500 for ever.
            self._failures += 1
            if self._failures >= _FAILURES_BEFORE_RELIST:
                wait = self._wait
                self._relist(Relist.WATCH_FAILING, now)
                self._wait = max(self._wait, wait)
        elif stale_version or cause is Failure.UNREADABLE:
            # A page that cannot be had may be its token's fault: the list starts over.
            self._abandon()

    def _abandon(self) -> None:
        self._token = ""
        if self._listing:
            self._listing = False
            self._consumer.list_abandoned()
