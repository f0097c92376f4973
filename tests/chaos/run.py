"""One run: a cluster that breaks, an exporter that dies, one Prometheus or two, the comparison."""

from __future__ import annotations

import contextlib
import random
import time
from functools import partial
from pathlib import Path

from tests.chaos.cluster import END, ChaosCluster
from tests.chaos.exporter_lives import ExporterLives
from tests.chaos.increases import history, increases
from tests.chaos.killing import COMMITTED, HANDED_OVER, Killer
from tests.chaos.outcome import Outcome
from tests.chaos.scrape_line import ScrapeLine
from tests.chaos.setup import Setup
from tests.chaos.truth import EVENTS
from tests.envtest.process import eventually
from tests.integration.prometheus_server import Prometheus
from tests.loop_thread import LoopThread

_TTL = 6.0
_NAMESPACE_SECONDS = 0.6
_MOST_NAMESPACES = 150
"""All series must find room in the exporter's bounds, however long a run takes."""
_SCRAPE_SECONDS = 1.0
_DOWN_SECONDS = 1.5
_FIRST_LIFE = (8.0, 10.0)
"""How long the first exporter lives, in seconds: long enough to see events expire."""
_LIVES = ((0.2, 2.0), (0.2, 2.0), (5.0, 8.0))
"""How long the others live: hardly at all, or a little longer."""
_AT_WORK = 0.75
"""The share of lives that do not end before the exporter watches and has been scraped twice."""
_IN_A_PAGE = 0.6
"""The share of kills that wait for the next page."""
_IN_ORDER = 0.15
"""The share of ends that are in order, by SIGTERM."""
_FEWEST_KINDS = 6
_BREAKING_WITHIN = 120.0
_START_WITHIN = 60.0
_CATCH_UP_WITHIN = 150.0
_LAST_SCRAPES = 2


def play(setup: Setup, folder: Path) -> Outcome:
    """The run, in ``folder``. AssertionError where it cannot be brought to its end."""
    with contextlib.ExitStack() as house:
        run = _Run(setup, folder, house)
        run.pass_time()
        run.finish()
        return run.outcome


