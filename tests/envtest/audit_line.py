# SPDX-License-Identifier: Apache-2.0
"""The way of an API server to the listener that takes its audit events: TLS, which it cannot read.

It can lose an answer, say when a batch is on its way, and be away.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

_CHUNK = 65536
# Who sends takes turns: hello and answer, the client's certificate and tickets, then a request and
# its answer each. From this turn of the client's on it is certain to be a request.
_FIRST_REQUEST = 4


class _Turns:
    """Of one connection: HTTP/1.1, so that nobody asks before they were answered."""

    def __init__(self) -> None:
        self.of_client = 0
        self._client_speaks = False

    @property
    def awaited(self) -> bool:
        """Whether a request is on its way, or its answer is."""
        return self._client_speaks and self.of_client >= _FIRST_REQUEST

    def client(self) -> bool:
        """The client has sent bytes; whether they begin a request for certain."""
        begins = not self._client_speaks
        self._client_speaks = True
        self.of_client += begins
        return begins and self.of_client >= _FIRST_REQUEST

    def server(self) -> bool:
        """The server has; whether they begin the answer to a request for certain."""
        begins = self._client_speaks
        self._client_speaks = False
        return begins and self.of_client >= _FIRST_REQUEST


class AuditLine:
    """Listens on loopback and connects to ``target_port``. All of it happens on one loop."""

    def __init__(self, target_port: int) -> None:
        self.port = 0
        self.batches = 0
        """That have begun, as far as that is certain."""
        self.lost = 0
        """Answers that the exporter gave and the API server never got."""
        self.unanswered = 0
        """Connections that nobody took."""
        self._target_port = target_port
        self._losing = False
        self._moment: Callable[[], object] | None = None
        self._server: asyncio.Server | None = None
        self._carriers: dict[asyncio.Task[None], _Turns] = {}

    @property
    def in_batch(self) -> bool:
        """Whether a batch is on its way that was not answered."""
        return any(turns.awaited for turns in self._carriers.values())

    async def open(self) -> None:
        """Listen, on the same port as before."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """End every connection, and take none."""
        if self._server is not None:
            self._server.close()
            self._server = None
        carriers = list(self._carriers)
        for carrier in carriers:
            carrier.cancel()
        await asyncio.gather(*carriers, return_exceptions=True)

    def lose(self) -> None:
        """Drop the next answer, and end its connection."""
        self._losing = True

    def once(self, do: Callable[[], object]) -> None:
        """``do`` it when the first bytes of the next batch have passed."""
        self._moment = do

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        turns = _Turns()
        carrier = asyncio.get_running_loop().create_task(self._carry(reader, writer, turns))
        self._carriers[carrier] = turns
        carrier.add_done_callback(self._carriers.pop)

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, turns: _Turns
    ) -> None:
        writers = [writer]
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
            writers.append(far_writer)
            ways = [
                asyncio.ensure_future(self._ask(reader, far_writer, turns)),
                asyncio.ensure_future(self._answer(far_reader, writer, turns)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        except OSError:
            self.unanswered += 1  # the exporter is away; the API server sees the connection close
        finally:
            for each in writers:
                each.transport.abort()

    async def _ask(
        self, reader: asyncio.StreamReader, far: asyncio.StreamWriter, turns: _Turns
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(_CHUNK):
                far.write(data)
                if turns.client():
                    self.batches += 1
                    self._reached()
                await far.drain()

    async def _answer(
        self, far: asyncio.StreamReader, writer: asyncio.StreamWriter, turns: _Turns
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await far.read(_CHUNK):
                if turns.server() and self._losing:
                    self._losing = False
                    self.lost += 1
                    return
                writer.write(data)
                await writer.drain()

    def _reached(self) -> None:
        if self._moment is not None:
            do, self._moment = self._moment, None
            do()
