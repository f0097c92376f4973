# SPDX-License-Identifier: Apache-2.0
"""The HTTP server: ``/metrics``, ``/livez``, ``/readyz`` and the landing page."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Self

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from exporter.metrics.page import Page
from exporter.notes import Note
from exporter.web.deflate import compressed
from exporter.web.failures import logger
from exporter.web.landing import Facts, landing_page
from exporter.web.leaving import end_connections
from exporter.web.listening import Bounds, Listener
from exporter.web.negotiation import format_for, gzip_accepted
from exporter.web.reviews.guard import Guard
from exporter.web.scrapers import Recognize
from exporter.web.terms import Gate

_LARGE_BYTES = 256 * 1024
# Each holds a page: past that somebody asks faster than anybody reads.
MAX_REQUESTS = 40
_WRITE_SECONDS = 60.0
# aiohttp waits so long for handlers, and as long again for them to be cancelled. Who is told to end
# has two seconds for all it has to do.
_SHUTDOWN_SECONDS = 0.3
# Of health checks: whoever probes us knows no password.
OPEN_PATHS = ("/livez", "/readyz")
# When the request came whose task asks, monotonic seconds.
_arrived: ContextVar[float] = ContextVar("arrived")


@dataclass(frozen=True, slots=True)
class Health:
    """Whether we can be asked for metrics, and if not, why not."""

    ready: bool
    reason: str

    @classmethod
    def unready(cls, state: str, failure: str = "") -> Self:
        """Not ready because of a state, and the last failure that led to it."""
        return cls(ready=False, reason=f"{state} ({failure})" if failure else state)


class WebServer:
    """Serves one page. ``health`` and ``facts`` are asked at each request, ``recognize`` who asks.

    At most ``max_requests`` for metrics are answered at once. ``gate`` holds clients to its terms,
    ``guard`` then asks for their tokens.
    """

    def __init__(
        self,
        page: Page,
        *,
        telemetry_path: str,
        health: Callable[[], Health],
        facts: Callable[[], Facts],
        recognize: Recognize,
        note: Note = lambda _level, _message, _fields: None,
        gate: Gate | None = None,
        guard: Guard | None = None,
        max_requests: int = MAX_REQUESTS,
    ) -> None:
        self.requests = 0
        """For metrics, under way."""
        self._max_requests = max_requests
        self._page = page
        self._recognize = recognize
        self._telemetry_path = telemetry_path
        self._health = health
        self._facts = facts
        self._gate = gate
        self._token_guard = guard
        self._note = note
        self._listener = Listener(
            self._protocol,
            context=gate.context if gate else lambda: None,
            peers=gate.refusal if gate else lambda _: "",
            note=note,
            bounds=Bounds(unread=_WRITE_SECONDS),
        )
        self._runner: web.AppRunner | None = None
        self._following: asyncio.Task[None] | None = None
        # Connections with a request under way, where there is a gate.
        self._busy: set[web.RequestHandler] = set()

    @property
    def encrypted(self) -> bool:
        """Whether what is listened on speaks TLS, once it does."""
        return self._gate is not None and self._gate.context() is not None

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Listen; port 0 takes any free one. Returns what is listened on.

        Raises ``OSError``, and ``FileError`` for terms that cannot be used.
        """
        if self._gate:
            await self._gate.load()
        self._warn_of_tokens()
        app = web.Application(middlewares=self._middlewares())
        app.on_response_prepare.append(self._common_headers)
        app.router.add_get(self._telemetry_path, self._metrics)
        app.router.add_get("/livez", _live)
        app.router.add_get("/readyz", self._ready)
        if self._telemetry_path != "/":
            app.router.add_get("/", self._landing)
        self._runner = web.AppRunner(
            app,
            access_log=None,
            logger=logger,
            handle_signals=False,
            shutdown_timeout=_SHUTDOWN_SECONDS,
        )
        await self._runner.setup()
        bound = await self._listener.start(host, port)
        if self._gate:
            following = self._gate.follow(changed=self._warn_of_tokens, ended=self._end_connections)
            self._following = asyncio.create_task(following, name="files of the web server")
        return bound

    async def stop(self) -> None:
        """Finish the requests under way, for twice ``_SHUTDOWN_SECONDS`` at the most, and close."""
        if self._following:
            self._following.cancel()
        self._listener.deafen()
        if self._runner is not None:
            await self._runner.cleanup()
        await self._listener.close()

    def _protocol(self) -> asyncio.Protocol:
        protocol: asyncio.Protocol = self._server()()
        return protocol

    def _server(self) -> web.Server:
        if self._runner is None or self._runner.server is None:
            raise RuntimeError("a connection before start()")
        return self._runner.server

    def _warn_of_tokens(self) -> None:
        if self._token_guard and not self.encrypted:
            self._note("warning", "bearer tokens come in the clear: no TLS", {})

    def _end_connections(self) -> None:
        end_connections(self._server(), self._busy)

    def _middlewares(self) -> list[Middleware]:
        """What a request goes through, from the outside."""
        found: list[Middleware] = [_arriving]
        if self._gate:
            found.append(self._held(self._gate))
        if self._token_guard:
            found.append(_guarded(self._token_guard))
        return found

    def _held(self, gate: Gate) -> Middleware:
        @web.middleware
        async def held(request: web.Request, handler: Handler) -> web.StreamResponse:
            self._busy.add(request.protocol)
            try:
                return await gate.pass_(request, handler)
            finally:
                self._busy.discard(request.protocol)

        return held

    async def _common_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers.popall("Server", None)  # which versions run is nobody's business
        if self._gate:
            response.headers.update(self._gate.terms.headers)
            if self._gate.outdated(request):
                # Its next connection has today's certificate.
                response.force_close()
                response.headers["Connection"] = "close"

    async def _metrics(self, request: web.Request) -> web.StreamResponse:
        self._listener.admit(request.protocol)
        if self.requests >= self._max_requests:
            return web.Response(text="too many requests at once\n", status=503)
        self.requests += 1
        try:
            return await self._answer(request)
        finally:
            self.requests -= 1

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        began = _arrived.get()
        format_ = format_for(request.headers.get("Accept", ""))
        zipped = gzip_accepted(request.headers.get("Accept-Encoding", ""))
        scraper = self._recognize(request)
        for _ in self._page.prepare(format_):
            await asyncio.sleep(0)  # events, probes and other scrapers have their turn
        parts, showing = self._page.render(format_, scraper.name, scraper.connection)
        blocks = await _blocks(parts)
        headers = {"Content-Type": format_.value, "Vary": "Accept, Accept-Encoding"}
        if zipped:
            headers["Content-Encoding"] = "gzip"
            blocks = await _gzip(blocks)
        response = web.StreamResponse(headers=headers)
        response.content_length = sum(map(len, blocks))
        patience = min(scraper.timeout, _WRITE_SECONDS) if scraper.timeout > 0 else _WRITE_SECONDS
        sent = await _send(request, response, blocks, patience)
        # A scraper that had given up by then has seen nothing, births included.
        if sent and scraper.name and time.monotonic() - began < scraper.timeout:
            self._page.shown(showing)
        return response

    async def _ready(self, _request: web.Request) -> web.Response:
        health = self._health()
        return web.Response(text=health.reason + "\n", status=200 if health.ready else 503)

    async def _landing(self, _request: web.Request) -> web.Response:
        html = landing_page(self._facts(), self._health().reason, self._telemetry_path)
        return web.Response(text=html, content_type="text/html")


