# SPDX-License-Identifier: Apache-2.0
"""What the kernel is told of a watch's connection."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import aiohttp

# A peer that is gone without a word is noticed after 30 + 3 * 10 seconds.
_KEEPALIVE = (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))
# The most that gathering adds to the way of an event: no scrape notices.
_GATHER_SECONDS = 0.08
_GATHER_BYTES = 64 * 1024


def keep_alive(sock: socket.socket) -> None:
    """Ask a silent peer now and then whether it is still there."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _KEEPALIVE:
            if hasattr(socket, name):
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def gather(sock: socket.socket) -> None:
    """Let what comes next wait together in the kernel: one wake-up for many frames.

    At an API server's own pace waking up costs more than decoding. Until some time has
    passed the socket is readable only when so much has come that there is a backlog, or
    when it was closed (SO_RCVLOWAT, socket(7)). That the transport pauses would not do:
    over TLS it goes on to read, and only keeps what it has read.
    """
    with contextlib.suppress(OSError, ValueError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, _GATHER_BYTES)
        asyncio.get_running_loop().call_later(_GATHER_SECONDS, _release, sock)


def socket_of(response: aiohttp.ClientResponse) -> socket.socket | None:
    """The connection's socket; None once it has been given back."""
    transport = response.connection.transport if response.connection else None
    found: socket.socket | None = transport.get_extra_info("socket") if transport else None
    return found


def _release(sock: socket.socket) -> None:
    with contextlib.suppress(OSError, ValueError):  # closed meanwhile
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
