"""Whenever the exporter dies, every request is in Prometheus' increases once."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.audit_exporter import AuditProcess
from tests.property.dying_exporter import Prometheus
from tests.unit.audit.events import line

VERBS = ("get", "list", "create")
SCRAPER, OTHER = "10.0.0.1 Prometheus", "10.0.0.2 Prometheus"
_ALL = 1_000_000

Step = tuple[str, int]
requests = st.tuples(st.sampled_from(VERBS), st.integers(0, 3))
sends = st.tuples(
    st.sampled_from(("send", "send and lose the answer", "die before the answer")), st.just(0)
)
reads = st.tuples(st.just("read"), st.integers(1, 4))
scrapes = st.tuples(st.sampled_from(("scrape", "failed scrape")), st.integers(0, 2))
others = st.tuples(st.sampled_from(("crash", "full disk")), st.just(0))
steps = st.lists(requests | requests | sends | reads | scrapes | others, max_size=60)


class ApiServer:
    """Writes its log, and keeps batches for its webhook until they are answered."""

    def __init__(self) -> None:
        self.log: list[bytes] = []
        self.unanswered: list[bytes] = []
        self.requests: Counter[str] = Counter()

    def serves(self, verb: str, chosen: int) -> None:
        """A request is over; a client may choose its id, and so that of another request."""
        number = len(self.log)
        self.requests[verb] += 1
        event = line(
            auditID="chosen" if chosen else f"{number}",
            verb=verb,
            requestReceivedTimestamp=f"2026-11-22T11:35:18.{number:06}Z",
        ).strip()
        self.log.append(event)
        self.unanswered.append(event)


@pytest.mark.parametrize("sources", [("webhook",), ("log",), ("webhook", "log")], ids="+".join)
@given(these=steps)
@settings(deadline=None)
def test_increases_are_the_requests_whenever_it_dies(
    sources: tuple[str, ...], these: list[Step]
) -> None:
    """Batches that are sent again, answers that are lost, a disk that is full, lines that are read
    beside a page, failed scrapes, and crashes at every moment but that between a page and its
    commit: in counters and in histograms, by webhook, by log, and by both.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "checkpoint.db.audit"
        api, prometheus = ApiServer(), Prometheus()

        def born() -> AuditProcess:
            return AuditProcess(path, api.log if "log" in sources else ())

        process = born()
        prometheus.receive(process.scrape(SCRAPER, sent=True))
        for step, number in these:
            match step:
                case "get" | "list" | "create":
                    api.serves(step, number)
                case "send" if "webhook" in sources:
                    process.receive(api.unanswered)
                    if process.save():
                        api.unanswered.clear()
                case "send and lose the answer" if "webhook" in sources:
                    process.receive(api.unanswered)
                    process.save()
                case "die before the answer" if "webhook" in sources:
                    process.receive(api.unanswered)
                    process.die()
                    process = born()
                case "read":
                    process.read(number)
                case "scrape":
                    prometheus.receive(process.scrape(SCRAPER, sent=True, late=number))
                case "failed scrape":
                    process.scrape(SCRAPER, sent=False, late=number)
                case "full disk":
                    process.fill_disk()
                case "crash":
                    process.die()
                    process = born()
        if "webhook" in sources:
            process.receive(api.unanswered)
            assert process.save() or process.save()
        process.read(_ALL)
        for _ in range(2):
            prometheus.receive(process.scrape(SCRAPER, sent=True))
        process.die()
        true = api.requests
        assert prometheus.counted("kube_audit_requests_total", true) == true
        family = "kube_audit_request_duration_seconds"
        assert prometheus.counted(f"{family}_count", true) == true
        in_time = prometheus.counted(f"{family}_bucket", ["+Inf"])
        assert in_time["+Inf"] == true.total()


def test_a_series_of_which_something_was_not_shown_does_not_end(tmp_path: Path) -> None:
    """However long nobody scrapes; what was shown ends as series do."""
    log = [line(auditID=verb, verb=verb).strip() for verb in VERBS]
    process = AuditProcess(tmp_path / "file", ())
    process.receive(log[:1])
    for _ in range(2):
        process.scrape(SCRAPER, sent=True)
    process.receive(log[1:])
    for _ in range(5):
        process.increments.retain()
        process._counting.next_generation(2)
    counters = [name for name in process.scrape("", sent=False) if "requests_total{" in name]
    living = {verb for verb in VERBS if any(f'verb="{verb}"' in name for name in counters)}
    assert living == set(VERBS[1:])
    process.die()


def test_what_was_shown_is_kept_no_more(tmp_path: Path) -> None:
    """The file holds what scrapers miss, and is empty when they miss nothing."""
    process = AuditProcess(tmp_path / "file", ())
    process.receive([line(auditID=verb, verb=verb).strip() for verb in VERBS])
    assert process.save()
    assert len(process.file.load().rows) == 6  # a counter and a histogram each
    process.scrape(SCRAPER, sent=True)
    assert len(process.file.load().rows) == 6  # they were shown at 0
    process.scrape(SCRAPER, sent=True)
    assert process.file.load().rows == []
    assert process.file.load().scrapers == [SCRAPER]
    process.die()


def test_pages_that_overlap_hold_back_nothing_and_tell_nothing_twice(tmp_path: Path) -> None:
    """A page can be made before another and be sent after it."""
    process = AuditProcess(tmp_path / "file", ())
    process.receive([line(auditID="0").strip()])
    for scraper in (SCRAPER, OTHER, SCRAPER, OTHER):
        process.scrape(scraper, sent=True)
    process.receive([line(auditID="1").strip()])
    early = process.increments.cut(1_000)
    process.receive([line(auditID="2").strip()])
    late = process.increments.cut(1_000)
    process.shown(late)
    assert process.file.load().rows == []
    process.shown(early)
    assert process.file.load().rows == []
    process.receive([line(auditID="3").strip()])
    assert process.save()
    amounts = {row.family: row.amount for row in process.file.load().rows}
    assert amounts["kube_audit_requests_total"] == 1
    process.die()
