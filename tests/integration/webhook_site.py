"""The audit webhook on loopback, who receives its batches, and who sends them."""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp

from exporter.config import Config
from exporter.web.terms import followed_terms
from exporter.web.terms.usage import webhook_usage
from exporter.web.webhook import AuditWebhook, Limits, Receipt

BATCH = b'{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[]}'
LIMIT = 1 << 20
PATIENCE = 20.0


async def until(condition: Callable[[], bool]) -> None:
    """Return once it holds."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - it is the server's work that is waited for
            await asyncio.sleep(0)


class Sink:
    """Receives batches, as a test has it."""

    def __init__(self) -> None:
        self.batches: list[tuple[int, str]] = []
        """Length and region of those that were begun."""
        self.types: set[type] = set()
        self.saved = 0
        self.receipt = Receipt.SAVED
        self.failure: Exception | None = None
        self.disk = asyncio.Event()
        """While it is not set, nothing gets onto it."""
        self.disk.set()

    async def __call__(self, body: bytes, region: str) -> Receipt:
        self.batches.append((len(body), region))
        self.types.add(type(body))
        if self.failure:
            raise self.failure
        await self.disk.wait()
        self.saved += 1
        return self.receipt


class Site:
    """A running webhook."""

    def __init__(self, **options: Any) -> None:
        self.sink = Sink()
        self.notes: list[tuple[str, str, dict[str, object]]] = []
        """What it has said since it listens."""
        self.warned: list[str] = []
        """What it said at its start."""
        options = {"max_body_bytes": LIMIT, **options}
        if tls := options.pop("tls", None):
            options["terms"] = tls.followed(self._note)
        if file := options.pop("file", None):
            options["terms"] = followed_terms(file, self._note, webhook_usage(Config()))
        self.webhook = AuditWebhook(self.sink, note=self._note, **options)
        self.port = 0
        self.client = aiohttp.ClientSession()

    def _note(self, level: str, message: str, fields: dict[str, object]) -> None:
        self.notes.append((level, message, fields))

    @property
    def room_taken(self) -> int:
        """Bytes of bodies that are held."""
        return self.webhook._receiving._room.taken

    async def post(
        self, path: str = "/audit", body: Any = BATCH, *, method: str = "POST", **options: Any
    ) -> tuple[int, str, dict[str, str]]:
        """Status, text and headers of the answer."""
        url = f"http://127.0.0.1:{self.port}{path}"
        if options.get("ssl") is not None:
            url = url.replace("http:", "https:")
        if isinstance(body, bytes):
            body = io.BytesIO(body)
        async with self.client.request(method, url, data=body, **options) as response:
            return response.status, await response.text(), dict(response.headers)

    @contextlib.asynccontextmanager
    async def raw(
        self, data: bytes = b""
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """A connection on which so much was sent."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(data)
            yield reader, writer
        finally:
            writer.transport.abort()

    async def answer(self, data: bytes) -> bytes:
        """All that comes back for what is sent, to the end of the connection."""
        async with self.raw(data) as (reader, _), asyncio.timeout(PATIENCE):
            return await reader.read()


@contextlib.asynccontextmanager
async def serving(limits: Limits | None = None, **options: Any) -> AsyncIterator[Site]:
    """A site on any free port."""
    site = Site(limits=limits, **options)
    _, site.port = await site.webhook.start("127.0.0.1", 0)
    site.warned = [message for _, message, _ in site.notes]
    site.notes.clear()
    try:
        yield site
    finally:
        site.sink.disk.set()
        await site.client.close()
        await site.webhook.stop()


def head(path: str = "/audit", *headers: str, method: str = "POST") -> bytes:
    """Of a request."""
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: x", *headers, "", ""]).encode()


async def alive(site: Site) -> None:
    """A real batch is received, and nothing is held of those before it."""
    before = site.webhook.batches
    assert (await site.post())[0] == 200
    assert site.webhook.batches == before + 1
    assert site.room_taken == 0
