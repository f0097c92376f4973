# SPDX-License-Identifier: Apache-2.0
"""``run``: watch a cluster and serve what its events count."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from exporter.app import Exporter
from exporter.config import Config
from exporter.kube.connection import ConnectionConfigError
from exporter.logs import configure_logging
from exporter.serving import ExporterFailedError

logger = logging.getLogger("exporter")

# Of the two seconds between SIGTERM and our end.
_GRACE_SECONDS = 1.5


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the exporter runs in: its configuration, and what else must not fail."""

    config: Config
    failed: Callable[[], Awaitable[None]]
    """Waits until that fails, and raises ``ExporterFailedError`` then."""


Surround = Callable[[Config], AbstractAsyncContextManager[Surroundings]]
"""Makes the surroundings of a configuration, for as long as the exporter runs."""


@contextlib.asynccontextmanager
async def _nothing(config: Config) -> AsyncIterator[Surroundings]:
    yield Surroundings(config, asyncio.get_running_loop().create_future)


def run(config: Config, surround: Surround = _nothing) -> int:
    """Run until SIGTERM or SIGINT; 0 then, 1 where something failed."""
    configure_logging(config.log_level, config.log_format)
    with asyncio.Runner(loop_factory=_fast_loop()) as runner:
        return runner.run(_serve(config, surround))


async def _serve(config: Config, surround: Surround) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        async with surround(config) as surroundings:
            exporter = Exporter(surroundings.config)
            # What is alive now stays: leave it out of every later collection.
            gc.collect()
            gc.freeze()
            failing = asyncio.ensure_future(surroundings.failed())
            await _until(stop, asyncio.create_task(exporter.run(stop)), failing)
    except (ConnectionConfigError, OSError) as error:
        logger.error(str(error))
        return 1
    except ExporterFailedError as error:
        logger.error(str(error), exc_info=error.__cause__)
        return 1
    return 0


async def _until(
    stop: asyncio.Event, running: asyncio.Task[None], failing: asyncio.Future[None]
) -> None:
    """Let it run; once told to stop it has a moment to end in order, whatever it waits for.

    It is stopped too when ``failing`` is done, which is then raised.
    """
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((running, stopping, failing), return_when=asyncio.FIRST_COMPLETED)
    failed = failing.done()
    stop.set()
    await asyncio.wait((running,), timeout=_GRACE_SECONDS)
    for task in (running, stopping) if failed else (running, stopping, failing):
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    if failed:
        await failing


def _fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Uvloop's where it is installed; it costs a third less an event than asyncio's own."""
    if sys.platform == "win32":
        return None
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
