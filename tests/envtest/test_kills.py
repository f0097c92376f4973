# SPDX-License-Identifier: Apache-2.0
"""The exporter is killed again and again beside a real API server, which restarts too.

What Prometheus has stored in the end is what occurred: no more, no less, for every reason.
"""

from __future__ import annotations

import random
import re
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.exporter_lives import ExporterLives
from tests.chaos.increases import increase
from tests.envtest.cluster import Cluster
from tests.envtest.events import EventWriter
from tests.envtest.process import eventually
from tests.envtest.recorders import Recorders
from tests.integration.prometheus_server import Prometheus

pytestmark = [pytest.mark.envtest, pytest.mark.prometheus, pytest.mark.timeout(300)]

KILLS = 8
RESTARTS = 2
"""Of the API server."""
_WRITES = (20, 160)
"""Between two deaths."""
_SENT = re.compile(r'msg="page sent" cut=(\d+)')
_COMMITTED = re.compile(r'msg="checkpoint committed" cut=(\d+)')


@pytest.fixture
def exporter(kubeconfig: Path, tmp_path: Path) -> Iterator[ExporterLives]:
    """With a checkpoint; each of its lives has the same port."""
    folder = tmp_path / "exporter"
    lives = ExporterLives(kubeconfig, folder, ("--checkpoint.path", str(folder / "checkpoint.db")))
    lives.start()
    lives.now.wait_ready()
    yield lives
    lives.kill()


@pytest.fixture
def prometheus(exporter: ExporterLives, tmp_path: Path) -> Iterator[Prometheus]:
    """It has scraped the exporter."""
    folder = tmp_path / "prometheus"
    folder.mkdir()
    running = Prometheus(exporter.port, folder)
    try:
        running.process.wait_for(running.answers, "answers", 30)
        running.process.wait_for(lambda: running.value("up") == 1.0, "has scraped", 30)
        yield running
    finally:
        running.process.stop()


def kill(exporter: ExporterLives) -> None:
    """At any moment but the one between a page's last byte and its commit."""

    def is_kept() -> bool:
        log = exporter.now.process.output()
        sent = _SENT.findall(log)
        return not sent or sent[-1] in _COMMITTED.findall(log)

    exporter.halt()
    while not is_kept():
        exporter.signal(signal.SIGCONT)
        eventually(is_kept, "the page's state is committed")
        exporter.halt()
    exporter.kill()


def seen(prometheus: Prometheus, namespace: str) -> Counter[str]:
    """Increases by reason, of the samples as they are stored."""
    found: Counter[str] = Counter()
    for series in prometheus.query(f'kube_events_total{{namespace="{namespace}"}}[10m]'):
        found[series["metric"]["reason"]] += int(increase(float(v) for _, v in series["values"]))
    return +found


@pytest.mark.parametrize("seed", [1, 2], ids="seed {}".format)
def test_no_death_loses_or_doubles_an_occurrence(
    seed: int,
    cluster: Cluster,
    writer: EventWriter,
    exporter: ExporterLives,
    prometheus: Prometheus,
) -> None:
    """Counts, jumps, series and label sets that occur once, written while it lives and while it
    is down, and while the API server has just come back.
    """
    rng = random.Random(seed)
    recorders = Recorders(writer, rng)
    restarts = rng.sample(range(KILLS), RESTARTS)
    for death in range(KILLS):
        for _ in range(rng.randint(*_WRITES)):
            recorders.occur()
        if death in restarts:
            cluster.restart_apiserver()
            recorders.occur()
        kill(exporter)
        for _ in range(rng.randint(*_WRITES)):
            recorders.occur()
        exporter.start()
        if rng.random() < 0.5:
            exporter.now.wait_ready()
    for _ in range(100):
        recorders.occur()
    writer.create("End")

    def is_known() -> bool:
        series = prometheus.query(
            f'kube_events_total{{namespace="{writer.namespace}",reason="End"}}[5m]'
        )
        return any(sum(float(v) > 0 for _, v in each["values"]) > 1 for each in series)

    eventually(is_known, "the last event is scraped", within=90)
    truth = recorders.truth + Counter({"End": 1})
    assert seen(prometheus, writer.namespace) == truth
