# SPDX-License-Identifier: Apache-2.0
"""When to look at the log again: when the kernel says so, and every few seconds anyway.

Network file systems tell nothing of what other machines write, and some systems have no inotify.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncinotify import Event, Inotify

POLL_SECONDS = 2.0
# The server writes each line by itself: what comes in this time is read together.
GATHER_SECONDS = 0.2
# inotify(7): DELETE_SELF, MOVE_SELF, UNMOUNT, IGNORED. There is no watch any more, or of the wrong
# directory.
_ENDS = 0x400 | 0x800 | 0x2000 | 0x8000


class Wakeups:
    """Waits for changes of the file ``path``, a rotation included.

    The directory is watched, not the file, which is another after each rotation. ``watch`` and
    ``close`` are for a thread, since a file system may not answer; ``wait`` is for the event loop.
    """

    def __init__(self, path: Path, *, poll: float, gather: float) -> None:
        self._path = path
        self._poll = poll
        self._gather = gather
        self._inotify: Inotify | None = None

    @property
    def watching(self) -> bool:
        """Whether the kernel tells; where it does not, ``watch`` may be tried again."""
        return self._inotify is not None

    def watch(self) -> str:
        """Have changes told from now on; why they are not, ``""`` where they are."""
        if sys.platform != "linux":
            return "this system has no inotify"
        # Late, so in a thread: the library starts a process that looks for the C library.
        try:
            from asyncinotify import Inotify, Mask

            inotify = Inotify(sync_timeout=0)
        except (OSError, ImportError, RuntimeError) as error:
            return str(error)
        mask = Mask.MODIFY | Mask.ATTRIB | Mask.CREATE | Mask.MOVED_TO | Mask.MOVE_SELF
        try:
            inotify.add_watch(self._path.parent, mask | Mask.DELETE_SELF | Mask.ONLYDIR)
        except OSError as error:
            inotify.close()
            return str(error)
        self._inotify = inotify
        return ""

    def close(self) -> None:
        """Have nothing told any more."""
        if self._inotify:
            self._inotify.close()
            self._inotify = None

    async def wait(self) -> None:
        """Return a moment after a change, or when it is time to look anyway."""
        if self._inotify is None:
            await asyncio.sleep(self._poll)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(self._poll):
                while not self._concerns(await self._inotify.get()):
                    pass  # other files have backups, and are compressed, in the same directory
        await asyncio.sleep(self._gather)
        # What was told until now, the next look sees.
        while self.watching and (event := self._inotify.sync_get()) is not None:
            self._concerns(event)

    def _concerns(self, event: Event) -> bool:
        """Whether there may be more to read."""
        if event.name is not None:
            return event.name.name == self._path.name
        # Of the directory itself, or of the kernel, which could not keep all there was to tell.
        if event.mask & _ENDS:
            self.close()  # it may be made anew, under the same name
        return True
