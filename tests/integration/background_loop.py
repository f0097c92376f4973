"""An event loop in a thread of its own, for tests that wait for other processes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")
_PATIENCE_SECONDS = 10.0


class BackgroundLoop:
    """It runs from ``start`` to ``stop``."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)

    def start(self) -> None:
        """Begin to run."""
        self._thread.start()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """What comes of it, once it is done there."""
        done: Future[T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return done.result(_PATIENCE_SECONDS)

    def stop(self) -> None:
        """End, and wait for the end."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE_SECONDS)
        self._loop.close()
