"""Processes that a library starts for us: they end when we do, and leave nothing open."""

from __future__ import annotations

import asyncio
import sys

import pytest

from exporter.kube.children import ended_when_cancelled


class Plugin:
    """A library that starts a process and waits for it, as the loader of kubeconfigs does."""

    def __init__(self, code: str) -> None:
        self.process: asyncio.subprocess.Process | None = None
        self.started = asyncio.Event()
        self._code = code

    async def load(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", self._code, stdout=asyncio.subprocess.PIPE
        )
        assert self.process.stdout is not None
        assert await self.process.stdout.readline() == b"started\n"
        self.started.set()
        await self.process.stdout.read()
        if await self.process.wait():
            raise RuntimeError("it failed")


HANGS = "import signal; print('started', flush=True); signal.pause()"


async def test_work_is_done() -> None:
    """A process that ends is no business of ours."""
    plugin = Plugin("print('started')")
    await ended_when_cancelled(plugin.load())
    assert plugin.process is not None
    assert plugin.process.returncode == 0


async def test_an_error_is_handed_on() -> None:
    """As if nothing stood between."""
    with pytest.raises(RuntimeError, match="it failed"):
        await ended_when_cancelled(Plugin("print('started'); raise SystemExit(1)").load())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells our children")
async def test_a_process_that_hangs_is_seen_to_end() -> None:
    """When we are cancelled it is killed, reaped, and its pipes are closed.

    What is left open would be closed by the garbage collector, with a traceback if the
    event loop is closed by then.
    """
    plugin = Plugin(HANGS)
    task = asyncio.create_task(ended_when_cancelled(plugin.load()))
    await plugin.started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert plugin.process is not None
    assert plugin.process.returncode == -9
    assert plugin.process.stdout is not None
    assert plugin.process.stdout.at_eof()
