# SPDX-License-Identifier: Apache-2.0
"""Accepts connections, up to a bound, and makes their TLS.

We accept ourselves, because a server of asyncio tells nobody of a connection before its TLS
handshake, and cannot change its TLS: here each connection has the context of its moment.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from exporter.notes import Note
from exporter.web.listening.binding import listening_sockets
from exporter.web.listening.connection import Connection
from exporter.web.listening.encrypted import Encrypted, PeerRefusedError, Peers
from exporter.web.seldom import Seldom

# Then what else the loop has to do has its turn.
_ACCEPTED_AT_ONCE = 64
# Without a free file descriptor; so long asyncio's own servers wait, too.
_REST_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Bounds:
    """What clients may take of us."""

    connections: int = 512
    """At once. Each costs some 10 kB, with TLS 25 kB."""
    patience: float = 10.0
    """Seconds for which a connection that was not admitted keeps its place, where there are no
    others and its address has no more than its share.
    """
    handshake: float = 10.0
    """Seconds for a TLS handshake."""
    unread: float = 30.0
    """Seconds for which a peer can take nothing of what we send, gone or not."""


class Listener:
    """Listening sockets. ``protocols`` makes what speaks on a connection, and must have it
    ``admitted`` once its client is one we know: others make room where there is none.

    ``context`` is asked at each connection; None is no TLS. ``peers`` says whom TLS lets in and we
    do not.
    """

    def __init__(
        self,
        protocols: Callable[[], asyncio.Protocol],
        *,
        context: Callable[[], ssl.SSLContext | None] = lambda: None,
        peers: Peers = lambda _: "",
        note: Note,
        bounds: Bounds | None = None,
    ) -> None:
        self.refused = 0
        """Connections closed because there was no room for them, or for others."""
        self._protocols = protocols
        self._context = context
        self._peers = peers
        self._note = note
        self._bounds = bounds or Bounds()
        self._seldom = Seldom()
        self._sockets: list[socket.socket] = []
        self._connections: dict[asyncio.Protocol, Connection] = {}
        # Of them those that were not admitted, the oldest first.
        self._strangers: dict[Connection, None] = {}
        # How many of these an address has.
        self._crowds: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._connections)

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Listen; port 0 takes any free one. Returns what is listened on; raises ``OSError``."""
        self._sockets = await listening_sockets(host, port)
        for listening in self._sockets:
            self._listen(listening)
        bound_host, bound_port = self._sockets[0].getsockname()[:2]
        return bound_host, bound_port

    def deafen(self) -> None:
        """Accept no more; what is open goes on."""
        sockets, self._sockets = self._sockets, []
        for listening in sockets:
            asyncio.get_running_loop().remove_reader(listening)
            listening.close()

    async def close(self) -> None:
        """Accept no more, and end what is open."""
        self.deafen()
        await asyncio.sleep(0)  # a handshake that has not begun could not close its socket
        open_ = list(self._connections.values())
        opening = [each.opening for each in open_ if each.opening]
        for connection in open_:
            connection.drop()
        await asyncio.gather(*opening, return_exceptions=True)

    def admit(self, protocol: asyncio.Protocol) -> None:
        """The client of this connection may keep it for as long as it likes."""
        if connection := self._connections.get(protocol):
            self._no_stranger(connection)

    def _listen(self, listening: socket.socket) -> None:
        if listening in self._sockets:
            loop = asyncio.get_running_loop()
            loop.add_reader(listening, self._accept, listening)

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(_ACCEPTED_AT_ONCE):
            try:
                accepted, address = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._rest(listening, error)
                return
            if len(self._connections) < self._bounds.connections or self._made_room(address[0]):
                self._take(accepted, address[0])
            else:
                self.refused += 1
                accepted.close()
                self._say("no room", "too many connections: one was refused", {})

    def _rest(self, listening: socket.socket, error: OSError) -> None:
        """Nothing can be accepted, and the socket would call again and again."""
        loop = asyncio.get_running_loop()
        loop.remove_reader(listening)
        loop.call_later(_REST_SECONDS, self._listen, listening)
        self._say("accepting", "no connection can be accepted", {"error": str(error)})

    def _made_room(self, newcomer: str) -> bool:
        """Whether a stranger went for a newcomer from this address."""
        going = self._who_goes(newcomer)
        if going is None:
            return False
        self.refused += 1
        self._forget(going)
        going.drop()
        self._say("no room", "too many connections: one that sent nothing made room", {})
        return True

    def _who_goes(self, newcomer: str) -> Connection | None:
        """The oldest stranger, if it had its time; else one of an address that has more than its
        share, however often it comes back: who comes from elsewhere must get through.
        """
        oldest = next(iter(self._strangers), None)
        if oldest is None:
            return None
        if asyncio.get_running_loop().time() - oldest.since >= self._bounds.patience:
            return oldest
        crowd = max(self._crowds, key=self._crowds.__getitem__)
        if self._crowds[crowd] <= self._crowds[newcomer] + 1:
            return None
        return next(each for each in self._strangers if each.peer == crowd)

    def _take(self, accepted: socket.socket, peer: str) -> None:
        accepted.setblocking(False)
        with contextlib.suppress(OSError, AttributeError):  # gone already; not Linux
            unread = int(self._bounds.unread * 1000)
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, unread)
        loop = asyncio.get_running_loop()
        connection = Connection(self._protocols(), peer, loop.time(), self._forget)
        self._connections[connection.inner] = connection
        self._strangers[connection] = None
        self._crowds[peer] += 1
        opening = loop.create_task(self._open(connection, accepted), name="connection")
        connection.opening = opening

    async def _open(self, connection: Connection, accepted: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        context = self._context()
        try:
            if context:
                await self._secure(Encrypted(connection, context, self._peers), accepted)
            else:
                await loop.connect_accepted_socket(lambda: connection, accepted)
        except (ssl.SSLError, PeerRefusedError) as error:
            self._forget(connection)
            reason = getattr(error, "reason", None) or str(error)
            self._say(
                "handshake", "TLS handshake failed", {"from": connection.peer, "error": reason}
            )
        except OSError:  # gone, or too slow
            self._forget(connection)
        except BaseException:
            self._forget(connection)
            raise
        finally:
            connection.opening = None

    async def _secure(self, encrypted: Encrypted, accepted: socket.socket) -> None:
        """Make the TLS; who is told why it is not let in has the time of a handshake to read it."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._bounds.handshake):
                await loop.connect_accepted_socket(lambda: encrypted, accepted)
                await encrypted.opened
        except (ssl.SSLError, PeerRefusedError):
            loop.call_later(self._bounds.handshake, encrypted.abort)
            raise
        except BaseException:
            encrypted.abort()
            raise

    def _forget(self, connection: Connection) -> None:
        self._connections.pop(connection.inner, None)
        self._no_stranger(connection)

    def _no_stranger(self, connection: Connection) -> None:
        if connection in self._strangers:
            del self._strangers[connection]
            self._crowds[connection.peer] -= 1
            if not self._crowds[connection.peer]:
                del self._crowds[connection.peer]

    def _say(self, subject: str, message: str, fields: dict[str, object]) -> None:
        if times := self._seldom.due(subject):
            self._note("warning", message, {**fields, "times": times})
