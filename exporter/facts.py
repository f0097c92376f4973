# SPDX-License-Identifier: Apache-2.0
"""What the landing page tells, read from the rooms."""

from __future__ import annotations

import time
from collections.abc import Sequence

from exporter.auditing import FILE_SUFFIX, Auditing
from exporter.checkpointing import Checkpointing
from exporter.config import Config
from exporter.election import Elector
from exporter.kube.connection import Cluster
from exporter.metrics.births import Scrapers
from exporter.pipeline import Counting
from exporter.version import VERSION
from exporter.watching import Watch
from exporter.web.landing import AuditFacts, Facts


def told(
    config: Config,
    cluster: Cluster,
    watches: Sequence[Watch],
    counting: Counting,
    *,
    scrapers: Scrapers,
    checkpointing: Checkpointing,
    auditing: Auditing | None,
    elector: Elector | None,
    ready: bool,
) -> Facts:
    """The facts of this moment."""
    committers = [c for c in (checkpointing.committer, auditing and auditing.committer) if c]
    kept = bool(committers) and not any(committer.failing for committer in committers)
    families = (
        *(counting.families() if watches else ()),
        *(auditing.families() if auditing else ()),
    )
    starts = [w.scope.ledger.since for w in watches]
    synced = bool(watches) and all(w.telemetry.synced for w in watches)
    return Facts(
        version=VERSION,
        cluster=f"{cluster.url} ({cluster.description})" if watches else "",
        scopes=config.namespaces,
        field_selector=config.field_selector,
        ready=ready,
        connected=all(w.telemetry.connected for w in watches),
        since=max(starts) if synced else 0.0,
        last_event=counting.last_occurrence,
        now=time.time(),
        occurrences=counting.total,
        series=sum(map(len, families)),
        events_remembered=sum(len(w.scope.ledger) for w in watches),
        scrapers=len(scrapers),
        checkpoint=_checkpoint(config),
        kept=kept,
        committed=max((committer.last_commit for committer in committers), default=0.0),
        leads=elector is None or elector.leading,
        leader=elector.telemetry.holder if elector else "",
        watches=bool(watches),
        audit=_audit(config, auditing) if auditing else None,
    )


def _checkpoint(config: Config) -> str:
    """Its file; of two that of the events, beside which the other one is."""
    path = config.checkpoint_path
    return path + FILE_SUFFIX if path and config.audit_only else path


def _audit(config: Config, auditing: Auditing) -> AuditFacts:
    sources = ("the webhook",) if auditing.webhook else ()
    if config.audit_log_path:
        sources = (*sources, config.audit_log_path)
    return AuditFacts(sources, auditing.counting.total, auditing.last_received)
