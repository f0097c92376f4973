# SPDX-License-Identifier: Apache-2.0
"""Checkpointing: joins the checkpoint's file to the ledgers, the counters and the scrapers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic

from exporter.checkpoint.beginning import begin
from exporter.checkpoint.committer import Committer
from exporter.checkpoint.recorder import Recorder
from exporter.checkpoint.state import Cut, Restored
from exporter.checkpoint.store import Store
from exporter.config import Config
from exporter.events import Ledger
from exporter.metrics.births import Scrapers
from exporter.notes import Note
from exporter.pipeline import Counting


class Checkpointing:
    """What outlives the process. ``ledgers`` are by scope."""

    def __init__(
        self,
        config: Config,
        ledgers: Mapping[str, Ledger],
        counting: Counting,
        scrapers: Scrapers,
        note: Note,
    ) -> None:
        self.enabled = bool(config.checkpoint_path) and not config.audit_only
        self.restored = False
        """Whether we go on where another process was."""
        self.committer: Committer[Cut, Cut] | None = None
        """None where nothing is kept: not asked for, not possible, or not begun."""
        self._config = config
        self._ledgers = ledgers
        self._counting = counting
        self._scrapers = scrapers
        self._note = note

    def begin(self, url: str) -> None:
        """Go on from what is kept of the cluster at ``url``, and keep from now on."""
        config = self._config
        if not self.enabled:
            return
        about = json.dumps([url, sorted(config.namespaces), config.field_selector])
        store, restored = begin(
            Path(config.checkpoint_path), Store, lambda file: file.load(about), self._note
        )
        if restored is not None:
            self._restore(restored)
        if store is not None:
            recorder = Recorder(self._ledgers, self._counting.bounded, self._scrapers.names)
            self.committer = Committer(recorder, store, self._note)

    def _restore(self, restored: Restored) -> None:
        for scope, ledger in self._ledgers.items():
            ledger.seed = restored.seed
            kept = restored.ledgers.get(scope)
            if kept is not None:
                self.restored = True
                ledger.restore(
                    kept.entries,
                    since=kept.marks.since,
                    evicted_up_to=kept.marks.evicted_up_to,
                    clock=kept.marks.clock,
                    now=monotonic(),
                )
        unfit: Sequence[str] = [
            held.family for held in restored.held if not self._counting.add(*held.what)
        ]
        if unfit:  # the rules or --workload.labels are others now
            fields: dict[str, object] = {"families": ",".join(sorted(set(unfit)))}
            self._note("warning", "what the checkpoint holds of some series fits no more", fields)
        self._scrapers.restore(restored.scrapers)
        if self.restored:
            events = sum(len(ledger) for ledger in self._ledgers.values())
            self._note(
                "info", "checkpoint restored", {"events": events, "held": len(restored.held)}
            )
