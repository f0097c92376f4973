# SPDX-License-Identifier: Apache-2.0
"""``run``: watch a cluster and serve what its events count."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

from exporter.app import Exporter, ExporterFailedError
from exporter.config import Config
from exporter.kube.connection import ConnectionConfigError
from exporter.logs import configure_logging

logger = logging.getLogger("exporter")

# Of the two seconds between SIGTERM and our end.
_GRACE_SECONDS = 1.5

Surroundings = Callable[[Config], AbstractAsyncContextManager[Config]]
"""What must be there while the exporter runs; gives the configuration it runs with."""


@contextlib.asynccontextmanager
async def _nothing(config: Config) -> AsyncIterator[Config]:
    yield config


def run(config: Config, surroundings: Surroundings = _nothing) -> int:
    """Run until SIGTERM or SIGINT; 0 then, 1 where something failed."""
    configure_logging(config.log_level, config.log_format)
    with asyncio.Runner(loop_factory=_fast_loop()) as runner:
        return runner.run(_serve(config, surroundings))


async def _serve(config: Config, surroundings: Surroundings) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        async with surroundings(config) as effective:
            exporter = Exporter(effective)
            # What is alive now stays: leave it out of every later collection.
            gc.collect()
            gc.freeze()
            await _until(stop, asyncio.create_task(exporter.run(stop)))
    except (ConnectionConfigError, OSError) as error:
        logger.error(str(error))
        return 1
    except ExporterFailedError as error:
        logger.error(str(error), exc_info=error.__cause__)
        return 1
    return 0


async def _until(stop: asyncio.Event, running: asyncio.Task[None]) -> None:
    """Let it run; once told to stop it has a moment to end in order, whatever it waits for."""
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((running, stopping), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    await asyncio.wait((running,), timeout=_GRACE_SECONDS)
    if not running.done():
        running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


def _fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Uvloop's where it is installed; it costs a third less an event than asyncio's own."""
    if sys.platform == "win32":
        return None
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
