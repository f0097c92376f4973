# SPDX-License-Identifier: Apache-2.0
"""Sends the frames of one response, and breaks them as a script says.

Without faults a batch of frames is one write. With faults frames go one by one, each flushed to the
kernel before the next, so that a client has seen all of them when the fault strikes.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Sequence
from dataclasses import replace

from aiohttp import web

from exporter.demo.faults import (
    Close,
    Dribble,
    Duplicate,
    ErrorFrame,
    Fault,
    InitialBreak,
    Junk,
    Reset,
    Stall,
    StreamFault,
    Truncate,
    position,
)


class StreamEnded(Exception):  # noqa: N818 (an end, scripted or not, is no error)
    """The response is over; `abrupt` if the connection is gone with it."""

    def __init__(self, *, abrupt: bool) -> None:
        super().__init__("abrupt" if abrupt else "in order")
        self.abrupt = abrupt


def _nobody(_fault: Fault) -> None:
    """Who is told of faults where nobody asks."""


class FrameStream:
    """The frames of one response on their way out. `struck` is told each fault that acts."""

    def __init__(
        self,
        request: web.Request,
        response: web.StreamResponse,
        faults: Sequence[Fault] = (),
        struck: Callable[[Fault], None] = _nobody,
    ) -> None:
        self._struck = struck
        self._transport = request.transport
        self._writer = request.writer
        self._response = response
        self._faults = sorted((f for f in faults if isinstance(f, StreamFault)), key=position)
        self._piece = min((f.size for f in faults if isinstance(f, Dribble)), default=0)
        self._sent: list[bytes] = []  # kept only as long as a fault may want them again
        self.frames = 0
        if self._faults or self._piece:
            self._unbuffered()

    def add(self, faults: Sequence[StreamFault]) -> None:
        """Queue more faults; their `after_frames` count from the next frame on."""
        later = [replace(f, after_frames=self.frames + position(f)) for f in faults]
        self._faults = sorted([*self._faults, *later], key=position)
        self._unbuffered()

    async def begin(self) -> None:
        """Apply the faults that strike before the first frame."""
        await self._strike(None)

    async def initial_done(self) -> None:
        """The end mark of a streamed list comes next: the last moment for an InitialBreak."""
        for fault in self._faults:
            if isinstance(fault, InitialBreak):
                await self._apply(fault, b"")

    async def send(self, frames: Sequence[bytes]) -> None:
        """Send whole frames; raises StreamEnded when a fault ends the response."""
        if not frames:
            return
        if not self._faults:
            self.frames += len(frames)
            self._sent.clear()
            await self.write(b"".join(frames))
            return
        for frame in frames:
            await self._strike(frame)
            await self.write(frame)
            await self._writer.drain()
            self._sent.append(frame)
            self.frames += 1
        await self._strike(None)

    async def write(self, data: bytes) -> None:
        """Send bytes that are not a frame: the head and the tail of a list."""
        if not self._piece:
            await self._response.write(data)
            return
        for start in range(0, len(data), self._piece):
            await self._response.write(data[start : start + self._piece])
            await self._writer.drain()
            await asyncio.sleep(0)  # a reader on the same loop sees this piece by itself

    def abort(self, *, reset: bool) -> None:
        """Cut the connection, by a reset or by a bare end of the TCP stream."""
        if self._transport is None:
            return
        if reset:
            endpoint: socket.socket | None = self._transport.get_extra_info("socket")
            if endpoint is not None:
                # Linger on, zero seconds: closing then sends RST in place of FIN.
                endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    def _unbuffered(self) -> None:
        if isinstance(self._transport, asyncio.Transport):
            self._transport.set_write_buffer_limits(high=0)

    async def _strike(self, following: bytes | None) -> None:
        """Apply every fault that is due; one that cuts a frame waits until there is one."""
        for fault in self._due():
            if isinstance(fault, Truncate) and following is None:
                continue
            self._faults.remove(fault)
            await self._apply(fault, following or b"")

    def _due(self) -> list[StreamFault]:
        return [fault for fault in self._faults if position(fault) <= self.frames]

    async def _apply(self, fault: StreamFault, following: bytes) -> None:
        self._struck(fault)
        match fault:
            case Truncate():
                await self.write(following[: len(following) // 2])
                await self._writer.drain()
                self.abort(reset=False)
                raise StreamEnded(abrupt=True)
            case Reset() | InitialBreak():
                self.abort(reset=isinstance(fault, Reset))
                raise StreamEnded(abrupt=True)
            case Close():
                raise StreamEnded(abrupt=False)
            case ErrorFrame():
                await self.write(fault.frame())
                raise StreamEnded(abrupt=False)
            case Stall():
                await asyncio.get_running_loop().create_future()
            case Junk():
                await self.write(fault.data + b"\n")
            case Duplicate():
                await self.write(b"".join(self._sent[-fault.frames :]))
