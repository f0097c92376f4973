# SPDX-License-Identifier: Apache-2.0
"""The loop around the list/watch protocol: makes its requests, feeds it what comes back."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import time
from typing import TYPE_CHECKING, Any, NoReturn

import aiohttp

from exporter.kube.connection import Cluster, ConnectionConfigError
from exporter.kube.framing import LineSplitter
from exporter.kube.headers import foreign_type, retry_after, server_time
from exporter.kube.listwatch import ListWatch
from exporter.kube.request import Phase, Request
from exporter.kube.telemetry import Failure, Telemetry

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

# A peer that is gone without a word is noticed after 30 + 3 * 10 seconds.
_KEEPALIVE = (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))
# At an API server's own pace waking up costs more than decoding. So after a small read, one
# that shows there is no backlog, the next comes 80 ms later: a delay that no scrape notices.
_TRICKLE_BYTES = 64 * 1024
_GATHER_SECONDS = 0.08
# 500 events are a megabyte or two: whoever sends this much sends no page of events.
MAX_PAGE_BYTES = 256 * 1024 * 1024
# A Status has a few hundred bytes; of a proxy's page no more than this is looked at.
_MAX_REFUSAL_BYTES = 1024 * 1024
# How often in its length the silence limit is moved on: nobody needs it to be exact.
_RESCHEDULES = 60


class Watcher:
    """Keeps one list/watch going until it is cancelled."""

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
    ) -> None:
        self._cluster = cluster
        self._path = path
        self._protocol = protocol
        self._telemetry = telemetry
        self._wall = wall
        self._sleep = sleep
        self._page_limit = page_limit

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
        async with asyncio.timeout(self._protocol.answer_limit) as silence:
            async with self._cluster.get(self._path, request.params) as response:
                if response.status != 200:
                    await self._refused(response)
                    return
                if found := foreign_type(response.headers):
                    self._broken(Failure.UNREADABLE, f"{found} and no JSON: not an API server's")
                    return
                _keep_alive(response)
                now = loop.time()
                clock = server_time(response.headers)
                self._protocol.accepted(now, self._wall() if clock is None else clock)
                silence.reschedule(now + self._protocol.silence_limit)
                if request.phase is Phase.LIST:
                    await self._page(response.content, silence)
                else:
                    await self._stream(response, silence)

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

    async def _stream(self, response: aiohttp.ClientResponse, silence: asyncio.Timeout) -> None:
        loop = asyncio.get_running_loop()
        protocol, telemetry = self._protocol, self._telemetry
        splitter = LineSplitter()
        scheduled, limit = loop.time(), protocol.silence_limit
        while data := await response.content.readany():
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
            if len(data) < _TRICKLE_BYTES and protocol.phase is Phase.WATCH:
                await _gather(response)
        protocol.ended(loop.time(), truncated=splitter.pending)

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


async def _gather(response: aiohttp.ClientResponse) -> None:
    """Let what comes next wait together in the kernel: one wake-up for many frames."""
    transport = response.connection.transport if response.connection else None
    if transport is None or transport.is_closing():
        return
    transport.pause_reading()
    await asyncio.sleep(_GATHER_SECONDS)
    if not transport.is_closing():
        transport.resume_reading()


def _keep_alive(response: aiohttp.ClientResponse) -> None:
    connection = response.connection
    transport = connection.transport if connection else None
    sock = transport.get_extra_info("socket") if transport else None
    if sock is None:
        return
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _KEEPALIVE:
            if hasattr(socket, name):
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
