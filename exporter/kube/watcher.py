# SPDX-License-Identifier: Apache-2.0
"""The loop around the list/watch protocol: makes its requests, feeds it what comes back."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, NoReturn

import aiohttp

from exporter.kube.connection import Cluster, ConnectionConfigError
from exporter.kube.framing import LineSplitter
from exporter.kube.listwatch import ListWatch, Phase, Request
from exporter.kube.telemetry import Failure, Telemetry

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

# A peer that is gone without a word is noticed after 30 + 3 * 10 seconds.
_KEEPALIVE = (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))
# At an API server's own pace waking up costs more than decoding. So after a small read, one
# that shows there is no backlog, the next comes 50 ms later: a delay that no scrape notices.
_TRICKLE_BYTES = 64 * 1024
_GATHER_SECONDS = 0.05
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
    ) -> None:
        self._cluster = cluster
        self._path = path
        self._protocol = protocol
        self._telemetry = telemetry
        self._wall = wall
        self._sleep = sleep

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
                _keep_alive(response)
                now = loop.time()
                self._protocol.accepted(now, self._server_time(response))
                silence.reschedule(now + self._protocol.silence_limit)
                if request.phase is Phase.LIST:
                    self._protocol.page(await self._whole(response.content, silence), loop.time())
                    self._telemetry.last_received = self._wall()
                else:
                    await self._stream(response, silence)

    async def _whole(self, content: aiohttp.StreamReader, silence: asyncio.Timeout) -> bytes:
        loop, limit = asyncio.get_running_loop(), self._protocol.silence_limit
        parts: list[bytes] = []
        while data := await content.readany():
            parts.append(data)
            silence.reschedule(loop.time() + limit)
        return b"".join(parts)

    async def _stream(self, response: aiohttp.ClientResponse, silence: asyncio.Timeout) -> None:
        loop = asyncio.get_running_loop()
        protocol, telemetry = self._protocol, self._telemetry
        splitter = LineSplitter()
        scheduled, limit = loop.time(), protocol.silence_limit
        while data := await response.content.readany():
            now = loop.time()
            telemetry.last_received = self._wall()
            if not protocol.block(splitter.feed(data), now):
                return
            if splitter.overlong:
                protocol.overlong(splitter.overlong)
                splitter.overlong = 0
            # Not each time; but a streamed list that is over becomes a watch, which may be
            # silent for much longer.
            if now - scheduled > limit / _RESCHEDULES or limit != protocol.silence_limit:
                scheduled, limit = now, protocol.silence_limit
                silence.reschedule(now + limit)
            if len(data) < _TRICKLE_BYTES and protocol.phase is Phase.WATCH:
                await _gather(response)
        protocol.ended(loop.time(), truncated=splitter.pending)

    async def _refused(self, response: aiohttp.ClientResponse) -> None:
        retry_after = None
        with contextlib.suppress(ValueError):
            retry_after = float(response.headers.get("Retry-After", ""))
        body = await response.read()
        now = asyncio.get_running_loop().time()
        self._protocol.refused(response.status, body, retry_after, now)

    def _broken(self, cause: Failure, detail: str) -> None:
        self._protocol.broken(cause, detail, asyncio.get_running_loop().time())

    def _server_time(self, response: aiohttp.ClientResponse) -> float:
        """The API server's clock, whole seconds; ours where it says nothing."""
        try:
            return parsedate_to_datetime(response.headers.get("Date", "")).timestamp()
        except ValueError:
            return self._wall()


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