@web.middleware
async def _arriving(request: web.Request, handler: Handler) -> web.StreamResponse:
    # Who waits for its password or its token to be looked at waits for its page.
    _arrived.set(time.monotonic())
    return await handler(request)


def _guarded(guard: Guard) -> Middleware:
    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await guard.pass_(request, handler)

    return guarded


async def _live(_request: web.Request) -> web.Response:
    # That this runs at all is the answer: the API server's health is no reason to restart us.
    return web.Response(text="ok\n")


async def _send(
    request: web.Request, response: web.StreamResponse, blocks: Iterable[bytes], seconds: float
) -> bool:
    """Whether all was written in time; a client that does not read is cut off."""
    try:
        async with asyncio.timeout(seconds):
            if request.transport is not None:
                # What waits in our own memory would die with us: only the kernel sends it then.
                request.transport.set_write_buffer_limits(0)
            await response.prepare(request)
            if request.method != "HEAD":
                for block in blocks:
                    await response.write(block)
            await response.write_eof()
    except ConnectionError:  # the client has gone, as clients do
        return False
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()
        return False
    return True


async def _blocks(parts: Iterable[bytes]) -> list[bytes]:
    """The page in few pieces: large ones as they are, for each copy of them costs, small ones
    together. Events have their turn after each piece: to make its parts took milliseconds.
    """
    blocks: list[bytes] = []
    small: list[bytes] = []
    gathered = 0
    for part in parts:
        if len(part) < _LARGE_BYTES:
            small.append(part)
            gathered += len(part)
            if gathered < _LARGE_BYTES:
                continue
            blocks.append(b"".join(small))
        else:
            blocks += (b"".join(small), part)
        small.clear()
        gathered = 0
        await asyncio.sleep(0)
    return [*blocks, b"".join(small)]


async def _gzip(blocks: list[bytes]) -> list[bytes]:
    if sum(map(len, blocks)) < _LARGE_BYTES:
        return compressed(blocks)
    return await asyncio.to_thread(compressed, blocks)
