# SPDX-License-Identifier: Apache-2.0
"""``demo``: the exporter against a cluster of our own that plays on this machine."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

from exporter.commands.run import Surroundings, run
from exporter.config import Config
from exporter.demo import DemoCluster
from exporter.serving import ExporterFailedError


def demo(config: Config) -> int:
    """Run like ``run``; the cluster lives as long as the exporter."""
    return run(config, _playing)


@contextlib.asynccontextmanager
async def _playing(config: Config) -> AsyncIterator[Surroundings]:
    cluster = DemoCluster()
    await cluster.start()

    async def failed() -> None:
        try:
            await cluster.failed()
        except Exception as error:
            raise ExporterFailedError("the demo cluster died") from error

    try:
        with tempfile.TemporaryDirectory(prefix="kube-event-metrics-demo-") as folder:
            kubeconfig = Path(folder) / "kubeconfig"
            cluster.write_kubeconfig(kubeconfig)
            yield Surroundings(replace(config, kubeconfig=str(kubeconfig), context=""), failed)
    finally:
        # It raises again what `failed` has told.
        with contextlib.suppress(Exception):
            await cluster.stop()
