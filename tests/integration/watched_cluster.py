"""A scripted API server, a recorder that writes into it, and a watch that counts: one process."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

from exporter.demo import ApiServer, EventStore, GroundTruth, LabelSet, LegacyRecorder, ObjectRef
from exporter.demo.faults import Script
from exporter.events import EventObject, Ledger
from exporter.kube.connection import Cluster, ClusterChoice
from exporter.kube.frames import FrameReader
from exporter.kube.listwatch import ListWatch
from exporter.kube.telemetry import Telemetry
from exporter.kube.watcher import Watcher
from exporter.metrics.births import Births
from exporter.pipeline import Counting, Scope
from exporter.rules.loading import built_in, load

PATIENCE_SECONDS = 10.0
BASELINE = 3
"""Events that are there before the watch begins."""
_REASONS = ("Pulling", "BackOff", "Unhealthy")


async def until(condition: Callable[[], object], what: str) -> None:
    """Return once ``condition`` holds; AssertionError after the patience."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not condition():  # noqa: ASYNC110 - it may depend on anything
                await asyncio.sleep(0.002)
    except TimeoutError:
        raise AssertionError(f"not in {PATIENCE_SECONDS:.0f} s: {what}") from None


class WatchedCluster:
    """Use as ``async with``; the watch begins with ``watch()``.

    ``options`` are those of ListWatch. The truth is what the recorders say the server has shown.
    """

    def __init__(self, folder: Path, *, namespace: str = "", **options: Any) -> None:
        self.store = EventStore()
        self.server = ApiServer(self.store)
        self.kubeconfig = folder / "kubeconfig"
        self.telemetry = Telemetry(scope=namespace)
        self.notes: list[tuple[str, str, dict[str, object]]] = []
        self.waits: list[float] = []
        self._truth = GroundTruth()
        self._recorder = LegacyRecorder(
            self.store, "kubelet", host="n1", spam_filter=False, truth=self._truth
        )
        self._baseline: Counter[LabelSet] = Counter()
        self._last = -1
        self._markers = 0
        births = Births(time.monotonic)
        self.counting = Counting(load(built_in(), time.monotonic), births, series_limit=1000)
        ledger = Ledger(retention=7200.0, limit=100_000)
        self.scope = Scope(self.counting, ledger, monotonic=time.monotonic, wall=time.time)
        options = {"watch_seconds": (60.0, 60.0), **options}
        self.protocol: ListWatch[EventObject] = ListWatch(
            FrameReader(EventObject),
            self.scope,
            self.telemetry,
            note=lambda *note: self.notes.append(note),
            uniform=random.random,
            **options,
        )
        self.cluster = Cluster(ClusterChoice(str(self.kubeconfig)), {})
        path = f"/api/v1/namespaces/{namespace}/events" if namespace else "/api/v1/events"
        self._watcher = Watcher(
            self.cluster, path, self.protocol, self.telemetry, sleep=self._wait_briefly
        )
        self._task: asyncio.Task[NoReturn] | None = None

    async def __aenter__(self) -> Self:
        await self.server.start()
        self.server.kubeconfig(self.kubeconfig)
        for _ in range(BASELINE):
            self.occur("shop")
        self.occur("shop", again=True)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()
        await self.cluster.close()
        await self.server.stop()

    async def watch(self, *scripts: Script) -> None:
        """Begin to watch, with faults for the first watch requests; return when it is open."""
        self.server.on_watch(*scripts)
        self.begin()
        await until(lambda: self.telemetry.synced and self.server.open_watches == 1, "a watch")

    def begin(self) -> None:
        """Begin to watch. What the server has shown by now is the baseline."""
        self._baseline = self._truth.snapshot()
        self._task = asyncio.create_task(self._watcher.run())

    async def stop(self) -> None:
        """End the watch; raises what it died of, had it died."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def occur(
        self, namespace: str = "shop", times: int = 1, *, reason: str = "", again: bool = False
    ) -> None:
        """Something occurs to a new object, or ``again`` to the last one."""
        for _ in range(times):
            self._last += not again
            number = self._last
            ref = ObjectRef("Pod", f"pod-{number}", namespace, f"uid-{number}")
            chosen = reason or _REASONS[number % len(_REASONS)]
            self._recorder.record(time.time(), ref, "Warning", chosen, f"it is {chosen}")

    async def counted_exactly(self, namespace: str = "shop") -> None:
        """The counts are the truth as soon as a marker is counted that was written last.

        Frames come in order and a list is whole, so nothing is on its way any more.
        """
        self._markers += 1
        marker = f"TestMarker{self._markers}"
        self.occur(namespace, reason=marker)
        await until(lambda: any(k.reason == marker for k in self.counts()), f"{marker} counted")
        assert self.counts() == self.truth()

    def counts(self) -> dict[LabelSet, int]:
        """What was counted, without zeros."""
        events = self.counting.events
        found = {LabelSet(*values): events.at(values).value for values in events.label_values()}
        return {labels: count for labels, count in found.items() if count}

    def truth(self) -> dict[LabelSet, int]:
        """What the server has shown since the watch began."""
        return dict(self._truth.visible - self._baseline)

    def verbs(self) -> Sequence[str]:
        """The requests the server saw, oldest first."""
        return [request.verb for request in self.server.requests]

    async def _wait_briefly(self, seconds: float) -> None:
        self.waits.append(seconds)
        await asyncio.sleep(0.01)
