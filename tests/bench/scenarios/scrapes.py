"""What a scrape takes, by how many series there are and how many of them changed."""

from __future__ import annotations

import statistics
from dataclasses import asdict

from tests.bench.feeding.events import Load
from tests.bench.feeding.feeder_process import FeederProcess
from tests.bench.poller import Polls
from tests.bench.scenarios.bench import Bench, Figures, grid
from tests.bench.subjects.server import Server
from tests.bench.subjects.subject import Subject


class Grid:
    """Label sets, and what makes all or some of their series change."""

    def __init__(self, feeder: FeederProcess, server: Server, label_sets: int) -> None:
        """All are yet to be born. Each makes two samples: a total and a last-seen time, of the
        informer in Python a total and prometheus_client's ``_created``.
        """
        self.rounds = 0
        self.label_sets = label_sets
        self._load: Load = grid(label_sets)
        self._feeder = feeder
        self._server = server

    def touch(self, step: int = 1) -> None:
        """One more occurrence of each ``step``-th, counted."""
        self.rounds += 1
        self._feeder.do(
            "touch", load=asdict(self._load), events=self.label_sets, count=self.rounds, step=step
        )
        self._feeder.do("stream")
        self._server.settle()


def scrape_10k(bench: Bench, subject: Subject) -> Figures:
    """Scrape time at about 10 000 samples."""
    return _scrapes(bench, subject, 5_000, "10k")


def scrape_100k(bench: Bench, subject: Subject) -> Figures:
    """Scrape time at about 100 000 samples."""
    return _scrapes(bench, subject, 50_000, "100k")


def _scrapes(bench: Bench, subject: Subject, label_sets: int, name: str) -> Figures:
    """Scrape times with nothing, 1 % and all of the series changed since the last scrape.

    A figure is the median of several scrapes, but one of "all": that takes long to set up. Others
    always render everything, so once will do for them.
    """
    figures: Figures = {}
    with bench.feeder() as feeder, bench.served(subject, feeder) as server:
        series = Grid(feeder, server, label_sets)
        series.touch()
        figures[f"scrape_{name}_first"] = server.scrape().seconds * 1e3
        page = server.scrape()
        figures[f"scrape_{name}_samples"] = page.samples()
        figures[f"scrape_{name}_bytes"] = page.sent / 1e6
        if subject.ours:
            shown = page.samples("kube_events_total")
            assert shown == label_sets, f"{shown} of {label_sets} label sets are shown"
        for state, step in (("none", 0), ("some", 100), ("all", 1)):
            for gzip in (False, True):
                if gzip and state == "all" and subject.slow:
                    continue
                times = []
                once = not subject.ours or state == "all"
                for _ in range(1 if once else bench.size.scrapes):
                    if step:
                        series.touch(step)
                    times.append(server.scrape(gzip=gzip).seconds * 1e3)
                key = f"scrape_{name}_{state}{'_gzip' if gzip else ''}"
                figures[key] = statistics.median(times)
        if subject.ours:
            series.touch()
            with Polls(server.port, "/livez", bench.directory) as polls:
                server.scrape(gzip=True)
            figures[f"scrape_{name}_stall"] = polls.longest * 1e3
    return figures
