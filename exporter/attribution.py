# SPDX-License-Identifier: Apache-2.0
"""Attribution: the list/watches behind ``--workload.labels``, built and run beside the events'.

They are opt-in, and no event waits for them once they have had their chance: an object that
is not known yet is counted without a workload.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from exporter.kube.connection import Cluster
from exporter.kube.frames import FrameReader
from exporter.kube.listwatch import ListWatch
from exporter.kube.telemetry import Telemetry
from exporter.kube.watcher import Watcher
from exporter.notes import Note
from exporter.workloads import FOLLOWED, MetadataObject, Owners

# Of one kind in all namespaces; at a hundred bytes and more each.
OBJECTS_LIMIT = 500_000
# What is listed first is known when the first event comes; but what occurs until the events are
# listed is not counted, so nobody waits for long.
_HEAD_START_SECONDS = 10.0
_LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Followed:
    """One list/watch of one kind."""

    kind: str
    telemetry: Telemetry
    watcher: Watcher


class Attribution:
    """The workloads of the objects in ``namespaces``; ``noting`` makes a log for one of them."""

    def __init__(
        self,
        cluster: Cluster,
        namespaces: Sequence[str],
        *,
        retention: float,
        noting: Callable[[str, str], Note],
    ) -> None:
        self.owners = Owners(namespaces, retention=retention, limit=OBJECTS_LIMIT)
        self.followed: list[Followed] = []
        for resource in FOLLOWED:
            for namespace in namespaces:
                telemetry = Telemetry(scope=namespace)
                protocol = ListWatch(
                    FrameReader(MetadataObject),
                    self.owners.informer(resource.kind, namespace),
                    telemetry,
                    note=noting(namespace, resource.plural),
                    uniform=random.random,
                )
                path = resource.path(namespace)
                watcher = Watcher(
                    cluster, path, protocol, telemetry, metadata_only=True, gathering=False
                )
                self.followed.append(Followed(resource.kind, telemetry, watcher))

    async def head_start(self) -> None:
        """Until all is listed, for ten seconds at the longest."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_HEAD_START_SECONDS):
                while not self._settled():  # noqa: ASYNC110 - telemetry tells no one
                    await asyncio.sleep(_LOOK_SECONDS)

    def _settled(self) -> bool:
        """Whether every kind is listed, or may not be."""
        return all(f.telemetry.synced or not f.telemetry.allowed for f in self.followed)
