# SPDX-License-Identifier: Apache-2.0
"""One open WATCH: from its starting point through what changes, until its time is up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from exporter.demo.server.frame_stream import FrameStream
from exporter.demo.store import EventStore, pages
from exporter.demo.store.list_options import ListOptions
from exporter.demo.store.pages import Scope
from exporter.demo.store.status import future_version

_BATCH = 1000  # frames that go out in one write


class Watch:
    """Feeds one stream from the store.

    `timeout` is in seconds; `sent` is called whenever everything there was has been handed to the
    connection. There are no periodic bookmarks: real watches of Events get none either.
    """

    def __init__(
        self,
        store: EventStore,
        scope: Scope,
        options: ListOptions,
        *,
        timeout: float,
        sent: Callable[[], None],
    ) -> None:
        self.position = -1  # in the store's history; -1 until the first part has been sent
        self._store = store
        self._scope = scope
        self._options = options
        self._timeout = timeout
        self._sent = sent
        self._floor = 0  # changes up to this version are none of this watch's business
        self._wakened = asyncio.Event()
        self._bookmark_due = False
        self._time_is_up = False

    def wake(self) -> None:
        """There may be something to send."""
        self._wakened.set()

    def ask_for_bookmark(self) -> None:
        """Send a bookmark after what is outstanding, if the client allows them."""
        self._bookmark_due = self._options.bookmarks
        self._wakened.set()

    async def feed(self, stream: FrameStream) -> None:
        """Send frames until the timeout.

        Raises ApiError for what the server says inside the stream (410 also in the middle of it,
        504), StreamEnded when a scripted fault ends it.
        """
        timer = asyncio.get_running_loop().call_later(self._timeout, self._end)
        try:
            await stream.begin()
            position = await self._open(stream)
            while True:
                position = await self._catch_up(stream, position)
                if self._bookmark_due:
                    self._bookmark_due = False
                    await stream.send([pages.bookmark(self._store.revision)])
                self.position = position
                self._sent()
                if self._time_is_up:
                    return
                await self._wakened.wait()
                self._wakened.clear()
        finally:
            timer.cancel()

    async def _open(self, stream: FrameStream) -> int:
        """Send what the watch begins with; the position in the history where changes follow."""
        options, store = self._options, self._store
        if options.send_initial_events:
            asked = options.resource_version or 0
            if asked > store.revision:
                raise future_version(asked, store.revision, streamed=True)
            revision, position = store.revision, store.position()
            await self._send_all(stream)
            await stream.initial_done()
            if options.bookmarks:
                await stream.send([pages.bookmark(revision, initial_events_end=True)])
            return position
        if options.resource_version:
            self._floor = options.resource_version
            return store.position_after(options.resource_version)
        position = store.position()
        if options.send_initial_events is None:  # version 0 or none: the past is replayed
            await self._send_all(stream)
        return position

    async def _send_all(self, stream: FrameStream) -> None:
        snapshot = self._store.snapshot()
        for start in range(0, len(snapshot), _BATCH):
            await stream.send(pages.added_frames(snapshot[start : start + _BATCH], self._scope))

    async def _catch_up(self, stream: FrameStream, position: int) -> int:
        while changes := self._store.changes(position, _BATCH):
            position += len(changes)
            if changes[0].revision <= self._floor:
                changes = [change for change in changes if change.revision > self._floor]
            await stream.send(pages.change_frames(changes, self._scope))
        return position

    def _end(self) -> None:
        self._time_is_up = True
        self._wakened.set()
