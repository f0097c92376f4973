# SPDX-License-Identifier: Apache-2.0
"""Batches on their way from their first byte to the disk, and the bounds of that."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum, auto

from aiohttp import web

from exporter.web.listening import Bounds
from exporter.web.seldom import Seldom
from exporter.web.webhook.bodies import Place, Room, read_body
from exporter.web.webhook.refusals import OVERLOADED, RefusedError, too_slow

logger = logging.getLogger("exporter")


class Receipt(Enum):
    """What became of a batch."""

    SAVED = auto()
    """Counted, and what was counted is on the disk."""
    NOT_EVENT_LIST = auto()
    NOT_SAVED = auto()


Receive = Callable[[bytes, str], Awaitable[Receipt]]
"""Takes body and region. An ``async def`` that lets go of the body lets go of its memory."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What all clients together may take."""

    room_bytes: int = 0
    """Of bodies at once; 0 is twice the largest body."""
    receiving: int = 16
    """Batches that are counted, and wait for the disk, at once."""
    body_seconds: float = 30.0
    """For a body to be whole: the API server gives up after 30 s."""
    turn_seconds: float = 10.0
    """For a whole body to have its turn to be counted."""
    saving_seconds: float = 1.0
    """For what is being received when we stop: who is told to end has two seconds for all."""
    bounds: Bounds = field(default_factory=Bounds)
    """Of connections."""


class Receiving:
    """Reads bodies and has them received. What ``receive`` has begun with, it may finish."""

    def __init__(self, receive: Receive, max_body_bytes: int, limits: Limits) -> None:
        self.batches = 0
        """Saved."""
        self.bytes = 0
        """Of batches that were saved."""
        self._receive = receive
        self._max_body_bytes = max_body_bytes
        self._limits = limits
        self._room = Room(limits.room_bytes or 2 * max_body_bytes)
        self._turns = asyncio.Semaphore(limits.receiving)
        self._tasks: set[asyncio.Task[Receipt | None]] = set()
        self._failures = Seldom()

    async def receipt(self, request: web.BaseRequest, region: str) -> Receipt | None:
        """What became of the request's body; None if we failed at it.

        Raises ``RefusedError``, and ``ConnectionError`` for a client that left before its end.
        """
        return await asyncio.shield(await self._begun(request, region))

    async def done(self) -> None:
        """Return once nothing is being received, but after ``saving_seconds`` at the latest."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._limits.saving_seconds):
                while self._tasks:
                    await asyncio.wait(self._tasks)

    async def _begun(self, request: web.BaseRequest, region: str) -> asyncio.Task[Receipt | None]:
        place = Place(self._room)
        try:
            body = await self._whole(request, place)
            await self._turn()
        except BaseException:
            place.leave()
            raise
        task = asyncio.create_task(self._received(self._receive(body, region), place))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _whole(self, request: web.BaseRequest, place: Place) -> bytes:
        seconds = self._limits.body_seconds
        try:
            async with asyncio.timeout(seconds):
                return await read_body(request, place, self._max_body_bytes)
        except TimeoutError:
            raise RefusedError(too_slow(seconds)) from None

    async def _turn(self) -> None:
        try:
            async with asyncio.timeout(self._limits.turn_seconds):
                await self._turns.acquire()
        except TimeoutError:
            raise RefusedError(OVERLOADED) from None

    async def _received(self, receiving: Awaitable[Receipt], place: Place) -> Receipt | None:
        try:
            receipt = await receiving
        except Exception:
            if times := self._failures.due("failed"):
                fields = {"times": times}
                logger.exception("an audit batch could not be received", extra={"fields": fields})
            return None
        else:
            if receipt is Receipt.SAVED:
                self.batches += 1
                self.bytes += place.size
            return receipt
        finally:
            place.leave()
            self._turns.release()
