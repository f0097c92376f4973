"""Clients that leave, reset or do not read, on real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Callable

import pytest

from exporter.web.scrapers import SCRAPE_HEADER
from tests.unit.web.site import THING, Site, serving


def _noise(seed: int) -> bytes:
    """A hundred bytes that do not compress much."""
    value = seed * 0x9E3779B97F4A7C15 & (2**64 - 1)
    return b"".join(
        b"%016x" % ((value := value * 0xD1342543DE82EF95 + 1 & (2**64 - 1)),) for _ in range(6)
    )


# More than both ends' socket buffers hold, and gzip cannot make it small.
NOISE = b"".join(b"# %s\n" % _noise(i) for i in range(150_000))


@contextlib.asynccontextmanager
async def asking(
    site: Site, *, patience: str = "10", encoding: str = "identity"
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A scraper that has sent its request, and reads only what a test reads."""
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port, limit=1024)
    writer.write(
        f"GET /metrics HTTP/1.1\r\nHost: x\r\nUser-Agent: Prometheus/3.5.0\r\n"
        f"Accept-Encoding: {encoding}\r\n{SCRAPE_HEADER}: {patience}\r\n\r\n".encode()
    )
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


def reset(writer: asyncio.StreamWriter) -> None:
    """End the connection without having read."""
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


async def until(condition: Callable[[], bool]) -> None:
    """Return once it holds."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - it is the server's work that is waited for
            await asyncio.sleep(0)


@pytest.mark.parametrize("abrupt", [True, False], ids=["reset", "closed"])
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
async def test_client_that_leaves_in_the_middle_has_seen_nothing(
    abrupt: bool, encoding: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A scraper that is gone before its page was out is shown the birth again, and no error is
    logged: clients come and go.
    """
    async with serving(foreign=lambda _format: NOISE) as site:
        site.things.at(("a",)).inc(1)
        async with asking(site, encoding=encoding) as (reader, writer):
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")
            if abrupt:
                reset(writer)
            writer.close()
            # It waits for the request under way, so what that does to the births has been done.
            await site.server.stop()
        assert len(site.house.scrapers) == 0
        assert caplog.records == []
        assert site.house.scrape("127.0.0.1 Prometheus") == {THING: 0}


async def test_page_that_stayed_in_the_kernel_was_not_seen(site: Site) -> None:
    """A scraper that gives up without having read is shown the birth at 0 on its next
    connection, though the whole page was written, and the value after that.
    """
    site.things.at(("a",)).inc(3)
    async with asking(site) as (_, writer):
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await until(lambda: site.page.sent == 1)
        reset(writer)
    assert await site.scrape() == {THING: 0}
    assert await site.scrape() == {THING: 3}


async def test_pages_that_stayed_in_the_kernel_lose_nothing(site: Site) -> None:
    """A scraper that keeps its connections can fail to read several pages in a row."""
    await site.scrape()
    await site.scrape()
    site.things.at(("a",)).inc(3)
    for sent in (3, 4, 5):
        async with asking(site) as (_, writer):
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            await until(lambda sent=sent: site.page.sent == sent)  # type: ignore[misc]
            reset(writer)
    assert await site.scrape() == {THING: 0}
    assert await site.scrape() == {THING: 3}


async def test_client_that_does_not_read_is_cut_off(caplog: pytest.LogCaptureFixture) -> None:
    """After the scraper's own timeout the page is given up, and nobody has seen it."""
    async with serving(foreign=lambda _format: NOISE) as site:
        site.things.at(("a",)).inc(1)
        async with asking(site, patience="0.1") as (reader, _):
            await until(lambda: site.server.requests == 1)
            await until(lambda: site.server.requests == 0)
            page = b""
            with contextlib.suppress(ConnectionError):
                while piece := await reader.read(1 << 20):
                    page += piece
            assert THING.encode() in page
            assert len(page) < len(NOISE)
        assert len(site.house.scrapers) == 0
        assert caplog.records == []


async def test_requests_at_once_are_bounded() -> None:
    """Past the limit a request is told to come later, and is answered once there is room."""
    async with serving(foreign=lambda _format: NOISE, max_requests=2) as site:
        async with asking(site), asking(site):
            await until(lambda: site.server.requests == 2)
            response, text = await site.get("/metrics")
            assert (response.status, text) == (503, "too many requests at once\n")
            assert (await site.get("/livez"))[0].status == 200
        await until(lambda: site.server.requests == 0)
        assert (await site.get("/metrics"))[0].status == 200