class _Run:
    """The parts, started in the order in which each needs the one before."""

    def __init__(self, setup: Setup, folder: Path, house: contextlib.ExitStack) -> None:
        self.outcome = Outcome(setup)
        self._setup = setup
        self._folder = folder
        self._house = house
        self._rng = random.Random(f"{setup.seed} kills")
        self._loop = house.enter_context(LoopThread())
        self._lines: list[ScrapeLine] = []
        self._cluster = self._start_cluster()
        self._exporters = [self._start_exporter(n) for n in range(setup.replicas)]
        self._prometheis = [self._start_prometheus(source) for source in setup.sources]
        self._began = time.monotonic()

    def pass_time(self) -> None:
        """All that is decided beforehand happens: writes and faults by themselves, kills here."""
        for exporter in self._exporters:
            exporter.now.wait_ready(_START_WITHIN)
        eventually(self._fewest_pages, "every exporter is scraped", within=_START_WITHIN)
        self._loop.ask(self._cluster.begin)
        self._began = time.monotonic()
        if self._setup.killing and self._setup.replicas > 1:
            self._kill_leaders()
        elif self._setup.killing:
            self._kill_and_restart(self._exporters[0])
        self._wait_until(self._began + self._setup.seconds)
        if self._setup.breaking:
            # On a slow machine a fault lasts longer: the exporter waits, and so does the next one.
            kinds = f"{_FEWEST_KINDS} kinds of faults"
            eventually(self._has_broken_enough, kinds, within=_BREAKING_WITHIN)

    def _has_broken_enough(self) -> bool:
        return len(self._loop.ask(self._cluster.faults)) >= _FEWEST_KINDS

    def finish(self) -> None:
        """Nothing happens any more; each Prometheus comes to know all that did, and is asked."""
        for exporter in self._exporters:
            exporter.now.wait_ready(_CATCH_UP_WITHIN)
        self._loop.run(self._cluster.end())
        for name, prometheus in zip(self._setup.sources, self._prometheis, strict=True):
            self._wait_for_end(prometheus)
            seconds = time.monotonic() - self._began + _START_WITHIN
            self.outcome.compare(
                name,
                self._loop.ask(self._cluster.counts),
                increases(prometheus, seconds),
                partial(history, prometheus, seconds),
            )
        cluster, outcome = self._cluster, self.outcome
        outcome.occurrences = cluster.occurred()
        outcome.label_sets = sum(map(len, cluster.counts().values()))
        outcome.pages = sum(line.pages for line in self._lines)
        outcome.faults = cluster.faults()
        outcome.writes = cluster.store.tally
        for exporter in self._exporters:
            exporter.check()

    def _kill_and_restart(self, victim: ExporterLives) -> None:
        outcome, rng = self.outcome, self._rng
        killer = self._killer(victim, COMMITTED if self._setup.checkpoint else "")
        pages, life = 0, _FIRST_LIFE
        while True:
            moment = time.monotonic() + rng.uniform(*life)
            if moment > self._began + self._setup.seconds:
                break
            self._wait_until(moment)
            if rng.random() < _AT_WORK:
                self._wait_for_work(pages + 2)
                self._wait_until(time.monotonic() + rng.uniform(0, _SCRAPE_SECONDS))
            # A person who looks is no scraper: that they saw it commits nothing.
            victim.now.get("/metrics")
            if rng.random() < _IN_ORDER:
                victim.now.stop()
                outcome.ended_in_order += 1
            else:
                killer.kill(in_page=rng.random() < _IN_A_PAGE)
            self._loop.ask(self._cluster.reader_died)
            self._wait_until(time.monotonic() + rng.uniform(0, _DOWN_SECONDS))
            killer.next_life()
            victim.start()
            pages, life = self._fewest_pages(), rng.choice(_LIVES)
        outcome.took_lives([killer])

    def _kill_leaders(self) -> None:
        """Each is killed once its standby has been told how far it was scraped.

        Who takes over knows what lies beyond that only if it was there before.
        """
        outcome, rng = self.outcome, self._rng
        killers = [self._killer(exporter, HANDED_OVER) for exporter in self._exporters]
        while time.monotonic() < self._began + self._setup.seconds:
            for exporter in self._exporters:
                exporter.now.wait_ready(_START_WITHIN)
            self._wait_for_work(self._fewest_pages() + 2)
            self._wait_until(time.monotonic() + rng.uniform(0, 2 * _SCRAPE_SECONDS))
            leader = self._leader()
            killer = killers[self._exporters.index(leader)]
            if rng.random() < _IN_ORDER:
                leader.now.stop()
                outcome.ended_in_order += 1
            else:
                killer.leads()
                killer.kill(in_page=rng.random() < _IN_A_PAGE)
            self._loop.ask(self._cluster.reader_died)
            self._leader(but=leader)
            leader.start()
        outcome.took_lives(killers)

    def _leader(self, but: ExporterLives | None = None) -> ExporterLives:
        """The one that leads, as soon as one does, and another than ``but``."""

        def leading() -> list[ExporterLives]:
            return [e for e in self._exporters if e is not but and e.leads()]

        eventually(leading, "one leads", within=_START_WITHIN)
        return leading()[0]

    def _killer(self, victim: ExporterLives, settles: str) -> Killer:
        lines = [line for line in self._lines if line.target_port == victim.port]
        return Killer(victim, lines, self._loop, self._rng, settles=settles)

    def _start_cluster(self) -> ChaosCluster:
        seconds = self._setup.seconds
        cluster = ChaosCluster(
            self._setup.seed,
            rate=self._setup.rate,
            namespace_seconds=max(_NAMESPACE_SECONDS, seconds / _MOST_NAMESPACES),
            ttl=_TTL,
            watches=self._setup.replicas,
            failures=2 if self._setup.killing else 4,
            breaking=self._setup.breaking,
            limited=self._setup.limited,
            pages=self._fewest_pages,
        )
        self._loop.run(cluster.start())
        self._house.callback(lambda: self._loop.run(cluster.stop()))
        cluster.server.kubeconfig(self._folder / "kubeconfig")
        return cluster

    def _start_exporter(self, number: int) -> ExporterLives:
        folder = self._folder / f"exporter-{number}"
        flags = self._setup.flags
        if self._setup.checkpoint:
            flags = (*flags, "--checkpoint.path", str(folder / "checkpoint.db"))
        exporter = ExporterLives(self._folder / "kubeconfig", folder, flags)
        exporter.start()
        self._house.callback(exporter.kill)
        return exporter

    def _start_prometheus(self, source: str) -> Prometheus:
        lines = [
            ScrapeLine(exporter.port, source=source, narrow=self._setup.killing)
            for exporter in self._exporters
        ]
        for line in lines:
            self._loop.run(line.open())
            self._house.callback(self._close, line)
        self._lines += lines
        folder = self._folder / f"prometheus-{source}"
        folder.mkdir()
        prometheus = Prometheus(lines[0].port, folder, *(line.port for line in lines[1:]))
        self._house.callback(prometheus.process.stop)
        prometheus.process.wait_for(prometheus.answers, "answers", _START_WITHIN)
        return prometheus

    def _close(self, line: ScrapeLine) -> None:
        self._loop.run(line.close())

    def _fewest_pages(self) -> int:
        """What each scraper has got of each exporter, at least."""
        return min((line.pages for line in self._lines), default=0)

    def _wait_for_work(self, pages: int) -> None:
        """The exporters watch, and everybody has got so many pages of them."""
        watches, server = self._setup.replicas, self._cluster.server
        eventually(
            lambda: (
                self._loop.ask(lambda: server.all_sent(watches)) and self._fewest_pages() >= pages
            ),
            "the exporters are at work",
            within=_START_WITHIN,
        )

    def _wait_until(self, moment: float) -> None:
        """Seconds on the monotonic clock. Whoever should live until then is looked after."""

        def is_time() -> bool:
            self._loop.ask(self._cluster.occurred)
            return time.monotonic() >= moment

        within = max(moment - time.monotonic(), 0) + _START_WITHIN
        eventually(is_time, "the time has come", within=within)

    def _wait_for_end(self, prometheus: Prometheus) -> None:
        """Frames come in order and a page is whole: who knows the last event knows all.

        The last series is born last, so where it has its value no other still stands at 0.
        Of several exporters it may be one that shows it, or all.
        """
        end = f'{EVENTS}{{reason="{END}"}}[5m]'

        def is_known() -> bool:
            found = [series["values"] for series in prometheus.query(end)]
            return bool(found) and all(
                sum(float(value) > 0 for _, value in samples) > _LAST_SCRAPES for samples in found
            )

        eventually(is_known, f"{END} is scraped", within=_CATCH_UP_WITHIN)
