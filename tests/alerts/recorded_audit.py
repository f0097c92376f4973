"""Recorded audit events as Prometheus would have scraped their metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from exporter.audit import AuditReader, AuditRecord, Identities
from exporter.audit.record import microseconds
from exporter.commands.recorded import EventClock
from exporter.metrics.births import Births, Scrapers
from exporter.metrics.page import Page
from exporter.pipeline import AuditCounting
from exporter.rules.loading import built_in, load
from tests.alerts.recorded import INTERVAL, Samples, Scraping
from tests.recordings.reading import body, names
from tests.unit.audit.events import of_body

_MOST = 1_000_000


def audited(version: str) -> list[AuditRecord]:
    """What the log and the bodies of a recording hold, in the order of their times."""
    reader = AuditReader()
    found = reader.lines(body(f"{version}/audit/audit.log"))
    for name in names(f"{version}/audit/webhook-*.body.gz"):
        found += of_body(reader, body(name)) or []
    return sorted(found, key=_seconds)


def scraped(records: Iterable[AuditRecord], wanted: Callable[[AuditRecord], bool]) -> Samples:
    """The pages that one Prometheus was shown while these requests were made."""
    clock = EventClock()
    births = Births(clock)
    rules = load(built_in(), lambda: 0.0).audit
    identities = Identities(("log",), limit=_MOST)
    counting = AuditCounting(births, identities, series_limit=10_000, rules=rules)
    prometheus = Scraping(Page(counting.families(), births, Scrapers(births, clock)))
    found = [record for record in records if wanted(record)]
    assert found, "nothing of what is wanted was recorded"
    clock.now = _seconds(found[0])
    for due, record in _with_scrapes(found):
        if record is None:
            clock.now = due
            prometheus.scrape()
        else:
            clock.now = max(clock.now, _seconds(record))
            counting.reached(record, "log")
    return prometheus.end(clock)


def _with_scrapes(found: list[AuditRecord]) -> Iterator[tuple[float, AuditRecord | None]]:
    """Each record, and None where a scrape is due before it."""
    due = _seconds(found[0])
    for record in found:
        while _seconds(record) >= due:
            yield due, None
            due += INTERVAL
        yield due, record


def _seconds(record: AuditRecord) -> float:
    return (microseconds(record.staged) or 0) / 1e6
