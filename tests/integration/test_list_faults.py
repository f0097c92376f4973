"""What can go wrong with a list: half of one is never counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.demo.faults import (
    Dribble,
    Duplicate,
    ErrorFrame,
    Healthy,
    InitialBreak,
    ListGone,
    NoWatchList,
    Reset,
    Script,
    Stall,
    Status,
    Truncate,
)
from exporter.kube.telemetry import Relist
from tests.integration.watched_cluster import BASELINE, WatchedCluster


class TestLists:
    async def test_a_server_without_watch_list_is_listed(self, tmp_path: Path) -> None:
        """422, then pages, then an ordinary watch: no failure."""
        async with WatchedCluster(tmp_path) as cluster:
            await cluster.watch(NoWatchList())
            assert cluster.verbs() == ["watch", "list", "watch"]
            cluster.occur(times=2)
            await cluster.counted_exactly()
            assert sum(cluster.telemetry.failures.values()) == 0

    async def test_a_streamed_list_needs_one_request(self, tmp_path: Path) -> None:
        """It turns into the watch."""
        async with WatchedCluster(tmp_path) as cluster:
            await cluster.watch()
            cluster.occur(times=2)
            await cluster.counted_exactly()
            assert cluster.verbs() == ["watch"]

    @pytest.mark.parametrize("page", [1, 2, 3])
    async def test_a_list_that_expires_between_pages_starts_over(
        self, tmp_path: Path, page: int
    ) -> None:
        """In a relist, where half a list would look like thousands of deletions and returns."""
        async with WatchedCluster(tmp_path, streaming=False) as cluster:
            cluster.occur(times=1200)
            await cluster.watch(ErrorFrame(after_frames=2))
            cluster.server.on_list(ListGone(page))
            cluster.occur(times=3)
            await cluster.counted_exactly()
            pages = [r.page for r in cluster.server.requests if r.verb == "list"]
            assert pages == [1, 2, 3, *range(1, page + 1), 1, 2, 3]
            assert cluster.telemetry.relists[Relist.CONTINUE_EXPIRED] == 1

    @pytest.mark.parametrize(
        "fault", [Truncate(20), Reset(20), Status(500), Stall(20), [Dribble(40_000), Reset(400)]]
    )
    async def test_a_page_that_breaks_is_not_half_used(self, tmp_path: Path, fault: Script) -> None:
        """The second page of a relist breaks; the list that is published is whole."""
        async with WatchedCluster(tmp_path, streaming=False, list_silence=1.0) as cluster:
            cluster.occur(times=1200)
            await cluster.watch(ErrorFrame(after_frames=2))
            cluster.server.on_list(Healthy(), fault)
            cluster.occur(times=3)
            await cluster.counted_exactly()
            assert not len(cluster.server.list_faults)
            assert sum(cluster.telemetry.failures.values()) == 1

    @pytest.mark.parametrize("frames", [0, 1, BASELINE])
    async def test_a_streamed_list_that_breaks_before_its_mark_is_not_used(
        self, tmp_path: Path, frames: int
    ) -> None:
        """In a relist, as above."""
        async with WatchedCluster(tmp_path) as cluster:
            await cluster.watch(ErrorFrame(after_frames=BASELINE + 2), InitialBreak(frames))
            cluster.occur(times=3)
            await cluster.counted_exactly()
            assert cluster.verbs() == ["watch"] * 3

    async def test_duplicates_in_a_streamed_list_count_once(self, tmp_path: Path) -> None:
        """An object that a relist shows twice has not occurred twice."""
        async with WatchedCluster(tmp_path) as cluster:
            mark = BASELINE + 1
            await cluster.watch(ErrorFrame(after_frames=mark), Duplicate(frames=5, after_frames=5))
            cluster.occur(times=4)
            await cluster.counted_exactly()

    async def test_a_slow_page_is_not_a_silent_one(self, tmp_path: Path) -> None:
        """A page may take longer than the silence limit, as long as bytes keep coming."""
        async with WatchedCluster(tmp_path, streaming=False, list_silence=0.5) as cluster:
            cluster.occur(times=400)
            cluster.server.on_list(Dribble(100))
            await cluster.watch()
            assert sum(cluster.telemetry.failures.values()) == 0
