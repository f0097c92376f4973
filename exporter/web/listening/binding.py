# SPDX-License-Identifier: Apache-2.0
"""The sockets of an address: a name, or none, can mean IPv4 and IPv6."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket

# What a busy second brings; more is for the kernel to put off.
_BACKLOG = 512
# Of a machine without IPv6, or with an address of a name that is not here.
_NOT_HERE = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)


async def listening_sockets(host: str, port: int) -> list[socket.socket]:
    """Listening, at least one, all on one port: any free one for 0. ``""`` is every address.

    Raises ``OSError``.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(
        host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    with contextlib.ExitStack() as opened:
        sockets: list[socket.socket] = []
        missing: OSError | None = None
        for family, _, _, _, address in dict.fromkeys(found):
            # The second one has to take the port that the first one got.
            at = (address[0], sockets[0].getsockname()[1] if sockets else port, *address[2:])
            try:
                sockets.append(opened.enter_context(_listening(family, at)))
            except OSError as error:
                if error.errno not in _NOT_HERE:
                    raise
                missing = error
        if not sockets:
            raise missing or OSError(errno.EADDRNOTAVAIL, "no address")
        opened.pop_all()
    return sockets


def _listening(family: int, address: tuple[object, ...]) -> socket.socket:
    with contextlib.ExitStack() as opened:
        made = opened.enter_context(socket.socket(family, socket.SOCK_STREAM))
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.setblocking(False)
        made.bind(address)
        made.listen(_BACKLOG)
        opened.pop_all()
    return made
