# SPDX-License-Identifier: Apache-2.0
"""The loop around the list/watch protocol: makes its requests, feeds it what comes back."""

from __future__ import annotations

import asyncio
import ssl
import time
from typing import TYPE_CHECKING, Any, NoReturn

import aiohttp

from exporter.framing import LineSplitter
from exporter.kube.connection import Cluster, ConnectionConfigError
from exporter.kube.headers import foreign_type, retry_after, server_time
from exporter.kube.listwatch import ListWatch
from exporter.kube.request import Phase, Request, accepted_type
from exporter.kube.sockets import gather, keep_alive, socket_of
from exporter.kube.telemetry import Failure, Telemetry

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable, Iterable

# A smaller read shows that there is no backlog.
_TRICKLE_BYTES = 64 * 1024
# 500 events are a megabyte or two: whoever sends this much sends no page of events.
MAX_PAGE_BYTES = 256 * 1024 * 1024
# A Status has a few hundred bytes; of a proxy's page no more than this is looked at.
_MAX_REFUSAL_BYTES = 1024 * 1024
# How often in its length the silence limit is moved on: nobody needs it to be exact.
_RESCHEDULES = 60


class Watcher:
    """Keeps one list/watch going until it is cancelled.

    ``metadata_only``: of each object no more is asked for. ``gathering``: what a watch brings
    may wait a moment, so that it is read together, which is cheaper. ``settle``: what a list
    leaves to be done, in steps between which others have their turn.
    """

    def __init__(
        self,
        cluster: Cluster,
        path: str,
        protocol: ListWatch[Any],
        telemetry: Telemetry,
        *,
        wall: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        page_limit: int = MAX_PAGE_BYTES,
        metadata_only: bool = False,
        gathering: bool = True,
        settle: Callable[[], Iterable[None]] = tuple,
    ) -> None:
        self._cluster = cluster
        self._path = path
        self._protocol = protocol
        self._telemetry = telemetry
        self._wall = wall
        self._sleep = sleep
        self._page_limit = page_limit
        self._metadata_only = metadata_only
        self._gathering = gathering
        self._settle = settle

    async def run(self) -> NoReturn:
        """Ask, read, wait, for ever. Only cancellation and programming errors end it."""
        while True:
            request = self._protocol.next_request()
            if request.wait:
                await self._sleep(request.wait)
            try:
                await self._cluster.load(refused=request.renew_credentials)
            except ConnectionConfigError as error:
                self._broken(Failure.CREDENTIALS, str(error))
                continue
            try:
                await self._ask(request)
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                self._broken(cause_of(error), str(error) or type(error).__name__)

    async def _ask(self, request: Request) -> None:
        loop = asyncio.get_running_loop()
        accept = accepted_type(request.phase, metadata_only=self._metadata_only)
        async with asyncio.timeout(self._protocol.answer_limit) as silence:
            async with self._cluster.get(self._path, request.params, accept) as response:
                if response.status != 200:
                    await self._refused(response)
                    return
                if found := foreign_type(response.headers):
                    self._broken(Failure.UNREADABLE, f"{found} and no JSON: not an API server's")
                    return
                sock = socket_of(response)
                if sock:
                    keep_alive(sock)
                now = loop.time()
                clock = server_time(response.headers)
                self._protocol.accepted(now, self._wall() if clock is None else clock)
                silence.reschedule(now + self._protocol.silence_limit)
                if request.phase is Phase.LIST:
                    await self._page(response.content, silence)
                else:
                    gathered = sock if self._gathering else None
                    await self._stream(response.content, gathered, silence)

    async def _page(self, content: aiohttp.StreamReader, silence: asyncio.Timeout) -> None:
        loop, limit = asyncio.get_running_loop(), self._protocol.silence_limit
        parts: list[bytes] = []
        size = 0
        while data := await content.readany():
            parts.append(data)
            size += len(data)
            if size > self._page_limit:
                detail = f"a page of more than {self._page_limit} bytes"
                self._broken(Failure.UNREADABLE, detail)
                return
            silence.reschedule(loop.time() + limit)
        self._protocol.page(b"".join(parts), loop.time())
        self._telemetry.last_received = self._wall()
        await self._settled()

    async def _stream(
        self,
        content: aiohttp.StreamReader,
        gathered: socket.socket | None,
        silence: asyncio.Timeout,
    ) -> None:
        loop = asyncio.get_running_loop()
        protocol, telemetry = self._protocol, self._telemetry
        splitter = LineSplitter()
        scheduled, limit = loop.time(), protocol.silence_limit
        while data := await content.readany():
            now = loop.time()
            telemetry.last_received = self._wall()
            block = splitter.feed(data)
            if splitter.overlong:
                protocol.overlong(splitter.overlong)
                splitter.overlong = 0
            if not protocol.block(block, now):
                return
            # Not each time; but a streamed list that is over becomes a watch, which may be
            # silent for much longer.
            if now - scheduled > limit / _RESCHEDULES or limit != protocol.silence_limit:
                scheduled, limit = now, protocol.silence_limit
                silence.reschedule(now + limit)
                await self._settled()
            if gathered and len(data) < _TRICKLE_BYTES and protocol.phase is Phase.WATCH:
                gather(gathered)
        protocol.ended(loop.time(), truncated=splitter.pending)

    async def _settled(self) -> None:
        for _ in self._settle():
            await asyncio.sleep(0)

    async def _refused(self, response: aiohttp.ClientResponse) -> None:
        body = bytearray()
        while len(body) < _MAX_REFUSAL_BYTES and (data := await response.content.readany()):
            body += data
        wait = retry_after(response.headers, self._wall())
        now = asyncio.get_running_loop().time()
        self._protocol.refused(response.status, bytes(body[:_MAX_REFUSAL_BYTES]), wait, now)

    def _broken(self, cause: Failure, detail: str) -> None:
        self._protocol.broken(cause, detail, asyncio.get_running_loop().time())


def cause_of(error: Exception) -> Failure:
    """The closed class of a transport error."""
    if isinstance(error.__cause__, ssl.SSLError):
        # In the middle of a connection aiohttp wraps it in an error of its own.
        return Failure.TLS
    match error:
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return Failure.TLS
        case aiohttp.ClientConnectorDNSError():
            return Failure.DNS
        case aiohttp.ClientConnectorError() | aiohttp.ConnectionTimeoutError():
            return Failure.REFUSED
        case TimeoutError():
            return Failure.SILENT
        case aiohttp.ClientPayloadError():
            return Failure.TRUNCATED
        case aiohttp.ClientConnectionError() | ConnectionError():
            return Failure.RESET
        case _:
            return Failure.OTHER
