"""Everything that can go wrong between us and an API server, on real sockets: nothing is lost.

Each test lets a fault happen and compares every count with what the recorders have shown.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from exporter.demo.faults import (
    Close,
    Dribble,
    Duplicate,
    ErrorFrame,
    Hang,
    Junk,
    Reset,
    Script,
    Stall,
    Status,
    StreamFault,
    Truncate,
    position,
)
from exporter.kube.telemetry import Failure, Relist
from tests.integration.watched_cluster import BASELINE, WatchedCluster, until

SHORT_SILENCE: dict[str, Any] = {
    "list_silence": 0.4,
    "watch_seconds": (0.3, 0.3),
    "silence_grace": 0.2,
}
_IN_STREAM: dict[str, tuple[StreamFault | Dribble, ...]] = {
    "reset": (Reset(2),),
    "truncated frame": (Truncate(2),),
    "ended in order": (Close(2),),
    "junk line": (Junk(after_frames=1),),
    "binary junk": (Junk(b"\x00\xff\xfe{", after_frames=1),),
    "duplicate frames": (Duplicate(frames=2, after_frames=2),),
    "410 in the stream": (ErrorFrame(after_frames=2),),
    "500 in the stream": (ErrorFrame(500, "InternalError", after_frames=2),),
    "429 in the stream": (ErrorFrame(429, "TooManyRequests", after_frames=2),),
    "504 in the stream": (ErrorFrame(504, "Timeout", after_frames=2),),
    "single bytes": (Dribble(1),),
    "single bytes, truncated": (Dribble(1), Truncate(3)),
    "junk, then duplicates, then a reset": (Junk(after_frames=1), Duplicate(2), Reset(3)),
}
_REFUSALS: dict[str, Script] = {
    "410": Status(410),
    "429 with Retry-After": Status(429, retry_after=2),
    "429 of a proxy": Status(429, body=b"slow down"),
    "500": Status(500),
    "502 with HTML": Status(502, body=b"<html>502</html>"),
    "503": Status(503, retry_after=1),
    "504": Status(504),
    "404": Status(404),
    "redirect": Status(302),
    "200 with HTML": [Junk(b"<html>login</html>"), Close()],
}


class TestInStream:
    @pytest.mark.parametrize("name", _IN_STREAM)
    @pytest.mark.parametrize("streaming", [True, False], ids=["streamed list", "paged list"])
    async def test_a_broken_watch_loses_nothing(
        self, tmp_path: Path, name: str, *, streaming: bool
    ) -> None:
        """Before, during and after the fault occurrences count once, repeats included."""
        faults = _IN_STREAM[name]
        if streaming:
            faults = tuple(_later(fault, BASELINE + 1) for fault in faults)
        async with WatchedCluster(tmp_path, streaming=streaming) as cluster:
            await cluster.watch(faults)
            for _ in range(4):
                cluster.occur()
                cluster.occur(again=True)
            await cluster.counted_exactly()

    @pytest.mark.parametrize("streaming", [True, False], ids=["streamed list", "paged list"])
    async def test_a_silent_server_is_left(self, tmp_path: Path, *, streaming: bool) -> None:
        """A half-open connection says nothing for ever: the silence limit ends it."""
        async with WatchedCluster(tmp_path, streaming=streaming, **SHORT_SILENCE) as cluster:
            await cluster.watch(Stall((BASELINE + 1 if streaming else 0) + 1))
            cluster.occur(times=3)
            await cluster.counted_exactly()
            assert cluster.telemetry.failures[Failure.SILENT] >= 1

    async def test_junk_is_counted_by_cause(self, tmp_path: Path) -> None:
        """The frame that could not be read is in the self-metrics and in the log."""
        async with WatchedCluster(tmp_path, streaming=False) as cluster:
            await cluster.watch(Junk(after_frames=1))
            cluster.occur(times=2)
            await cluster.counted_exactly()
            assert cluster.telemetry.undecodable["syntax"] == 1
            assert ("warning", "frame passed over", {"cause": "syntax"}) in cluster.notes

    async def test_a_truncated_frame_is_counted_by_cause(self, tmp_path: Path) -> None:
        """As a failure; the frame itself comes again."""
        async with WatchedCluster(tmp_path, streaming=False) as cluster:
            await cluster.watch(Truncate(1))
            cluster.occur(times=2)
            await cluster.counted_exactly()
            failures = cluster.telemetry.failures
            assert failures[Failure.TRUNCATED] + failures[Failure.RESET] == 1
            assert cluster.telemetry.relists[Relist.EXPIRED] == 0

    async def test_a_frame_beyond_a_megabyte_is_one_frame(self, tmp_path: Path) -> None:
        """Frames of any size pass."""
        async with WatchedCluster(tmp_path) as cluster:
            await cluster.watch()
            cluster.occur(reason="Huge" * 400_000)
            cluster.occur()
            await until(lambda: cluster.counting.total == 2, "two occurrences")
            assert sum(cluster.telemetry.failures.values()) == 0


class TestRefused:
    @pytest.mark.parametrize("name", _REFUSALS)
    async def test_a_refused_watch_loses_nothing(self, tmp_path: Path, name: str) -> None:
        """What occurs while watches are refused is counted once they are accepted."""
        async with WatchedCluster(tmp_path, streaming=False) as cluster:
            await cluster.watch(Close(1), *[_REFUSALS[name]] * 4)
            cluster.occur(times=3)
            await until(lambda: not len(cluster.server.watch_faults), "all were refused")
            cluster.occur(again=True)
            await cluster.counted_exactly()

    @pytest.mark.parametrize("name", [n for n in _REFUSALS if n != "200 with HTML"])
    async def test_a_refused_first_list_is_asked_again(self, tmp_path: Path, name: str) -> None:
        """The first list comes late, and is the baseline all the same."""
        async with WatchedCluster(tmp_path, streaming=False) as cluster:
            cluster.server.on_list(*[_REFUSALS[name]] * 3)
            await cluster.watch()
            assert not len(cluster.server.list_faults)
            cluster.occur(times=2)
            await cluster.counted_exactly()

    async def test_a_server_that_never_answers_is_left(self, tmp_path: Path) -> None:
        """A request that hangs is given up and made again, as a list and as a watch."""
        async with WatchedCluster(tmp_path, streaming=False, **SHORT_SILENCE) as cluster:
            cluster.server.on_list(Hang())
            await cluster.watch(Hang())
            assert cluster.telemetry.failures[Failure.SILENT] >= 2
            cluster.occur(times=2)
            await cluster.counted_exactly()

    async def test_retry_after_is_kept(self, tmp_path: Path) -> None:
        """The server's own wait is the least we wait."""
        async with WatchedCluster(tmp_path, streaming=False) as cluster:
            await cluster.watch(Close(1), Status(429, retry_after=77))
            cluster.occur()
            await cluster.counted_exactly()
            assert 77.0 in cluster.waits
            assert cluster.telemetry.failures[Failure.THROTTLED] == 1

    async def test_a_version_the_server_cannot_serve_is_listed_anew(self, tmp_path: Path) -> None:
        """500 upon 500 for the same version ends in a relist."""
        async with WatchedCluster(tmp_path, streaming=False) as cluster:
            await cluster.watch(Close(1), Status(500), Status(500), Status(500))
            cluster.occur(times=2)
            await cluster.counted_exactly()
            assert cluster.telemetry.relists[Relist.WATCH_FAILING] == 1


