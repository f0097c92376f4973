"""The way of one Prometheus to one exporter: it has a source address, and it can be slow.

It passes on bytes as they come, one connection for one, and knows where a page begins and ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import time
from collections.abc import Callable

_CHUNK = 4096
_SEGMENT = 536
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


class Answers:
    """Follows the answers on one connection: HTTP/1.1 with Content-Length, which ours have."""

    def __init__(self) -> None:
        self.awaited = False
        """One was asked for and is not complete."""
        self._head = b""
        self._length: int | None = None
        """Of the body of an answer whose head has come."""
        self._received = 0

    @property
    def share(self) -> float:
        """How much has come of the body of an answer that is not complete."""
        return self._received / self._length if self._length else 0.0

    def feed(self, data: bytes) -> bool:
        """More bytes of the connection; whether they complete an answer.

        Nobody asks again before, so nothing stands behind its end.
        """
        if self._length is None:
            self._head, end, data = (self._head + data).partition(b"\r\n\r\n")
            if not end:
                return False
            found = _LENGTH.search(self._head)
            assert found, self._head
            self._length, self._received = int(found[1]), 0
        self._received += len(data)
        if self._received < self._length:
            return False
        self._head, self._length = b"", None
        self.awaited = False
        return True


class ScrapeLine:
    """Listens on loopback once opened, and connects to ``target_port`` from ``source``.

    A ``narrow`` one has small buffers and lets nobody compress: on a new connection the exporter
    still writes the end of a page when its beginning has arrived, and can be killed in between.
    (The kernel gives a connection larger ones with each page.)
    """

    def __init__(
        self, target_port: int, *, source: str = "127.0.0.1", narrow: bool = False
    ) -> None:
        self.port = 0
        self.target_port = target_port
        self.pages = 0
        """Whole pages that came from the exporter."""
        self.last_page = 0.0
        """When the last of them was whole, on the monotonic clock."""
        self._moment: tuple[float, Callable[[], object]] | None = None
        self._source = source
        self._narrow = narrow
        self._server: asyncio.Server | None = None
        self._carriers: dict[asyncio.Task[None], Answers] = {}

    @property
    def in_page(self) -> bool:
        """Whether a page was asked for that has not come, or in part."""
        return any(answers.awaited for answers in self._carriers.values())

    async def open(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """End every connection."""
        if self._server is not None:
            self._server.close()
        carriers = list(self._carriers)
        for carrier in carriers:
            carrier.cancel()
        await asyncio.gather(*carriers, return_exceptions=True)

    def renew(self) -> None:
        """End the connections that are idle, as servers and firewalls do now and then."""
        for carrier, answers in self._carriers.items():
            if not answers.awaited:
                carrier.cancel()

    def once(self, share: float, do: Callable[[], object]) -> None:
        """``do`` it when so much of the next page has come; at 0, when it was asked for."""
        self._moment = (share, do)

    def _reached(self, share: float) -> None:
        if self._moment and share >= self._moment[0]:
            _, do = self._moment
            self._moment = None
            do()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers = Answers()
        carrier = asyncio.get_running_loop().create_task(self._carry(reader, writer, answers))
        self._carriers[carrier] = answers
        carrier.add_done_callback(self._carriers.pop)

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answers: Answers
    ) -> None:
        with contextlib.closing(writer), self._socket() as far:
            ways: list[asyncio.Task[None]] = []
            try:
                await asyncio.get_running_loop().sock_connect(far, ("127.0.0.1", self.target_port))
                ways.append(asyncio.create_task(self._ask(reader, far, answers)))
                ways.append(asyncio.create_task(self._answer(far, writer, answers)))
                # Either side's end is the end of both.
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            except OSError:
                pass  # the exporter is away; its client sees the connection close
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)

    def _socket(self) -> socket.socket:
        sock = socket.socket()
        sock.setblocking(False)
        if self._narrow:
            # Before the connection is made: both ends choose their buffers by it.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, _SEGMENT)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _CHUNK)
        sock.bind((self._source, 0))
        return sock

    async def _ask(
        self, reader: asyncio.StreamReader, far: socket.socket, answers: Answers
    ) -> None:
        """A request of Prometheus is a few hundred bytes, and comes as one."""
        loop = asyncio.get_running_loop()
        while data := await reader.read(_CHUNK):
            answers.awaited = True
            await loop.sock_sendall(far, data.replace(b"gzip", b"none") if self._narrow else data)
            self._reached(0.0)

    async def _answer(
        self, far: socket.socket, writer: asyncio.StreamWriter, answers: Answers
    ) -> None:
        """Nothing waits here: what is not yet counted is still in the kernel."""
        loop = asyncio.get_running_loop()
        writer.transport.set_write_buffer_limits(high=0)
        while data := await loop.sock_recv(far, _CHUNK):
            whole = answers.feed(data)
            if whole:
                self.pages += 1
                self.last_page = time.monotonic()
            self._reached(1.0 if whole else answers.share)
            writer.write(data)
            await writer.drain()
