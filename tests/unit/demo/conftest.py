"""Fixtures of the demo's tests: a store, a server on loopback, a client."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from exporter.demo import ApiServer, EventStore
from tests.unit.demo.wire import NOW, event


@pytest.fixture
def store() -> EventStore:
    """An empty store whose events live for an hour."""
    return EventStore(ttl=3600.0)


@pytest.fixture
def five(store: EventStore) -> EventStore:
    """The store with five events, a to e, in versions 2 to 6."""
    for name in "abcde":
        store.create(event(name), NOW)
    return store


@pytest.fixture
async def server(store: EventStore) -> AsyncIterator[ApiServer]:
    """A server over the store."""
    async with ApiServer(store) as running:
        yield running


@pytest.fixture
async def http(server: ApiServer) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of the server."""
    timeout = aiohttp.ClientTimeout(total=5)
    async with aiohttp.ClientSession(base_url=server.url, timeout=timeout) as session:
        yield session
