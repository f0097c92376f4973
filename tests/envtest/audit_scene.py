# SPDX-License-Identifier: Apache-2.0
"""Exporters of audit events, a Prometheus that scrapes them, and how they come to die."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.chaos.exporter_lives import ExporterLives
from tests.chaos.increases import increases
from tests.chaos.killing import COMMITTED, Killer
from tests.chaos.scrape_line import ScrapeLine
from tests.chaos.truth import Counts, Labels
from tests.envtest.audit_line import AuditLine
from tests.envtest.audit_truth import METRICS, believed
from tests.envtest.process import eventually
from tests.integration.prometheus_server import Prometheus
from tests.loop_thread import LoopThread

_PATIENCE = 30.0
_MOST_DOWN = 1.0
"""Seconds; with a start it is two or three."""
_BATCH_SECONDS = 0.01
"""About as long as a batch takes, from its first bytes to its answer."""
_CONFIGURATION = """\
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: audit
    honor_labels: true
    static_configs: [{{targets: [{targets}]}}]
"""


class AuditExporter:
    """One exporter with ``--audit.only`` over all its lives, and the ways to it."""

    def __init__(
        self,
        folder: Path,
        loop: LoopThread,
        rng: random.Random,
        flags: Sequence[str],
        *,
        webhook_port: int = 0,
        checkpoint: bool = True,
    ) -> None:
        """Start it; its files are in ``folder``, and ``webhook_port`` is its listener's, if any."""
        if checkpoint:
            flags = (*flags, f"--checkpoint.path={folder / 'checkpoint.db'}")
        self.lives = ExporterLives(None, folder, ("--audit.only", *flags))
        self.lives.start()
        self.scrapes = ScrapeLine(self.lives.port, narrow=True)
        self.batches = AuditLine(webhook_port) if webhook_port else None
        for line in (self.scrapes, self.batches):
            if line is not None:
                loop.run(line.open())
        settles = COMMITTED if checkpoint else ""
        self.killer = Killer(self.lives, [self.scrapes], loop, rng, settles=settles)
        self.in_batch = 0
        """Kills in the middle of a batch."""
        self._loop = loop
        self._rng = rng

    @property
    def instance(self) -> str:
        """As Prometheus calls it."""
        return f"127.0.0.1:{self.scrapes.port}"

    def die(
        self,
        meanwhile: Callable[[], object] | None = None,
        *,
        in_batch: bool = False,
        in_page: bool = False,
    ) -> None:
        """SIGKILL; a new life begins after what happens ``meanwhile``, or a random while later."""
        put_off = self.killer.put_off
        if in_batch:
            self._halt_in_batch()
        self.killer.kill(in_page=in_page)
        # One that went on, because it stood between a page and its commit, has ended the batch.
        self.in_batch += in_batch and put_off == self.killer.put_off
        if meanwhile:
            meanwhile()
        else:
            pass_time(self._rng.uniform(0, _MOST_DOWN))
        self.killer.next_life()
        self.lives.start()

    def close(self) -> None:
        """End it, and the ways to it."""
        self.lives.kill()
        for line in (self.scrapes, self.batches):
            if line is not None:
                self._loop.run(line.close())

    def _halt_in_batch(self) -> None:
        """It stands some moment after a batch has begun to come, and before it has answered."""
        line = self.batches
        assert line is not None
        while True:
            self._halt_soon(line)
            self.lives.halt()
            if self._loop.ask(lambda: line.in_batch):
                return
            self.lives.signal(signal.SIGCONT)  # it was faster

    def _halt_soon(self, line: AuditLine) -> None:
        later, halted = self._rng.uniform(0, _BATCH_SECONDS), threading.Event()

        def halt() -> None:
            threading.Timer(later, stop).start()

        def stop() -> None:
            self.lives.signal(signal.SIGSTOP)
            halted.set()

        self._loop.ask(lambda: line.once(halt))
        assert halted.wait(_PATIENCE), "no batch has come"


class AuditScene:
    """One Prometheus and the exporters it scrapes, all of them ended with ``house``."""

    def __init__(self, house: ExitStack, folder: Path, seed: int) -> None:
        self.rng = random.Random(seed)
        self.loop = house.enter_context(LoopThread())
        self._house = house
        self._folder = folder
        self._exporters: dict[str, AuditExporter] = {}
        self._began = time.monotonic()

    def exporter(
        self, name: str, *flags: str, webhook_port: int = 0, checkpoint: bool = True
    ) -> AuditExporter:
        """Start one."""
        exporter = AuditExporter(
            self._folder / name,
            self.loop,
            self.rng,
            flags,
            webhook_port=webhook_port,
            checkpoint=checkpoint,
        )
        self._house.callback(exporter.close)
        self._exporters[name] = exporter
        return exporter

    def scrape(self) -> Prometheus:
        """Start Prometheus; it has scraped each exporter when this returns."""
        folder = self._folder / "prometheus"
        folder.mkdir()
        targets = ", ".join(f'"{each.instance}"' for each in self._exporters.values())
        prometheus = Prometheus(0, folder, configuration=_CONFIGURATION.format(targets=targets))
        self._house.callback(prometheus.process.stop)
        prometheus.process.wait_for(prometheus.answers, "answers", _PATIENCE)
        self._began = time.monotonic()
        eventually(lambda: self._scraped(2), "every exporter is scraped", within=_PATIENCE)
        return prometheus

    def seen(self, prometheus: Prometheus, exporter: AuditExporter) -> Counts:
        """What Prometheus has seen of one of them, from its raw samples."""
        found = increases(
            prometheus,
            time.monotonic() - self._began + _PATIENCE,
            metrics=METRICS,
            matchers=f'instance="{exporter.instance}"',
        )
        return believed(found)

    def _scraped(self, pages: int) -> bool:
        return min(each.scrapes.pages for each in self._exporters.values()) >= pages


def pass_time(seconds: float) -> None:
    """Somebody is away for so long."""
    moment = time.monotonic() + seconds
    eventually(lambda: time.monotonic() >= moment, "the time has passed", within=2 * _PATIENCE)


def lost_and_doubled(
    truth: Counts, seen: Counts
) -> tuple[Counter[tuple[str, Labels]], Counter[tuple[str, Labels]]]:
    """By metric and label set."""
    lost: Counter[tuple[str, Labels]] = Counter()
    doubled: Counter[tuple[str, Labels]] = Counter()
    for metric in METRICS:
        for label_set in truth[metric].keys() | seen[metric].keys():
            difference = truth[metric][label_set] - seen[metric][label_set]
            if difference:
                (lost if difference > 0 else doubled)[metric, label_set] += abs(difference)
    return lost, doubled
