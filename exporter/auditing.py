# SPDX-License-Identifier: Apache-2.0
"""Auditing: joins where audit events come from to their families, and to what outlives us."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from exporter.audit import AuditReader, AuditRecord, Identities, Undecodable, UnreadableBatchError
from exporter.audit.mending import mended
from exporter.audit.record import microseconds
from exporter.auditlog import LogFollower, LogPosition
from exporter.checkpoint.beginning import begin
from exporter.checkpoint.committer import Committer
from exporter.checkpoint.database import CheckpointError, HeldError
from exporter.checkpoint.increment_store import Increment, IncrementStore
from exporter.checkpoint.increments import Increments, IncrementsCut, ShownIncrements
from exporter.config import Config
from exporter.metrics.births import Births, Scrapers
from exporter.metrics.counter import GaugeFamily
from exporter.metrics.series import Family, Series
from exporter.notes import Note
from exporter.pipeline import AuditCounting
from exporter.rules.audit.rulebook import AuditRules
from exporter.rules.reserved_audit import LAST_RECEIVED, SOURCES
from exporter.web.terms import TlsFiles, followed_terms
from exporter.web.terms.usage import webhook_usage
from exporter.web.webhook import AuditWebhook, Receipt, Receive

WEBHOOK, LOG = SOURCES
FILE_SUFFIX = ".audit"
"""Of the file beside that of ``--checkpoint.path``."""
# An API server sends a batch again for 100 s with its defaults, for four minutes where it is told
# to wait; known is what came in the last five minutes, and in up to five before.
_IDENTITY_GENERATIONS = 5
# 80 bytes each. Half of it is what came within a minute where an API server writes 4 000 a second,
# which is as much as one sends by webhook.
_MOST_IDENTITIES = 500_000
# Who is told to end has two seconds.
_PATIENCE_SECONDS = 10.0
_LOOK_SECONDS = 0.1
_MICROSECONDS = 1_000_000


@dataclass(slots=True)
class Reception:
    """What came from one source."""

    reader: AuditReader = field(default_factory=AuditReader)
    records: int = 0
    lag: float = 0.0
    """Seconds from the stage of the latest record to its arrival."""
    overlong: Callable[[], int] = lambda: 0
    """Lines that were passed over before the reader saw them."""

    def undecodable(self) -> dict[Undecodable, int]:
        """Lines and items that could not be read, by cause."""
        found = dict(self.reader.undecodable)
        found[Undecodable.OVERLONG] += self.overlong()
        return found


class Auditing:
    """Audit events of the sources that the configuration names."""

    def __init__(
        self,
        config: Config,
        births: Births,
        scrapers: Scrapers,
        note: Note,
        *,
        rules: AuditRules,
    ) -> None:
        on = {WEBHOOK: config.audit_webhook, LOG: bool(config.audit_log_path)}
        self.receptions = {source: Reception() for source in SOURCES if on[source]}
        # Of all sources: what the webhook brought stands in a log further down, which may be read
        # by a process without the webhook.
        self.identities = Identities(SOURCES, limit=_MOST_IDENTITIES)
        self.counting = AuditCounting(
            births,
            self.identities,
            series_limit=config.series_limit,
            rules=rules,
            user_labels=config.audit_user_labels,
        )
        self.last_received = 0.0
        """When a record last came in, Unix seconds; 0.0 for never."""
        self.enabled = bool(config.checkpoint_path)
        self.restored = False
        """Whether we go on where another process was."""
        self.committer: Committer[ShownIncrements, IncrementsCut] | None = None
        """None where nothing is kept: not asked for, not possible, or not begun."""
        self.webhook = _webhook(config, self._receive, note) if config.audit_webhook else None
        self.follower: LogFollower[list[AuditRecord]] | None = None
        if config.audit_log_path:
            self.follower = LogFollower(
                Path(config.audit_log_path), self._read, self._take, note=note
            )
            telemetry = self.follower.telemetry
            self.receptions[LOG].overlong = lambda: telemetry.overlong
        self._config = config
        self._scrapers = scrapers
        self._note = note
        self._received_at = GaugeFamily(LAST_RECEIVED, births=births)
        self._increments: Increments | None = None
        """None where nothing is kept: then no page tells it what was shown, and it would hold
        every series for ever."""
        self._generations = 0
        self._mending = asyncio.Lock()

    def families(self) -> Iterator[Family[Series]]:
        """Of what happened in the cluster, in the order they are shown."""
        yield from self.counting.families()
        yield self._received_at

    async def wait_for_file(self) -> None:
        """Until no other process has the checkpoint, as one has it that is about to end; but not
        for ever.
        """
        if not self.enabled:
            return
        path = Path(self._config.checkpoint_path + FILE_SUFFIX)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                IncrementStore(path).close()
            except HeldError:
                await asyncio.sleep(_LOOK_SECONDS)
            except CheckpointError:
                return  # that is told when it is begun with
            else:
                return

    def begin(self) -> None:
        """Go on from what is kept, and keep from now on."""
        position = ""
        if self.enabled:
            path = Path(self._config.checkpoint_path + FILE_SUFFIX)
            store, kept = begin(path, IncrementStore, self._restored, self._note)
            if store is not None:
                self._increments = Increments(
                    self.counting.families(), self.identities, self._position, self._scrapers.names
                )
                self.committer = Committer(self._increments, store, self._note)
            position = kept.position if kept else ""
        else:
            text = "no --checkpoint.path: audit events that nobody has scraped are lost"
            self._note("warning", f"{text} when this process ends", {})
        if self.follower:
            self.follower.begin(self._continued(position))

    def next_generation(self, lifetime: int) -> None:
        """A minute has passed: end idle series, forget what came long ago."""
        if self._increments:
            self._increments.retain()
        self.counting.next_generation(lifetime)
        self._generations += 1
        if self._generations % _IDENTITY_GENERATIONS == 0:
            self.identities.next_generation()

    def _restored(self, store: IncrementStore) -> Increment:
        """What is in the file, added to ours; raises what ``begin`` knows."""
        kept = store.load()
        with store.reading():
            self.identities.restore(kept.seed, kept.identities)
        unfit = {
            row.family
            for row in kept.rows
            if not self.counting.add(row.family, row.labels, row.amount)
        }
        if unfit:  # the rules are others now
            fields: dict[str, object] = {"families": ",".join(sorted(unfit))}
            self._note("warning", "what the checkpoint holds of some series fits no more", fields)
        self._scrapers.restore(kept.scrapers)
        self.restored = bool(kept.scrapers or kept.identities or kept.position)
        if self.restored:
            known = len(self.identities)
            fields = {"held": len(kept.rows), "audit_events": known}
            self._note("info", "checkpoint of audit events restored", fields)
        return kept

    def _position(self) -> str:
        position = self.follower.position if self.follower else None
        # A position does not know its path: at another it would be a gap.
        return f"{self._config.audit_log_path}\n{position.to_text()}" if position else ""

    def _continued(self, text: str) -> LogPosition | None:
        """The position that is kept of this log; None where there is none that can be read."""
        path, _, position = text.rpartition("\n")
        if path != self._config.audit_log_path:
            if path:
                reason = f"the checkpoint is of {path}"
                self._note("warning", "the log is followed from its end", {"reason": reason})
            return None
        try:
            return LogPosition.from_text(position)
        except ValueError as error:
            self._note("error", "the log is followed from its end", {"reason": str(error)})
            return None

    async def _receive(self, body: bytes, region: str) -> Receipt:
        """A batch of the webhook: counted, and safe."""
        reader = self.receptions[WEBHOOK].reader
        slices = reader.slices(body)
        if slices is None:
            # Costs as much as reading it in Python: not here, where all others wait.
            # One at a time, for it takes memory as well.
            async with self._mending:
                slices = reader.slices(await asyncio.to_thread(mended, body))
        if slices is None:
            return Receipt.NOT_EVENT_LIST
        del body
        try:
            for records in slices:
                self._count(records, WEBHOOK, region)
                await asyncio.sleep(0)  # also where nothing was to be read: events have their turn
        except UnreadableBatchError:
            return Receipt.NOT_EVENT_LIST
        return Receipt.SAVED if await self._saved() else Receipt.NOT_SAVED

    async def _saved(self) -> bool:
        """Whether what is counted is as safe as it was asked to be."""
        if self.committer:
            return await self.committer.save()
        return not self.enabled

    def _read(self, block: bytes, last: bool) -> list[AuditRecord]:  # noqa: FBT001 - the follower's
        """Lines of the log; ``last`` where a file ends without a line break."""
        reader = self.receptions[LOG].reader
        return reader.last(block) if last else reader.lines(block)

    def _take(self, records: list[AuditRecord]) -> None:
        self._count(records, LOG)

    def _count(self, records: Sequence[AuditRecord], source: str, region: str = "") -> None:
        if not records:
            return
        reached = self.counting.reached
        for record in records:
            reached(record, source)
        reception, now = self.receptions[source], time.time()
        reception.records += len(records)
        reception.lag = now - _latest(records, now)
        self.last_received = now
        self._received_at.at((region, source)).set(now)


def _latest(records: Iterable[AuditRecord], now: float) -> float:
    """When the latest stage was reached, Unix seconds; ``now`` where that is not known."""
    # As text: of one server all are of one form, and it is the order of time.
    found = microseconds(max(record.staged for record in records))
    return now if found is None else found / _MICROSECONDS


def webhook_tls(config: Config) -> TlsFiles | None:
    """Files of the webhook that options name one by one; None where none are."""
    if not config.audit_webhook_cert_file:
        return None
    ca = config.audit_webhook_client_ca_file
    return TlsFiles(
        Path(config.audit_webhook_cert_file),
        Path(config.audit_webhook_key_file),
        Path(ca) if ca else None,
    )


def _webhook(config: Config, receive: Receive, note: Note) -> AuditWebhook:
    tokens = config.audit_webhook_token_file
    files, terms = webhook_tls(config), None
    if config.audit_webhook_config_file:
        path = Path(config.audit_webhook_config_file)
        terms = followed_terms(path, note, webhook_usage(config))
    elif files:
        terms = files.followed(note)
    return AuditWebhook(
        receive,
        max_body_bytes=config.audit_webhook_max_body,
        note=note,
        terms=terms,
        token_file=Path(tokens) if tokens else None,
    )