class TestOutage:
    @pytest.mark.parametrize("compacted", [False, True])
    async def test_a_server_that_stops_and_starts_loses_nothing(
        self, tmp_path: Path, *, compacted: bool
    ) -> None:
        """Connection refused, then the same version; or a relist where that was compacted away."""
        async with WatchedCluster(tmp_path) as cluster:
            await cluster.watch()
            cluster.occur(times=2)
            await cluster.counted_exactly()
            await cluster.server.stop()
            cluster.occur(times=3)
            cluster.occur(again=True, times=2)
            if compacted:
                cluster.store.compact()
            refused = cluster.telemetry.failures
            await until(lambda: refused[Failure.REFUSED] >= 3, "connections refused")
            assert not cluster.telemetry.connected
            await cluster.server.start()
            await until(lambda: cluster.counting.total == 3 + 5, "all counted")
            assert cluster.scope.missed == (5 if compacted else 0)
            await cluster.counted_exactly()
            assert cluster.telemetry.relists[Relist.EXPIRED] == int(compacted)

    async def test_a_server_that_is_not_there_yet_is_waited_for(self, tmp_path: Path) -> None:
        """The exporter may start before its API server does."""
        async with WatchedCluster(tmp_path) as cluster:
            await cluster.server.stop()
            cluster.begin()
            refused = cluster.telemetry.failures
            await until(lambda: refused[Failure.REFUSED] >= 3, "connections refused")
            await cluster.server.start()
            await until(lambda: cluster.telemetry.watched, "a watch")
            cluster.occur(times=2)
            await cluster.counted_exactly()

    async def test_connections_that_are_cut_again_and_again_lose_nothing(
        self, tmp_path: Path
    ) -> None:
        """Ten cuts, with occurrences before and after each."""
        async with WatchedCluster(tmp_path) as cluster:
            await cluster.watch()
            for _ in range(10):
                cluster.occur()
                cluster.server.drop_connections()
                cluster.occur(again=True)
                await until(lambda: cluster.server.open_watches == 1, "a watch")
            await cluster.counted_exactly()


