# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: D102 - asyncio.Protocol and Transport say what their methods are
"""TLS between a socket and a protocol, with no buffer of its own.

The TLS of asyncio and of uvloop passes on what is written and keeps to itself what the socket did
not take of it: nobody could tell when the kernel has the last byte of a page.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from typing import Any, cast

# A record holds 16 KiB at the most: one read gives no more.
_RECORD_BYTES = 16 * 1024

Peers = Callable[[ssl.SSLObject], str]
"""Why the client of a handshake that went well is not let in, ``""`` if it is."""


class PeerRefusedError(Exception):
    """The client is one that TLS lets in, and we do not."""


class Encrypted(asyncio.Protocol):
    """Speaks TLS on a socket's transport, and has ``inner`` speak in it once it is opened.

    ``opened`` is done after the handshake; it raises ``ssl.SSLError``, ``PeerRefusedError`` or
    ``ConnectionError``.
    """

    def __init__(self, inner: asyncio.Protocol, context: ssl.SSLContext, peers: Peers) -> None:
        self.inner = inner
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.paused = False
        """Whether ``inner`` wants nothing for now."""
        self._peers = peers
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._made = False
        self._ended = False
        self.socket: asyncio.Transport | None = None
        """The transport below; None before it is there and after it has gone."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.socket = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.socket = None
        if self._made:
            self.inner.connection_lost(exc)
        self._failed(exc or ConnectionResetError("gone within the TLS handshake"))

    def data_received(self, data: bytes) -> None:
        self._incoming.write(data)
        if self._made:
            self.read()
        elif not self.opened.done():
            self._shake()

    def eof_received(self) -> bool | None:
        if self._made and not self._ended:
            self._ended = True
            self.inner.eof_received()
        return None

    def pause_writing(self) -> None:
        if self._made:
            self.inner.pause_writing()

    def resume_writing(self) -> None:
        if self._made:
            self.inner.resume_writing()

    def read(self) -> None:
        """Give ``inner`` what has come, unless it wants nothing."""
        try:
            while self._reads() and (data := self.tls.read(_RECORD_BYTES)):
                self.inner.data_received(data)
            if self._reads():  # it said that it sends no more
                self.eof_received()
                self.close()
        except ssl.SSLWantReadError:
            self._flush()  # a client can have us answer in TLS' own matters
        except ssl.SSLError:  # what no client sends
            self.abort()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Hand all of it to the socket."""
        if not self.socket or self.socket.is_closing():
            return
        rest = memoryview(data).cast("B")
        try:
            while rest:
                rest = rest[self.tls.write(rest) :]
        except ssl.SSLError:
            self.abort()
        else:
            self._flush()

    def close(self) -> None:
        """After what was written; that of the other end is not waited for."""
        if self.socket and not self.socket.is_closing():
            with contextlib.suppress(ssl.SSLError):  # it would wait for the other end
                self.tls.unwrap()
            self._flush()
            self.socket.close()

    def abort(self) -> None:
        """At once."""
        if self.socket:
            self.socket.abort()

    def _shake(self) -> None:
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
            return
        except ssl.SSLError as error:
            self._flush()  # it is told why
            self._failed(error)
            if self.socket:
                self.socket.close()
            return
        self._flush()
        if refusal := self._peers(self.tls):
            self._failed(PeerRefusedError(refusal))
            self.close()
            return
        self._made = True
        self.inner.connection_made(EncryptedTransport(self))
        if not self.opened.done():
            self.opened.set_result(None)
        self.read()

    def _reads(self) -> bool:
        open_ = self.socket is not None and not self.socket.is_closing()
        return open_ and not self.paused and not self._ended

    def _flush(self) -> None:
        if self.socket and self._outgoing.pending:
            self.socket.write(self._outgoing.read())

    def _failed(self, error: Exception) -> None:
        if not self.opened.done():
            self.opened.set_exception(error)
            self.opened.exception()  # nobody may wait any more


class EncryptedTransport(asyncio.Transport):
    """What ``inner`` writes to; limits and sizes of buffers are those of the socket."""

    def __init__(self, encrypted: Encrypted) -> None:
        super().__init__()
        self._encrypted = encrypted
        self._below = cast(asyncio.Transport, encrypted.socket)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        tls = self._encrypted.tls
        own: dict[str, Callable[[], Any]] = {
            "sslcontext": lambda: tls.context,
            "ssl_object": lambda: tls,
            "peercert": tls.getpeercert,
            "cipher": tls.cipher,
        }
        return own[name]() if name in own else self._below.get_extra_info(name, default)

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._encrypted.inner

    def is_closing(self) -> bool:
        return self._below.is_closing()

    def is_reading(self) -> bool:
        return not self._encrypted.paused

    def pause_reading(self) -> None:
        self._encrypted.paused = True
        self._below.pause_reading()

    def resume_reading(self) -> None:
        if self._encrypted.paused:
            self._encrypted.paused = False
            self._below.resume_reading()
            asyncio.get_running_loop().call_soon(self._encrypted.read)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._below.set_write_buffer_limits(high, low)

    def get_write_buffer_size(self) -> int:
        return self._below.get_write_buffer_size()

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return self._below.get_write_buffer_limits()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._encrypted.write(data)

    def can_write_eof(self) -> bool:
        return False

    def close(self) -> None:
        self._encrypted.close()

    def abort(self) -> None:
        self._encrypted.abort()
