"""The demo's API server in a thread of its own, for tests that wait for other processes."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Coroutine, Iterable, Mapping
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from exporter.demo import ApiServer, EventStore, LegacyRecorder, ObjectRef
from exporter.demo.store import AlreadyExistsError

T = TypeVar("T")
_PATIENCE_SECONDS = 10.0


class BackgroundCluster:
    """Use as ``with``; ``record`` writes as a kubelet does and returns once it is stored."""

    def __init__(self) -> None:
        self._store = store = EventStore()
        self.server = ApiServer(store)
        self._recorder = LegacyRecorder(store, "kubelet", host="node-1", spam_filter=False)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="cluster", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self.server.start())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._do(self.server.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE_SECONDS)
        self._loop.close()

    def kubeconfig(self, path: Path) -> Path:
        """Write a kubeconfig that points here."""
        self.server.kubeconfig(path)
        return path

    def record(
        self, reason: str, *, pod: str = "web-0", namespace: str = "shop", message: str = ""
    ) -> None:
        """A pod's event occurs once; with any message where none is given."""
        ref = ObjectRef("Pod", pod, namespace, uid=pod)

        async def write() -> None:
            self._recorder.record(
                time.time(), ref, "Warning", reason, message or f"{reason} of {pod}"
            )

        self._do(write())

    def add(self, events: Iterable[Mapping[str, Any]]) -> int:
        """Recorded events occur now, or go on; how many the API server took."""

        async def write() -> int:
            taken = 0
            for event in events:
                given = event["metadata"]
                try:
                    self._store.create(event, time.time())
                except AlreadyExistsError:
                    changes = {
                        field: value for field, value in event.items() if field != "metadata"
                    }
                    self._store.patch(given["namespace"], given["name"], changes, time.time())
                taken += 1
            return taken

        return self._do(write())

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        done: Future[T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return done.result(_PATIENCE_SECONDS)
