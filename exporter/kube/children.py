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
from collections.abc import Iterator
from pathlib import Path

_THREADS = Path("/proc/self/task")


@contextlib.contextmanager
def ended_when_cancelled() -> Iterator[None]:
    """Child processes that begin inside, and still run when that is cancelled, are killed.

    Nothing else may start a process meanwhile. Where the system does not tell our children
    (only Linux does) they are left.
    """
    before = _children()
    try:
        yield
    except asyncio.CancelledError:
        for child in _children() - before:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        raise


def _children() -> set[int]:
    """The process ids of our children (proc(5): /proc/PID/task/TID/children)."""
    found: set[int] = set()
    with contextlib.suppress(OSError):
        for thread in _THREADS.iterdir():
            with contextlib.suppress(OSError):  # a thread can end while we look
                found.update(map(int, (thread / "children").read_text().split()))
    return found
