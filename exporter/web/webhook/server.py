# SPDX-License-Identifier: Apache-2.0
"""The HTTP server that API servers post their audit events to.

An API server tries five times, for some 80 s with its defaults, then the batch is lost: so what
can be taken is taken, and 200 means that it is safe.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, NoReturn

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import RawRequestMessage
from aiohttp.streams import StreamReader

from exporter.notes import Note
from exporter.web.leaving import end_connections
from exporter.web.listening import Followed, Listener
from exporter.web.listening.files import LOOK_SECONDS
from exporter.web.terms import Current, Terms
from exporter.web.terms.passwords import BusyError, Passwords
from exporter.web.webhook.bodies import check_announced
from exporter.web.webhook.paths import Regions, region_of
from exporter.web.webhook.receiving import Limits, Receipt, Receive, Receiving
from exporter.web.webhook.refusals import (
    FAILED,
    NO_PASSWORD,
    NO_SUCH_METHOD,
    NO_SUCH_PATH,
    NOT_EVENT_LIST,
    NOT_SAVED,
    OVERLOADED,
    UNAUTHORIZED,
    Refusal,
    Refusals,
    RefusedError,
)
from exporter.web.webhook.tokens import followed_tokens

logger = logging.getLogger("exporter")

# aiohttp would log what garbage strangers send, and with it what may be a token.
_SILENT = logging.Logger("aiohttp.server", logging.CRITICAL + 1)  # noqa: LOG001 - none hears it
# Go keeps an idle connection for 90 s: it, not we, should be the one to close.
_KEEP_ALIVE_SECONDS = 120.0
# So long the rest of a refused body is read, unseen, for its sender to get the answer.
_LINGER_SECONDS = 5.0
_MAX_HEADERS = 64
_READ_BUFFER_BYTES = 64 * 1024
# aiohttp waits so long for handlers, and as long again for them to be cancelled.
_SHUTDOWN_SECONDS = 0.3


class AuditWebhook:
    """Has batches received by ``receive`` and answers with what it returns.

    ``receive`` is never cancelled, whoever goes away. What ``terms`` ask of clients, and a token of
    ``token_file``, both are required.
    """

    def __init__(
        self,
        receive: Receive,
        *,
        max_body_bytes: int,
        note: Note,
        terms: Followed[Terms] | None = None,
        token_file: Path | None = None,
        limits: Limits | None = None,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        limits = limits or Limits()
        self._max_body_bytes = max_body_bytes
        self._note = note
        self._look_seconds = look_seconds
        self._receiving = Receiving(receive, max_body_bytes, limits)
        self._regions = Regions()
        self._refusals = Refusals(note)
        self._terms = Current(terms, look_seconds=look_seconds) if terms else None
        self._passwords = Passwords()
        # Connections with a request under way.
        self._busy: set[web.RequestHandler] = set()
        self._tokens = followed_tokens(token_file, note) if token_file else None
        self._listener = Listener(
            self._protocol,
            context=self._terms.context if self._terms else lambda: None,
            peers=self._terms.refusal if self._terms else lambda _: "",
            note=note,
            bounds=limits.bounds,
        )
        self._server: web.Server | None = None
        self._following: list[asyncio.Task[None]] = []

    @property
    def batches(self) -> int:
        """Saved."""
        return self._receiving.batches

    @property
    def bytes(self) -> int:
        """Of batches that were saved."""
        return self._receiving.bytes

    @property
    def refused(self) -> dict[Refusal, int]:
        """Batches that were not taken, by cause."""
        return self._refusals.counts

    @property
    def connections(self) -> int:
        """Open now."""
        return len(self._listener)

    @property
    def connections_refused(self) -> int:
        """Closed because there was no room for them, or for others."""
        return self._listener.refused

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Listen; port 0 takes any free one. Returns what is listened on.

        Raises ``OSError``, and ``FileError`` for files that cannot be used.
        """
        if self._terms:
            await self._terms.load()
        if self._tokens:
            await self._tokens.load()
        self._warn()
        self._server = web.Server(
            self._handle,
            request_factory=_request,
            access_log=None,
            logger=_SILENT,
            keepalive_timeout=_KEEP_ALIVE_SECONDS,
            lingering_time=_LINGER_SECONDS,
            max_headers=_MAX_HEADERS,
            read_bufsize=_READ_BUFFER_BYTES,
            auto_decompress=False,
        )
        bound = await self._listener.start(host, port)
        server = self._server
        followed: list[Coroutine[Any, Any, NoReturn]] = []
        if self._terms:
            followed.append(
                self._terms.follow(
                    changed=self._warn, ended=lambda: end_connections(server, self._busy)
                )
            )
        if self._tokens:
            followed.append(self._tokens.follow(self._look_seconds))
        self._following = [
            asyncio.create_task(each, name="files of the webhook") for each in followed
        ]
        return bound

    async def stop(self) -> None:
        """Have saved what was counted, answer it, and close: for 0.6 s more than ``saving_seconds``
        at the most.
        """
        for task in self._following:
            task.cancel()
        self._listener.deafen()
        if self._server:
            self._server.pre_shutdown()  # idle ones close; what is being received has its answer
            await self._receiving.done()
            await self._server.shutdown(_SHUTDOWN_SECONDS)
        await self._listener.close()

    def _warn(self) -> None:
        """Of what `check` warns of too; a change of the file can bring it about."""
        terms = self._terms.terms if self._terms else Terms(None)
        if not (terms.certificate_required or self._tokens or terms.users):
            self._note("warning", "the audit webhook takes batches of whoever has its address", {})
        if (self._tokens or terms.users) and not terms.context:
            self._note("warning", "the audit webhook's credentials come in the clear: no TLS", {})

    def _protocol(self) -> asyncio.Protocol:
        if self._server is None:
            raise RuntimeError("a connection before start()")
        return self._server()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self._busy.add(request.protocol)
        try:
            response = await self._answer(request)
        finally:
            self._busy.discard(request.protocol)
        if self._terms and self._terms.outdated(request):
            response.force_close()  # its next connection has today's certificate
        return response

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await self._batch(request)
        except RefusedError as refused:
            return self._refusals.response(request, refused.answer)
        except ConnectionError:  # the client has gone: nobody reads this
            return web.Response(status=400)
        except Exception:
            logger.exception("the audit webhook failed")
            return web.Response(status=500)

    async def _batch(self, request: web.BaseRequest) -> web.Response:
        region = await self._admitted(request)
        check_announced(request, self._max_body_bytes)
        if request.headers.get("Expect", "").lower() == "100-continue" and request.transport:
            request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        match await self._receiving.receipt(request, region):
            case Receipt.SAVED:
                return web.Response()
            case Receipt.NOT_EVENT_LIST:
                raise RefusedError(NOT_EVENT_LIST)
            case Receipt.NOT_SAVED:
                raise RefusedError(NOT_SAVED)
            case None:
                raise RefusedError(FAILED)

    async def _admitted(self, request: web.BaseRequest) -> str:
        """The region, of a client that may send and does; raises ``RefusedError``."""
        await self._check_credentials(request)
        # The request line's own text: nothing in it has been unescaped.
        region = region_of(request.raw_path)
        if region is None:
            raise RefusedError(NO_SUCH_PATH)
        if request.method != "POST":
            raise RefusedError(NO_SUCH_METHOD)
        self._listener.admit(request.protocol)
        return self._regions.name(region)

    async def _check_credentials(self, request: web.BaseRequest) -> None:
        given = request.headers.getall("Authorization", [])
        if self._tokens and not (len(given) == 1 and self._tokens.value.allow(given[0])):
            raise RefusedError(UNAUTHORIZED)
        users = self._terms.terms.users if self._terms else None
        if not users:
            return
        try:
            known = len(given) == 1 and await self._passwords.fit(
                users, given[0], request.remote or ""
            )
        except BusyError:
            raise RefusedError(OVERLOADED) from None
        if not known:
            raise RefusedError(NO_PASSWORD)


class _Request(web.BaseRequest):
    async def _prepare_hook(self, response: web.StreamResponse) -> None:
        # Also of the answers that aiohttp makes itself, to what is no HTTP.
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers.popall("Server", None)  # which versions run is nobody's business


def _request(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: web.RequestHandler,
    writer: AbstractStreamWriter,
    task: asyncio.Task[None],
) -> web.BaseRequest:
    return _Request(message, payload, protocol, writer, task, asyncio.get_running_loop())
