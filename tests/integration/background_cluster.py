"""The demo's API server in a thread of its own, for tests that wait for other processes."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from exporter.demo import ApiServer, EventStore, LegacyRecorder, ObjectRef
from exporter.demo.faults import Script, StreamFault
from exporter.demo.store import AlreadyExistsError
from tests.loop_thread import LoopThread


class BackgroundCluster:
    """Use as ``with``; ``record`` writes as a kubelet does and returns once it is stored."""

    def __init__(self) -> None:
        self._store = store = EventStore()
        self.server = ApiServer(store)
        self._recorder = LegacyRecorder(store, "kubelet", host="node-1", spam_filter=False)
        self._loop = LoopThread()

    def __enter__(self) -> Self:
        self._loop.start()
        self._loop.run(self.server.start())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._loop.run(self.server.stop())
        self._loop.stop()

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

        self._loop.run(write())

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

        return self._loop.run(write())

    def all_sent(self, watches: int) -> bool:
        """Whether exactly so many watches are open and everything has been sent to each."""

        async def sent() -> bool:
            return self.server.all_sent(watches)

        return self._loop.run(sent())

    def break_watches(self, *faults: StreamFault) -> None:
        """These strike every open watch, from its next frame on."""

        async def strike() -> None:
            self.server.break_watches(*faults)

        self._loop.run(strike())

    def refuse_leases(self, *scripts: Script) -> None:
        """What goes wrong with the next requests about Leases."""

        async def queue() -> None:
            self.server.on_lease(*scripts)

        self._loop.run(queue())
