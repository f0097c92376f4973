# SPDX-License-Identifier: Apache-2.0
"""API servers that are set up differently: how they list, how long they keep events."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.envtest.assets import Assets
from tests.envtest.cluster import EVENTS_READER, Cluster
from tests.envtest.events import EventWriter
from tests.envtest.exporter_process import RunExporter
from tests.envtest.process import eventually

pytestmark = [pytest.mark.envtest, pytest.mark.timeout(240)]

_FRAMES = "kube_event_metrics_frames_total"
_TTL_SECONDS = 3


@pytest.fixture
def forgetful(assets: Assets, tmp_path: Path) -> Iterator[Cluster]:
    """A cluster whose events expire within seconds."""
    running = Cluster(assets, tmp_path, event_ttl=f"{_TTL_SECONDS}s")
    yield running
    running.stop()


@pytest.fixture
def without_streamed_lists(assets: Assets, tmp_path: Path) -> Iterator[Cluster]:
    """A cluster that refuses to stream its initial events, as all did before 1.32."""
    running = Cluster(assets, tmp_path, feature_gates="WatchList=false")
    yield running
    running.stop()


def _reader(cluster: Cluster, namespace: str, path: Path) -> Path:
    token = cluster.service_account(namespace, "exporter", EVENTS_READER)
    return cluster.kubeconfig(path, token=token)


def test_streamed_list(writer: EventWriter, kubeconfig: Path, run_exporter: RunExporter) -> None:
    """A current server streams the first list: a bookmark ends it and no page is asked for."""
    writer.create("Pulled")
    exporter = run_exporter(kubeconfig)
    # Ordinary watches of events get no bookmarks at all: this one is the end mark.
    assert exporter.value(_FRAMES, type="BOOKMARK") == 1
    assert exporter.value(_FRAMES, type="LISTED") == 0


def test_paged_list(
    without_streamed_lists: Cluster, tmp_path: Path, run_exporter: RunExporter
) -> None:
    """A server that does not stream lists is listed by pages, every one of them; for that the right
    to list is needed.
    """
    cluster = without_streamed_lists
    writer = EventWriter(cluster.admin, cluster.namespace())
    names = [writer.create("Pulled") for _ in range(501)]
    exporter = run_exporter(
        _reader(cluster, writer.namespace, tmp_path / "kubeconfig"),
        *("--events.namespace", writer.namespace),
    )
    assert exporter.value(_FRAMES, type="LISTED") == 501
    assert exporter.counted(writer) == {}
    for name in (names[0], names[-1]):
        writer.repeat(name, 2)
    assert exporter.counted(writer) == {"Pulled": 2}
    watch = [{"apiGroups": [""], "resources": ["events"], "verbs": ["watch"]}]
    token = cluster.service_account(writer.namespace, "watcher", watch)
    unlisted = run_exporter(cluster.kubeconfig(tmp_path / "other", token=token), ready=False)
    unlisted.process.wait_for(
        lambda: "not allowed to list" in unlisted.get("/readyz")[1], "misses list", 30
    )


def test_event_returns_after_expiry(
    forgetful: Cluster, tmp_path: Path, run_exporter: RunExporter
) -> None:
    """An event that expired and returns under its name counts only what was added meanwhile."""
    writer = EventWriter(forgetful.admin, forgetful.namespace())
    exporter = run_exporter(_reader(forgetful, writer.namespace, tmp_path / "kubeconfig"))
    name = writer.create("BackOff", count=3)
    assert exporter.counted(writer) == {"BackOff": 3}
    eventually(lambda: not writer.exists(name), "the event expires", within=_TTL_SECONDS + 20)
    exporter.wait_for_value(_FRAMES, type="DELETED")
    writer.create("BackOff", count=4, name=name)
    assert exporter.counted(writer) == {"BackOff": 4}
