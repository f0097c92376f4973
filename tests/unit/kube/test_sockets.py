"""What the kernel is told of a watch's connection, on both event loops."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest

from exporter.kube.sockets import gather, keep_alive, socket_of

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"


class Peer:
    """Answers one request with a stream that a test writes."""

    def __init__(self) -> None:
        self._writer: asyncio.Future[asyncio.StreamWriter]
        self._writer = asyncio.get_running_loop().create_future()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(_HEAD)
        self._writer.set_result(writer)

    async def write(self, data: bytes) -> None:
        writer = await self._writer
        writer.write(data)
        await writer.drain()

    async def close(self) -> None:
        (await self._writer).close()


@contextlib.asynccontextmanager
async def watched() -> AsyncIterator[tuple[Peer, aiohttp.ClientResponse, socket.socket]]:
    """A peer, the answer it streams, and the socket that comes over."""
    peer = Peer()
    server = await asyncio.start_server(peer.accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with (
        server,
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/") as response,
    ):
        sock = socket_of(response)
        assert sock is not None
        yield peer, response, sock
        await peer.close()


async def keepalive_options() -> dict[str, int]:
    async with watched() as (_, _, sock):
        keep_alive(sock)
        names = ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT")
        options = {n: sock.getsockopt(socket.IPPROTO_TCP, getattr(socket, n)) for n in names}
        options["SO_KEEPALIVE"] = sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    return options


def low_water(sock: socket.socket) -> int:
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT)


async def small_reads_come_together() -> None:
    async with watched() as (peer, response, sock):
        gather(sock)
        assert low_water(sock) > 1
        for line in (b"one\n", b"two\n", b"three\n"):
            await peer.write(line)
        assert await response.content.readany() == b"one\ntwo\nthree\n"
        assert low_water(sock) == 1


async def a_backlog_does_not_wait() -> None:
    async with watched() as (peer, response, sock):
        gather(sock)
        await peer.write(b"x" * 1_000_000)
        assert await response.content.readany()
        assert low_water(sock) > 1


async def an_end_does_not_wait() -> None:
    async with watched() as (peer, response, sock):
        gather(sock)
        await peer.close()
        assert await response.content.readany() == b""


async def a_closed_socket_is_left_alone() -> None:
    problems: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, what: problems.append(what))
    async with watched() as (_, response, sock):
        gather(sock)
        released = asyncio.Event()
        asyncio.get_running_loop().call_later(0.1, released.set)  # after the socket's own
        response.close()
        assert socket_of(response) is None
        gather(sock)
    await released.wait()
    assert problems == []


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Callable[[Awaitable[object]], object]:
    """Runs a coroutine on one of the event loops."""
    factory = None
    if request.param == "uvloop":
        factory = pytest.importorskip("uvloop").new_event_loop

    def on_loop(work: Awaitable[object]) -> object:
        async def whole() -> object:
            return await work

        with asyncio.Runner(loop_factory=factory) as runner:
            return runner.run(whole())

    return on_loop


Run = Callable[[Awaitable[object]], object]


def test_a_half_open_connection_is_probed(run: Run) -> None:
    """A peer that is gone without a word is noticed in a minute."""
    assert run(keepalive_options()) == {
        "SO_KEEPALIVE": 1,
        "TCP_KEEPIDLE": 30,
        "TCP_KEEPINTVL": 10,
        "TCP_KEEPCNT": 3,
    }


def test_what_trickles_in_is_gathered(run: Run) -> None:
    """Small writes one after the other are one read, once the time is over."""
    run(small_reads_come_together())


def test_a_backlog_does_not_wait(run: Run) -> None:
    """Much data is read at once, before the time is over."""
    run(a_backlog_does_not_wait())


def test_an_end_does_not_wait(run: Run) -> None:
    """The end of a stream is seen."""
    run(an_end_does_not_wait())


def test_a_closed_socket_is_left_alone(run: Run) -> None:
    """A connection that went away while it gathered is no error."""
    run(a_closed_socket_is_left_alone())