class TestExpired:
    async def test_a_410_at_the_start_is_a_relist(self, tmp_path: Path) -> None:
        """What occurred between two watches, and was compacted, is found by the list."""
        async with WatchedCluster(tmp_path) as cluster:
            await cluster.watch()
            cluster.occur()
            await cluster.counted_exactly()
            cluster.server.on_watch(Hang())
            cluster.server.drop_connections()
            await until(lambda: not len(cluster.server.watch_faults), "a watch that hangs")
            cluster.occur(times=4)
            cluster.store.compact()
            cluster.server.drop_connections()
            await until(lambda: cluster.scope.missed, "a list that finds something")
            assert cluster.scope.missed == 4
            await cluster.counted_exactly()
            assert cluster.telemetry.relists[Relist.EXPIRED] == 1

    async def test_compaction_during_a_quiet_watch_is_normal_life(self, tmp_path: Path) -> None:
        """A namespace where nothing happens: its watch ends, and it is listed without an alarm."""
        async with WatchedCluster(tmp_path, namespace="quiet", watch_seconds=(2.0, 2.0)) as cluster:
            await cluster.watch()
            cluster.store.advance(1000)
            cluster.store.compact()
            await until(lambda: sum(cluster.telemetry.relists.values()) >= 1, "a relist")
            cluster.occur("quiet", times=2)
            await cluster.counted_exactly("quiet")
            assert sum(cluster.telemetry.failures.values()) == 0
            assert {level for level, _, _ in cluster.notes} == {"info"}

    async def test_every_watch_expired_is_still_followed(self, tmp_path: Path) -> None:
        """A server that expires each watch after its first frame: relist upon relist, all exact."""
        gone = ErrorFrame(after_frames=1)
        async with WatchedCluster(tmp_path, streaming=False) as cluster:
            await cluster.watch(*[gone] * 5)
            for _ in range(8):
                cluster.occur()
                await until(lambda: cluster.counts() == cluster.truth(), "counted")
            await cluster.counted_exactly()
            assert cluster.telemetry.relists[Relist.EXPIRED] == 5


def _later(fault: StreamFault | Dribble, frames: int) -> StreamFault | Dribble:
    """The same fault, so many frames later."""
    if isinstance(fault, Dribble):
        return fault
    return replace(fault, after_frames=position(fault) + frames)
