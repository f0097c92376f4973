"""TLS on a socket of the test's own: pieces of any size, pauses, and ends of all kinds."""

from __future__ import annotations

import asyncio
import ssl

import pytest
import trustme

from exporter.web.listening.encrypted import Encrypted, PeerRefusedError

AUTHORITY = trustme.CA()


class Inner(asyncio.Protocol):
    """What speaks within."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.seen = b""
        self.told: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.seen += data
        if data.endswith(b"wait"):
            assert self.transport is not None
            self.transport.pause_reading()

    def eof_received(self) -> None:
        self.told.append("eof")

    def connection_lost(self, exc: Exception | None) -> None:
        self.told.append("lost")


class Socket(asyncio.Transport):
    """The transport below; what is written to it is the client's to read."""

    def __init__(self, client: ssl.MemoryBIO) -> None:
        super().__init__()
        self.ended = ""
        self._client = client

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._client.write(data)

    def is_closing(self) -> bool:
        return bool(self.ended)

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def close(self) -> None:
        self.ended = "closed"

    def abort(self) -> None:
        self.ended = "aborted"


class Pair:
    """A client and what it speaks to; ``pieces`` is how its bytes arrive."""

    def __init__(self, *, pieces: int = 1 << 20, refusal: str = "") -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        AUTHORITY.issue_cert("localhost").configure_cert(context)
        trusting = ssl.create_default_context()
        AUTHORITY.configure_trust(trusting)
        self.inner = Inner()
        self.encrypted = Encrypted(self.inner, context, lambda _: refusal)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.client = trusting.wrap_bio(self._incoming, self._outgoing, server_hostname="localhost")
        self.socket = Socket(self._incoming)
        self._pieces = pieces
        self.encrypted.connection_made(self.socket)

    def arrive(self, data: bytes = b"") -> None:
        """What the client has to send arrives, or this."""
        data = data or self._outgoing.read()
        for start in range(0, len(data), self._pieces):
            self.encrypted.data_received(data[start : start + self._pieces])

    def shake(self) -> None:
        for _ in range(4):
            try:
                self.client.do_handshake()
            except ssl.SSLWantReadError:
                self.arrive()
        self.arrive()

    def say(self, data: bytes) -> None:
        self.client.write(data)
        self.arrive()


@pytest.fixture(params=[1, 7, 1 << 20])
async def pair(request: pytest.FixtureRequest) -> Pair:
    """After its handshake."""
    made = Pair(pieces=request.param)
    made.shake()
    await made.encrypted.opened
    return made


async def test_what_is_said_arrives_whatever_its_pieces(pair: Pair) -> None:
    pair.say(b"hello")
    pair.say(b"x" * 100_000)
    assert pair.inner.seen == b"hello" + b"x" * 100_000
    assert pair.inner.transport is not None
    pair.inner.transport.write(memoryview(b"answer" * 10_000))
    answer = b""
    while len(answer) < 60_000:
        answer += pair.client.read(1 << 20)
    assert answer == b"answer" * 10_000


async def test_a_pause_holds_what_has_arrived(pair: Pair) -> None:
    pair.say(b"wait")
    pair.say(b"more")
    assert pair.inner.seen == b"wait"
    assert pair.inner.transport is not None
    pair.inner.transport.resume_reading()
    await asyncio.sleep(0)
    assert pair.inner.seen == b"waitmore"


async def test_who_says_that_it_ends_has_an_end(pair: Pair) -> None:
    """And is told of ours."""
    with pytest.raises(ssl.SSLWantReadError):
        pair.client.unwrap()
    pair.arrive()
    assert (pair.inner.told, pair.socket.ended) == (["eof"], "closed")
    pair.client.unwrap()


async def test_what_is_no_tls_ends_the_connection(pair: Pair) -> None:
    pair.arrive(b"GET / HTTP/1.1\r\n\r\n" * 10)
    assert (pair.inner.seen, pair.socket.ended) == (b"", "aborted")


async def test_nothing_is_written_to_who_has_gone(pair: Pair) -> None:
    pair.encrypted.connection_lost(None)
    assert pair.inner.told == ["lost"]
    assert pair.inner.transport is not None
    pair.inner.transport.write(b"late")
    pair.inner.transport.close()
    pair.inner.transport.abort()


async def test_who_leaves_within_the_handshake_is_no_connection() -> None:
    pair = Pair()
    pair.encrypted.connection_lost(None)
    with pytest.raises(ConnectionResetError):
        await pair.encrypted.opened
    assert (pair.inner.transport, pair.inner.told) == (None, [])


async def test_what_is_no_handshake_is_an_error_and_told() -> None:
    pair = Pair()
    pair.arrive(b"GET / HTTP/1.1\r\n\r\n")
    with pytest.raises(ssl.SSLError):
        await pair.encrypted.opened
    assert (pair.inner.transport, pair.socket.ended) == (None, "closed")


async def test_who_is_refused_never_speaks() -> None:
    pair = Pair(refusal="not you")
    pair.shake()
    pair.say(b"hello")
    with pytest.raises(PeerRefusedError, match="not you"):
        await pair.encrypted.opened
    assert (pair.inner.transport, pair.inner.seen) == (None, b"")
    assert pair.socket.ended == "closed"
