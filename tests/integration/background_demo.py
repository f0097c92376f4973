"""The demo's cluster with its story, as `kube-event-metrics demo` plays it, in a thread."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from exporter.demo import DemoCluster
from tests.loop_thread import LoopThread


class BackgroundDemo:
    """Use as ``with``: the story goes on until the end of it."""

    def __init__(self) -> None:
        self._loop = LoopThread()
        self._cluster = DemoCluster()

    def __enter__(self) -> Self:
        self._loop.start()
        self._loop.run(self._cluster.start())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._loop.run(self._cluster.stop())
        self._loop.stop()

    def kubeconfig(self, path: Path) -> Path:
        """Write a kubeconfig that points here."""
        self._cluster.write_kubeconfig(path)
        return path

    def told(self) -> set[str]:
        """The reasons of all that has occurred so far, the history included."""
        return self._loop.ask(lambda: {labels.reason for labels in self._cluster.truth.visible})
