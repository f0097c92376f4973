# SPDX-License-Identifier: Apache-2.0
"""An end for processes that a library starts for us and forgets when it is broken off.

The ``kubernetes`` package starts a kubeconfig's exec plug-in and keeps the process to itself:
told to stop while a plug-in hangs, we would leave it behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable
from pathlib import Path

_THREADS = Path("/proc/self/task")
# For the library to notice, close its pipes and give up.
_NOTICE_SECONDS = 1.0


async def ended_when_cancelled(work: Awaitable[object]) -> None:
    """Do ``work``; when it is cancelled, child processes that began with it are killed first.

    It is not broken off in the middle of waiting for them: it sees them end, so that nothing
    of theirs is left open. Nothing else may start a process meanwhile. Where the system does
    not tell our children (only Linux does) they are left.
    """
    before = _children()
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        for child in _children() - before:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        if _children() - before:
            await asyncio.wait((task,), timeout=_NOTICE_SECONDS)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise


def _children() -> set[int]:
    """The process ids of our children (proc(5): /proc/PID/task/TID/children)."""
    found: set[int] = set()
    with contextlib.suppress(OSError):
        for thread in _THREADS.iterdir():
            with contextlib.suppress(OSError):  # a thread can end while we look
                found.update(map(int, (thread / "children").read_text().split()))
    return found
