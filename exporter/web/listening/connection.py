# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: D102 - asyncio.Protocol says what its methods are
"""One accepted connection, from before its TLS handshake to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast


class Connection(asyncio.Protocol):
    """Passes everything on to ``inner``, and says when it is over."""

    def __init__(
        self,
        inner: asyncio.Protocol,
        peer: str,
        since: float,
        lost: Callable[[Connection], None],
    ) -> None:
        self.inner = inner
        self.peer = peer
        """The address at the other end."""
        self.since = since
        """When it was accepted, monotonic seconds."""
        self.opening: asyncio.Task[None] | None = None
        """The TLS handshake, while it lasts."""
        self._lost = lost
        self._transport: asyncio.Transport | None = None

    def drop(self) -> None:
        """End it at once, whatever it is doing."""
        if self.opening:
            self.opening.cancel()
        if self._transport:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.inner.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._lost(self)
        self.inner.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self.inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self.inner.eof_received()

    def pause_writing(self) -> None:
        self.inner.pause_writing()

    def resume_writing(self) -> None:
        self.inner.resume_writing()
