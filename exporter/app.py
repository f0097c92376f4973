# SPDX-License-Identifier: Apache-2.0
"""The composition root: builds the house from the configuration, runs it, takes it down."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Sequence
from typing import Any, NoReturn

from exporter.attribution import Attribution
from exporter.auditing import Auditing
from exporter.checkpoint.committer import Committer
from exporter.checkpointing import Checkpointing
from exporter.config import Config, ConfigError
from exporter.election import PAYLOAD_LIMIT_BYTES, Elector, Hooks, lease_place
from exporter.facts import told
from exporter.failover import Failover
from exporter.kube.connection import Cluster, ClusterChoice
from exporter.metrics.births import Births, Scrapers
from exporter.metrics.page import Page
from exporter.notes import Note
from exporter.pipeline import Counting
from exporter.rules.loading import built_in, load, read
from exporter.selfmetrics import ProcessMetrics, SelfMetrics, Watched
from exporter.serving import ExporterFailedError, address, reviews_of, started, web_server
from exporter.version import VERSION
from exporter.watching import Watch, unwatched
from exporter.web.server import Health
from exporter.web.webhook import AuditWebhook

logger = logging.getLogger("exporter")

_GENERATION_SECONDS = 60.0
_LOOK_SECONDS = 0.05


class Exporter:
    """The running exporter. Raises ``RuleError`` and ``ConfigError`` for what cannot be used."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._cluster = Cluster(ClusterChoice(config.kubeconfig, config.context))
        self._attribution = self._attributing()
        births = Births(time.monotonic)
        book = load([*built_in(), *read(config.rule_files)], time.monotonic)
        self._scrapers = Scrapers(births, time.monotonic)
        self._auditing: Auditing | None = None
        if config.audited:
            self._auditing = Auditing(config, births, self._scrapers, _noting(), rules=book.audit)
        owners = self._attribution.owners if self._attribution else None
        self._counting = Counting(
            book,
            births,
            series_limit=config.series_limit,
            workload_of=owners.workload_of if owners else None,
        )
        self._watches = [
            Watch.of(namespace, config, self._cluster, self._counting, _noting(namespace))
            for namespace in ([] if config.audit_only else config.namespaces or ("",))
        ]
        self._checkpointing = Checkpointing(
            config,
            {w.telemetry.scope: w.scope.ledger for w in self._watches},
            self._counting,
            self._scrapers,
            _noting(),
        )
        self._failover: Failover | None = None
        self._elector: Elector | None = None
        if config.leader_election:
            self._failover = failover = Failover(
                self._counting,
                {w.telemetry.scope: w.scope for w in self._watches},
                lambda: {w.telemetry.scope: w.reached for w in self._watches},
                _noting(),
                limit=PAYLOAD_LIMIT_BYTES,
            )
            hooks = Hooks(
                failover.started_leading,
                failover.stopped_leading,
                failover.observed,
                failover.published,
            )
            place = lease_place(config)
            self._elector = Elector(self._cluster, place, config.lease_timing, hooks, note=_log)
            failover.publish = self._elector.publish
        reviews = reviews_of(config, self._cluster)
        own = SelfMetrics(
            births,
            self._scrapers,
            self._counting,
            [Watched(w.telemetry, w.scope) for w in self._watches],
            attribution=self._attribution,
            checkpointing=self._checkpointing,
            auditing=self._auditing,
            elector=self._elector,
            failover=self._failover,
            reviews=reviews.tally if reviews else None,
        )
        events = () if config.audit_only else tuple(self._counting.families())
        audit = tuple(self._auditing.families()) if self._auditing else ()
        for family in (*events, *audit, own.build_info):
            try:
                family.carry(config.carried_labels)
            except ValueError as error:
                raise ConfigError(f"--label, --cluster.name: {error}") from None
        for family in own.families():
            if family is not own.build_info:
                family.carry(config.cluster_labels)
        self._page = Page(
            own.families(),
            births,
            self._scrapers,
            events=(*events, *audit),
            events_shown=self._leads,
            refresh=own.refresh,
            foreign=ProcessMetrics(config.cluster_labels),
        )
        self._web = web_server(
            config,
            self._page,
            reviews,
            health=self.health,
            facts=lambda: told(
                config,
                self._cluster,
                self._watches,
                self._counting,
                scrapers=self._scrapers,
                checkpointing=self._checkpointing,
                auditing=self._auditing,
                elector=self._elector,
                ready=self.health().ready,
            ),
            note=_noting(),
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Serve and watch until ``stop`` is set.

        Raises ``ConnectionConfigError`` at start, ``ExporterFailedError`` then and later.
        """
        async with contextlib.AsyncExitStack() as house:
            house.push_async_callback(self._cluster.close)
            if self._config.needs_cluster:
                await self._cluster.load()
            if not self._config.audit_only:
                self._checkpointing.begin(self._cluster.url)
            if self._auditing:
                await self._auditing.wait_for_file()
                self._auditing.begin()
            for committer in self._committers():
                house.push_async_callback(committer.close)
            self._page.witnesses = (
                *self._committers(),
                *((self._failover,) if self._failover else ()),
            )
            if self._elector:
                # After the last page was sent: what it showed goes with the release.
                house.push_async_callback(self._elector.release)
            house.push_async_callback(self._web.stop)
            if self._auditing and self._auditing.webhook:
                house.push_async_callback(self._auditing.webhook.stop)
                await self._listen_for_audit(self._auditing.webhook)
            host, port = self._config.listen_host, self._config.listen_port
            self._announce(*await started(self._web, host, port))
            await self._work(stop)
            _log("info", "stopping", {})

    def _announce(self, host: str, port: int) -> None:
        at = address(host, port)
        scheme = "https" if self._web.encrypted else "http"
        person = at.replace("0.0.0.0", "127.0.0.1").replace("[::]", "127.0.0.1")  # noqa: S104
        _log("info", "listening", {"address": at, "version": VERSION})
        watched = f"watching the events of {self._cluster.description} at {self._cluster.url}"
        if self._config.audit_only:
            watched = "watching no events, only audit events"
        _log("info", f"{watched}; look at {scheme}://{person}/", {})

    async def _work(self, stop: asyncio.Event) -> None:
        """Until ``stop``, or until a part dies, which ends the others."""
        watching = [asyncio.create_task(self._watching(w), name="watch") for w in self._watches]
        following = [
            asyncio.create_task(followed.watcher.run(), name=f"watch of {followed.kind}")
            for followed in (self._attribution.followed if self._attribution else ())
        ]
        generations = asyncio.create_task(self._generations(), name="generations")
        tasks = [*following, *watching, generations]
        tasks += [asyncio.create_task(c.run(), name="checkpoint") for c in self._committers()]
        if self._auditing and self._auditing.follower:
            tasks.append(asyncio.create_task(self._auditing.follower.run(), name="audit log"))
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

    async def _watching(self, watch: Watch) -> NoReturn:
        if self._attribution:
            await self._attribution.head_start()
        await watch.watcher.run()

    async def _contending(self, elector: Elector) -> NoReturn:
        """Who has not seen the cluster yet has nothing to show, and leaves the lead to others."""
        while unwatched(self._watches):  # noqa: ASYNC110 - telemetry tells no one
            await asyncio.sleep(_LOOK_SECONDS)
        await elector.run()

    async def _listen_for_audit(self, webhook: AuditWebhook) -> None:
        config = self._config
        bound = await started(webhook, config.audit_webhook_host, config.audit_webhook_port)
        _log("info", "receiving audit events", {"address": address(*bound)})

    def _committers(self) -> Sequence[Committer[Any, Any]]:
        """Of all that outlives us."""
        parts = (self._checkpointing, self._auditing)
        return [part.committer for part in parts if part and part.committer]

    def health(self) -> Health:
        """Ready when every scope is watched and, with an election, when we take part in it."""
        if health := unwatched(self._watches):
            return health
        if self._elector and self._elector.unready:
            return Health.unready(self._elector.unready, self._elector.telemetry.last_failure)
        return Health(ready=True, reason="ok")

    def _leads(self) -> bool:
        """Whether the metrics of events are for us to show: who runs alone always leads."""
        return self._elector is None or self._elector.leading

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

    async def _generations(self) -> NoReturn:
        lifetime = max(int(self._config.series_ttl / _GENERATION_SECONDS), 1)
        while True:
            await asyncio.sleep(_GENERATION_SECONDS)
            for _ in self._counting.aging(lifetime):
                await asyncio.sleep(0)  # events, probes and scrapers have their turn
            if self._attribution:
                self._attribution.owners.forget(time.monotonic())
            for watch in self._watches:
                watch.scope.ledger.forget(time.monotonic())
            if self._auditing:
                self._auditing.next_generation(lifetime)


def _noting(namespace: str = "", **more: str) -> Note:
    scope = {**({"namespace": namespace} if namespace else {}), **more}

    def note(level: str, message: str, fields: dict[str, object]) -> None:
        _log(level, message, {**scope, **fields})

    return note


def _log(level: str, message: str, fields: dict[str, object]) -> None:
    logger.log(logging.getLevelNamesMapping()[level.upper()], message, extra={"fields": fields})
