"""What a run takes for seen has been seen."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from exporter.demo import ApiServer, EventStore
from tests.chaos.sight import Sight

EVENTS = "/api/v1/events"


class Reader:
    """A client of the server that watches, and a scraper of what it has seen."""

    def __init__(self, server: ApiServer, http: aiohttp.ClientSession) -> None:
        self.pages = 0
        self.sight = Sight(server, lambda: self.pages, watches=1)
        self._server = server
        self._http = http
        self._open: aiohttp.ClientResponse | None = None

    async def watch(self, version: int | str) -> None:
        """Watch from a version; a watch that is open ends first."""
        await self.leave()
        query = {"watch": "1", "resourceVersion": str(version)}
        self._open = await self._http.get(EVENTS, params=query)
        await self._server.wait_for_watches()

    async def leave(self) -> None:
        """Stop watching."""
        if self._open is not None:
            self._open.close()
            self._open = None
            await self._server.wait_for_watches(0)

    def scraped(self, pages: int) -> None:
        """So many pages more."""
        self.pages += pages


@pytest.fixture
async def server() -> AsyncIterator[ApiServer]:
    """A server with one event."""
    store = EventStore()
    store.create({"metadata": {"name": "a", "namespace": "shop"}}, 1.0)
    async with ApiServer(store) as running:
        yield running


@pytest.fixture
async def reader(server: ApiServer) -> AsyncIterator[Reader]:
    """One that watches."""
    async with aiohttp.ClientSession(base_url=server.url) as http:
        reader = Reader(server, http)
        await reader.watch(1)
        yield reader
        await reader.leave()


async def test_what_was_sent_is_seen_some_pages_later(reader: Reader) -> None:
    """Three pages are not enough: a series can be at 0 on two of them."""
    reader.sight.look(10.0)
    reader.scraped(3)
    reader.sight.look(12.0)
    assert reader.sight.until == 0.0
    reader.scraped(1)
    reader.sight.look(13.0)
    assert reader.sight.until == 10.0


async def test_who_resumes_has_come_so_far(server: ApiServer, reader: Reader) -> None:
    """A watch from the version of the mark, or a later one, proves that all before it came."""
    reader.sight.look(10.0)
    await reader.watch(server.store.revision)
    reader.scraped(4)
    reader.sight.look(13.0)
    assert reader.sight.until == 10.0


@pytest.mark.parametrize("version", ["1", "0"])
async def test_who_begins_earlier_may_have_lost_it(reader: Reader, version: str) -> None:
    """So may who reads everything anew; the mark is made again."""
    reader.sight.look(10.0)
    await reader.watch(version)
    reader.scraped(4)
    reader.sight.look(13.0)
    assert reader.sight.until == 0.0
    reader.scraped(4)
    reader.sight.look(16.0)
    assert reader.sight.until == 13.0


async def test_nobody_sees_while_nobody_watches(server: ApiServer, reader: Reader) -> None:
    """Pages go on without the API server."""
    reader.sight.look(10.0)
    await reader.leave()
    reader.scraped(9)
    reader.sight.look(19.0)
    assert reader.sight.until == 0.0


async def test_a_death_takes_it_back(reader: Reader) -> None:
    """What the dead exporter was sent counts from nothing again."""
    reader.sight.look(10.0)
    reader.sight.lose()
    reader.scraped(4)
    reader.sight.look(13.0)
    assert reader.sight.until == 0.0
