"""A follower of a log, what it took, and where it was after each block."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

from exporter.auditlog import LogFollower, LogPosition


class FollowedLog:
    """Use as ``async with``; ``options`` are those of LogFollower."""

    def __init__(self, path: Path, position: LogPosition | None = None, **options: Any) -> None:
        self.blocks: list[tuple[bytes, bool]] = []
        self.notes: list[tuple[str, str, dict[str, object]]] = []
        options = {"poll": 0.05, "gather": 0.01, **options}
        self.follower = LogFollower(
            path,
            lambda block, last: (block, last),
            self.blocks.append,
            note=lambda *note: self.notes.append(note),
            **options,
        )
        self.follower.begin(position)
        self._folder = path.parent
        self._task: asyncio.Task[NoReturn] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self.follower.run())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._task
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    @property
    def taken(self) -> bytes:
        return b"".join(block for block, _ in self.blocks)

    @property
    def readable(self) -> bool:
        return self.follower.telemetry.readable

    def said(self) -> list[str]:
        return [message for _, message, _ in self.notes]

    def open_files(self) -> list[str]:
        """Of the log, this process'; and what the kernel tells of changes through."""
        found = []
        for descriptor in Path("/proc/self/fd").iterdir():
            with contextlib.suppress(OSError):
                found.append(str(descriptor.readlink()))
        return [name for name in found if str(self._folder) in name or "inotify" in name]
