# SPDX-License-Identifier: Apache-2.0
"""The composition root: builds the house from the configuration, runs it, takes it down."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import time
from dataclasses import dataclass
from typing import NoReturn

from exporter.attribution import Attribution
from exporter.config import Config
from exporter.election import Elector, Hooks, lease_place
from exporter.events import EventObject, Ledger
from exporter.kube.connection import Cluster, ClusterChoice
from exporter.kube.consumer import Note
from exporter.kube.frames import FrameReader
from exporter.kube.listwatch import ListWatch
from exporter.kube.telemetry import Telemetry
from exporter.kube.watcher import Watcher
from exporter.metrics.births import Births, Scrapers
from exporter.metrics.page import Page
from exporter.pipeline import Counting, Scope
from exporter.rules.loading import built_in, load, read
from exporter.selfmetrics import SelfMetrics, Watched, process_metrics
from exporter.version import VERSION
from exporter.web.landing import Facts
from exporter.web.server import Health, WebServer

logger = logging.getLogger("exporter")

# Some 140 bytes an event, the dictionary's own included: a full ledger is 140 MB.
LEDGER_LIMIT = 1_000_000
_GENERATION_SECONDS = 60.0
_SERIES_SECONDS = 3600.0
_LOOK_SECONDS = 0.05


class ExporterFailedError(Exception):
    """A part of the exporter died; the process must end and say so."""


@dataclass(frozen=True, slots=True)
class _Watch:
    scope: Scope
    telemetry: Telemetry
    watcher: Watcher


class Exporter:
    """The running exporter. Raises ``RuleError`` for rule files that cannot be used."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._cluster = Cluster(ClusterChoice(config.kubeconfig, config.context))
        self._attribution = self._attributing()
        births = Births(time.monotonic)
        self._scrapers = Scrapers(births, time.monotonic)
        owners = self._attribution.owners if self._attribution else None
        self._counting = Counting(
            load([*built_in(), *read(config.rule_files)], time.monotonic),
            births,
            series_limit=config.series_limit,
            workload_of=owners.workload_of if owners else None,
        )
        self._elector = self._electing()
        self._watches = [self._watch(namespace) for namespace in config.namespaces or ("",)]
        own = SelfMetrics(
            births,
            self._scrapers,
            self._counting,
            [Watched(w.telemetry, w.scope) for w in self._watches],
            attribution=self._attribution,
            elector=self._elector,
        )
        page = Page(
            own.families(),
            births,
            self._scrapers,
            events=self._counting.families(),
            events_shown=self._leads,
            refresh=own.refresh,
            foreign=process_metrics,
        )
        self._web = WebServer(
            page, telemetry_path=config.telemetry_path, health=self.health, facts=self._facts
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Serve and watch until ``stop`` is set.

        Raises ``ConnectionConfigError`` at start, ``ExporterFailedError`` then and later.
        """
        async with contextlib.AsyncExitStack() as house:
            house.push_async_callback(self._cluster.close)
            await self._cluster.load()
            if self._elector:
                # After the last page was sent: what it showed goes with the release.
                house.push_async_callback(self._elector.release)
            house.push_async_callback(self._web.stop)
            self._announce(*await self._listen())
            await self._work(stop)
            _log("info", "stopping", {})

    def _announce(self, host: str, port: int) -> None:
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        person = address.replace("0.0.0.0", "127.0.0.1").replace("[::]", "127.0.0.1")  # noqa: S104
        _log("info", "listening", {"address": address, "version": VERSION})
        _log(
            "info",
            f"watching the events of {self._cluster.description} at {self._cluster.url}; "
            f"look at http://{person}/",
            {},
        )

    async def _work(self, stop: asyncio.Event) -> None:
        """Until ``stop``, or until a part dies, which ends the others."""
        watching = [asyncio.create_task(self._watching(w), name="watch") for w in self._watches]
        following = [
            asyncio.create_task(followed.watcher.run(), name=f"watch of {followed.kind}")
            for followed in (self._attribution.followed if self._attribution else ())
        ]
        generations = asyncio.create_task(self._generations(), name="generations")
        tasks = [*following, *watching, generations]
        if self._elector:
            tasks.append(asyncio.create_task(self._contending(self._elector), name="election"))
        stopped = asyncio.create_task(stop.wait(), name="stop")
        try:
            await asyncio.wait((*tasks, stopped), return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done() and not task.cancelled():
                    raise ExporterFailedError(f"task {task.get_name()} died") from task.exception()
        finally:
            if self._elector:
                self._elector.step_down()
            for part in (*tasks, stopped):
                part.cancel()
            await asyncio.gather(*tasks, stopped, return_exceptions=True)

    async def _watching(self, watch: _Watch) -> NoReturn:
        if self._attribution:
            await self._attribution.head_start()
        await watch.watcher.run()

    async def _contending(self, elector: Elector) -> NoReturn:
        """Who has not seen the cluster yet has nothing to show, and leaves the lead to others."""
        while self._unwatched():  # noqa: ASYNC110 - telemetry tells no one
            await asyncio.sleep(_LOOK_SECONDS)
        await elector.run()

    async def _listen(self) -> tuple[str, int]:
        host, port = self._config.listen_host, self._config.listen_port
        try:
            return await self._web.start(host, port)
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise ExporterFailedError(f"cannot listen on {host}:{port}: {reason}") from None

    def health(self) -> Health:
        """Ready when every scope is watched and, with an election, when we take part in it."""
        if health := self._unwatched():
            return health
        if self._elector and self._elector.unready:
            return _unready(self._elector.unready, self._elector.telemetry.last_failure)
        return Health(ready=True, reason="ok")

    def _unwatched(self) -> Health | None:
        """Where a first list is not done, or the server does not let us watch."""
        for watch in self._watches:
            telemetry = watch.telemetry
            scope = f"namespace {telemetry.scope}" if telemetry.scope else "the cluster"
            if not telemetry.allowed:
                state = f"not allowed to list and watch events in {scope}"
            elif not telemetry.synced:
                state = f"the first list of events in {scope} is not done"
            elif not telemetry.watched:
                state = f"no watch of events in {scope} was accepted yet"
            else:
                continue
            return _unready(state, telemetry.last_failure)
        return None

    def _leads(self) -> bool:
        """Whether the metrics of events are for us to show: who runs alone always leads."""
        return self._elector is None or self._elector.leading

    def _electing(self) -> Elector | None:
        config = self._config
        if not config.leader_election:
            return None
        return Elector(self._cluster, lease_place(config), config.lease_timing, Hooks(), note=_log)

    def _attributing(self) -> Attribution | None:
        config = self._config
        if not config.workload_labels:
            return None
        return Attribution(
            self._cluster,
            config.namespaces or ("",),
            retention=config.event_ttl,
            noting=lambda namespace, resource: _noting(namespace, resource=resource),
        )

    def _watch(self, namespace: str) -> _Watch:
        config = self._config
        telemetry = Telemetry(scope=namespace)
        # The scheduler's recorder writes a live series every half hour: with a shorter TTL it
        # ends and returns each time, and must still be known then.
        retention = max(2 * config.event_ttl, _SERIES_SECONDS)
        limit = LEDGER_LIMIT // max(len(config.namespaces), 1)
        ledger = Ledger(retention=retention, limit=limit)
        scope = Scope(self._counting, ledger, monotonic=time.monotonic, wall=time.time)
        protocol = ListWatch(
            FrameReader(EventObject),
            scope,
            telemetry,
            note=_noting(namespace),
            uniform=random.random,
            field_selector=config.field_selector,
        )
        path = f"/api/v1/namespaces/{namespace}/events" if namespace else "/api/v1/events"
        return _Watch(scope, telemetry, Watcher(self._cluster, path, protocol, telemetry))

    async def _generations(self) -> NoReturn:
        lifetime = max(int(self._config.series_ttl / _GENERATION_SECONDS), 1)
        while True:
            await asyncio.sleep(_GENERATION_SECONDS)
            self._counting.next_generation(lifetime)
            if self._attribution:
                self._attribution.owners.forget(time.monotonic())
            for watch in self._watches:
                watch.scope.ledger.forget(time.monotonic(), time.time())

    def _facts(self) -> Facts:
        counting = self._counting
        starts = [w.scope.ledger.since for w in self._watches]
        return Facts(
            version=VERSION,
            cluster=f"{self._cluster.url} ({self._cluster.description})",
            scopes=self._config.namespaces,
            field_selector=self._config.field_selector,
            ready=self.health().ready,
            connected=all(w.telemetry.connected for w in self._watches),
            since=max(starts) if all(w.telemetry.synced for w in self._watches) else 0.0,
            last_event=counting.last_occurrence,
            now=time.time(),
            occurrences=counting.total,
            series=sum(len(f) for f in counting.families()),
            events_remembered=sum(len(w.scope.ledger) for w in self._watches),
            scrapers=len(self._scrapers),
            leads=self._leads(),
            leader=self._elector.telemetry.holder if self._elector else "",
        )


def _unready(state: str, failure: str) -> Health:
    return Health(ready=False, reason=f"{state} ({failure})" if failure else state)


def _noting(namespace: str, **more: str) -> Note:
    scope = {**({"namespace": namespace} if namespace else {}), **more}

    def note(level: str, message: str, fields: dict[str, object]) -> None:
        _log(level, message, {**scope, **fields})

    return note


def _log(level: str, message: str, fields: dict[str, object]) -> None:
    logger.log(logging.getLevelNamesMapping()[level.upper()], message, extra={"fields": fields})
