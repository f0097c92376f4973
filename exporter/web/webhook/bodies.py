# SPDX-License-Identifier: Apache-2.0
"""The bodies of requests, as bytes, and the memory that they may take together."""

from __future__ import annotations

import io

from aiohttp import web

from exporter.web.webhook.refusals import DAMAGED, ENCODED, OVERLOADED, RefusedError, too_large


class Room:
    """So many bytes that all bodies together may have, from their first byte on until each is
    done with. It is taken as bytes arrive: who announces much and sends little takes little.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.taken = 0


class Place:
    """What one body has of the room."""

    def __init__(self, room: Room) -> None:
        self.size = 0
        self._room = room

    def grow(self, size: int) -> bool:
        """Take more; False if there is none."""
        if self._room.taken + size > self._room.limit:
            return False
        self._room.taken += size
        self.size += size
        return True

    def leave(self) -> None:
        """Give all of it back."""
        self._room.taken -= self.size
        self.size = 0


def check_announced(request: web.BaseRequest, limit: int) -> None:
    """What can be refused before a byte of the body is read; raises ``RefusedError``."""
    if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise RefusedError(ENCODED)  # no API server does, and it could unpack to anything
    if (request.content_length or 0) > limit:
        raise RefusedError(too_large(limit))


async def read_body(request: web.BaseRequest, place: Place, limit: int) -> bytes:
    """The whole body. Raises ``RefusedError``, and ``ConnectionError`` for a client that left."""
    # It grows where it lies, and gives its bytes away as they are: joined pieces, and bytes of
    # a bytearray, would be a second copy.
    body = io.BytesIO()
    try:
        while piece := await _piece(request):
            if place.size + len(piece) > limit:
                raise RefusedError(too_large(limit))
            if not place.grow(len(piece)):
                raise RefusedError(OVERLOADED)
            body.write(piece)
    except web.RequestPayloadError:
        raise RefusedError(DAMAGED) from None
    return body.getvalue()


async def _piece(request: web.BaseRequest) -> bytes:
    """What has arrived, ``b""`` at the end."""
    if request.transport is None:
        raise ConnectionResetError("the client has gone")
    return await request.content.readany()
