"""An exporter of audit events that dies: the whole way but for sockets and the log's files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from exporter.audit import AuditReader, Identities
from exporter.checkpoint.increment_store import IncrementStore
from exporter.checkpoint.increments import Increments
from exporter.metrics.births import Births, Scrapers
from exporter.metrics.page import Page
from exporter.metrics.text import Format
from exporter.pipeline import AuditCounting
from exporter.rules.audit.rulebook import AuditRules
from tests.unit.metrics.house import samples

LOG, WEBHOOK = "log", "webhook"


class AuditProcess:
    """One life of the exporter. ``log`` are the lines of the API server's log, which grows."""

    def __init__(self, path: Path, log: Sequence[bytes], *, limit: int = 1_000) -> None:
        self._log = log
        self.file = IncrementStore(path)
        kept = self.file.load()
        births = Births(lambda: 0.0)
        self.scrapers = Scrapers(births, lambda: 0.0)
        identities = Identities((WEBHOOK, LOG), limit=limit)
        self._counting = AuditCounting(births, identities, series_limit=100, rules=AuditRules())
        families = list(self._counting.families())
        self.increments = Increments(
            families, identities, lambda: str(self._position), self.scrapers.names
        )
        for row in kept.rows:
            assert self._counting.add(row.family, row.labels, row.amount)
        identities.restore(kept.seed, kept.identities)
        self.scrapers.restore(kept.scrapers)
        # As the first LIST is a baseline: without a checkpoint it begins at the end.
        self._position = int(kept.position or len(log))
        self._page = Page(families, births, self.scrapers)
        self._page.witnesses = (self,)
        self._disk_full = False

    def receive(self, batch: Sequence[bytes]) -> None:
        """A batch of the webhook comes in and is counted."""
        self._count(batch, WEBHOOK)

    def save(self) -> bool:
        """What is counted is written; whether it could be."""
        due = self.increments.take_due()
        if due is None:
            return True
        if self._disk_full:
            self._disk_full = False
            self.increments.put_back(due)
            return False
        self.file.commit(due)
        return True

    def read(self, lines: int) -> None:
        """So many lines of the log."""
        found = self._log[self._position : self._position + lines]
        self._count(found, LOG)
        self._position += len(found)

    def fill_disk(self) -> None:
        """The next write fails."""
        self._disk_full = True

    def scrape(self, scraper: str, *, sent: bool, late: int = 0) -> Mapping[str, float]:
        """The samples of a page, of which a commit follows if it is sent; ``late``: so many lines
        are read between the making of the page and its end.
        """
        parts, showing = self._page.render(Format.TEXT, scraper, id(self))
        body = b"".join(parts).decode()
        self.read(late)
        if sent:
            self._page.shown(showing)
        return samples(body)

    def showing(self, seen: int) -> object:
        return self.increments.cut(seen)

    def shown(self, moment: object) -> None:
        self.increments.shown(moment)  # type: ignore[arg-type]
        # A page must be written: the next one can be too late.
        while not self.save():
            pass

    def die(self) -> None:
        """Without a word: only what was committed is left."""
        self.file.close()

    def _count(self, lines: Sequence[bytes], source: str) -> None:
        for record in AuditReader().lines(b"\n".join(lines)):
            self._counting.reached(record, source)
