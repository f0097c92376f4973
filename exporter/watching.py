# SPDX-License-Identifier: Apache-2.0
"""Watching: one list/watch of events, joined to its ledger and the common counters."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from exporter.config import Config
from exporter.events import EventObject, Ledger, version_number
from exporter.kube.connection import Cluster
from exporter.kube.frames import FrameReader
from exporter.kube.listwatch import ListWatch
from exporter.kube.telemetry import Telemetry
from exporter.kube.watcher import Watcher
from exporter.notes import Note
from exporter.pipeline import Counting, Scope
from exporter.web.server import Health

# Some 140 bytes an event, the dictionary's own included: a full ledger is 140 MB.
LEDGER_LIMIT = 1_000_000
_SERIES_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Watch:
    """The events of one namespace, or of all."""

    scope: Scope
    telemetry: Telemetry
    watcher: Watcher
    protocol: ListWatch[EventObject]

    @classmethod
    def of(
        cls, namespace: str, config: Config, cluster: Cluster, counting: Counting, note: Note
    ) -> Self:
        """Of a namespace, ``""`` for all of them; it begins when the watcher is run."""
        telemetry = Telemetry(scope=namespace)
        # The scheduler's recorder writes a live series every half hour: with a shorter TTL it
        # ends and returns each time, and must still be known then.
        retention = max(2 * config.event_ttl, _SERIES_SECONDS)
        limit = LEDGER_LIMIT // max(len(config.namespaces), 1)
        ledger = Ledger(retention=retention, limit=limit, seed=secrets.randbits(64))
        scope = Scope(counting, ledger, monotonic=time.monotonic, wall=time.time, gradual=True)
        protocol = ListWatch(
            FrameReader(EventObject),
            scope,
            telemetry,
            note=note,
            uniform=random.random,
            field_selector=config.field_selector,
        )
        path = f"/api/v1/namespaces/{namespace}/events" if namespace else "/api/v1/events"
        watcher = Watcher(cluster, path, protocol, telemetry, settle=scope.settle)
        return cls(scope, telemetry, watcher, protocol)

    @property
    def reached(self) -> int:
        """The resourceVersion up to which all was counted; 0 for none yet."""
        return version_number(self.protocol.reached)


def unwatched(watches: Iterable[Watch]) -> Health | None:
    """Where a first list is not done, or the server does not let us watch; None if all is well."""
    for watch in watches:
        telemetry = watch.telemetry
        scope = f"namespace {telemetry.scope}" if telemetry.scope else "the cluster"
        if not telemetry.allowed:
            state = f"not allowed to list and watch events in {scope}"
        elif not telemetry.synced or watch.scope.settling:
            state = f"the first list of events in {scope} is not done"
        elif not telemetry.watched:
            state = f"no watch of events in {scope} was accepted yet"
        else:
            continue
        return Health.unready(state, telemetry.last_failure)
    return None
