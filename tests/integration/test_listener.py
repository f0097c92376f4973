"""The listener: what it listens on, and whom it lets in where not all can be."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import resource
import socket

import aiohttp
import pytest

from exporter.web.listening import Bounds
from exporter.web.webhook import Limits
from tests.integration.webhook_site import BATCH, PATIENCE, Site, alive, head, serving, until

REQUEST = head("/audit", f"Content-Length: {len(BATCH)}") + BATCH


async def received(host: str, port: int) -> bool:
    """Whether a batch that is sent there is."""
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(REQUEST)
    line = await reader.readline()
    writer.transport.abort()
    return line.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("host", ["", "localhost", "127.0.0.1"])
async def test_every_address_of_a_name_is_listened_on_at_one_port(host: str) -> None:
    """No name is every address, IPv6 where the machine has it."""
    site = Site()
    _, port = await site.webhook.start(host, 0)
    addresses = {each[4][0] for each in socket.getaddrinfo(host or "localhost", port)}
    for address in addresses:
        if (":" in str(address)) <= _has_ipv6():
            assert await received(str(address), port)
    await site.client.close()
    await site.webhook.stop()


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


async def test_a_port_that_is_taken_is_an_error_and_nothing_is_left_behind() -> None:
    async with serving() as taken:
        site = Site()
        with pytest.raises(OSError, match=os.strerror(errno.EADDRINUSE)):
            await site.webhook.start("127.0.0.1", taken.port)
        await site.client.close()
        await site.webhook.stop()


async def test_without_file_descriptors_connections_wait_until_there_are_some() -> None:
    """And the loop does not spin meanwhile, nor does the listening end."""
    async with serving() as site:
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        free = os.dup(0)
        os.close(free)
        try:
            # One, and the client takes it.
            resource.setrlimit(resource.RLIMIT_NOFILE, (free + 1, limits[1]))
            client = socket.create_connection(("127.0.0.1", site.port))
            client.sendall(REQUEST)
            await until(lambda: len(site.notes) == 1)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        assert site.notes[0][1] == "no connection can be accepted"
        client.setblocking(False)
        async with asyncio.timeout(PATIENCE):
            answer = await asyncio.get_running_loop().sock_recv(client, 1000)
        client.close()
        assert answer.startswith(b"HTTP/1.1 200")
        assert len(site.notes) == 1


async def test_idle_connections_make_room_for_those_who_send() -> None:
    """The oldest one goes first, whose client has sent no request in all the time. Those who
    have, stay.
    """
    async with serving(Limits(bounds=Bounds(connections=5, patience=0.05))) as site:
        await alive(site)
        async with contextlib.AsyncExitStack() as open_:
            idle = [await open_.enter_async_context(site.raw(b"POST /aud")) for _ in range(4)]
            await until(lambda: site.webhook.connections == 5)
            loop = asyncio.get_running_loop()
            since = loop.time()
            await until(lambda: loop.time() > since + 0.06)
            async with site.raw(head("/audit", f"Content-Length: {len(BATCH)}") + BATCH) as (
                reader,
                _,
            ):
                assert (await reader.readline()).startswith(b"HTTP/1.1 200")
            with contextlib.suppress(ConnectionError):
                assert await idle[0][0].read() == b""
            assert site.webhook.connections_refused == 1
            await alive(site)
        # On the connection that it had from the beginning.
        assert site.webhook.connections_refused == 1


async def test_without_room_new_connections_are_closed_at_once() -> None:
    """Nobody's place is taken who has only just come."""
    async with serving(Limits(bounds=Bounds(connections=2))) as site:
        async with site.raw(), site.raw():
            await until(lambda: site.webhook.connections == 2)
            with contextlib.suppress(ConnectionError):
                assert await site.answer(b"") == b""
            assert site.webhook.connections_refused == 1
            assert [message for _, message, _ in site.notes] == [
                "too many connections: one was refused"
            ]
        await until(lambda: site.webhook.connections == 0)
        await alive(site)


async def test_one_address_does_not_take_the_place_of_another() -> None:
    """However many connections it opens anew, and though none of them has been here for long."""
    async with serving(Limits(bounds=Bounds(connections=5))) as site:
        async with contextlib.AsyncExitStack() as open_:
            for _ in range(20):
                await open_.enter_async_context(site.raw(b"POST /aud"))
            await until(lambda: site.webhook.connections_refused == 15)
            elsewhere = aiohttp.TCPConnector(local_addr=("127.0.0.2", 0))
            async with aiohttp.ClientSession(connector=elsewhere) as client:
                url = f"http://127.0.0.1:{site.port}/audit"
                async with client.post(url, data=BATCH) as response:
                    assert response.status == 200
            assert site.webhook.connections_refused == 16
        await until(lambda: site.webhook.connections == 0)
        assert not site.webhook._listener._crowds
