"""A storm: 50 000 events in one second, then quiet."""

from __future__ import annotations

import threading
from dataclasses import asdict
from typing import Self

from tests.bench.feeding.events import FRAMES_PER_WRITE
from tests.bench.poller import Polls
from tests.bench.scenarios.bench import REPEATS, Bench, Figures, cluster
from tests.bench.subjects.server import Server
from tests.bench.subjects.subject import Subject

EVENTS = 50_000
_SCRAPE_PAUSE_SECONDS = 0.1


def storm(bench: Bench, subject: Subject) -> Figures:
    """Absorbed without loss and without a buffer of its own, scraped and asked meanwhile.

    ``storm_memory`` is the highest memory during it, over that before: what the ledger and the
    pages need. Had the bytes been gathered, these would be there too (``storm_bytes``).
    """
    if subject.slow:
        return {}  # its storm lasts five seconds
    with bench.feeder() as feeder, bench.served(subject, feeder) as server:
        load = asdict(cluster(20))
        made = feeder.do("prepare", load=load, events=EVENTS, repeats=REPEATS)
        server.scrape()
        before = server.resident()
        server.forget_peak()
        health = subject.ready_path or subject.metrics_path
        with (
            Polls(server.port, health, bench.directory) as polls,
            _Scraping(server) as scraping,
        ):
            moments = feeder.do("stream", rate=EVENTS / FRAMES_PER_WRITE)
        ended = server.settle()
        growth = server.peak() - before
        server.counted(EVENTS)
    figures = {
        "storm_seconds": moments["ended"] - moments["began"],
        "storm_behind": max(ended - moments["ended"], 0.0),
        "storm_scrape": scraping.longest,
        "storm_scrapes": scraping.made,
        "storm_memory": growth,
        "storm_bytes": made["bytes"] / 1e6,
    }
    if subject.ready_path:
        figures["storm_unready"] = polls.refused
        figures["storm_ready_wait"] = polls.longest * 1e3
    return figures


class _Scraping:
    """Scrapes one after the other while the block runs; the longest, in seconds."""

    def __init__(self, server: Server) -> None:
        self.longest = 0.0
        self.made = 0
        self._server = server
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._scrape)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _scrape(self) -> None:
        while not self._over.wait(_SCRAPE_PAUSE_SECONDS):
            self.longest = max(self.longest, self._server.scrape().seconds)
            self.made += 1
