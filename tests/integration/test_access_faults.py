"""Credentials and rights that are lost and come back, and a watch that is told to end."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from exporter.demo.faults import (
    Hang,
    Healthy,
    Script,
    Stall,
    Status,
)
from exporter.kube.telemetry import Failure
from tests.integration.watched_cluster import WatchedCluster, until


class TestCredentials:
    async def test_a_new_token_is_read_after_a_401(self, tmp_path: Path) -> None:
        """The token is rotated while we watch: 401, read again, nothing lost."""
        async with WatchedCluster(tmp_path) as cluster:
            cluster.server.token = "one"
            cluster.server.kubeconfig(cluster.kubeconfig)
            await cluster.watch()
            cluster.server.token = "two"
            cluster.server.drop_connections()
            cluster.occur(times=2)
            failures = cluster.telemetry.failures
            await until(lambda: failures[Failure.UNAUTHORIZED] >= 2, "401")
            cluster.server.kubeconfig(cluster.kubeconfig)
            await cluster.counted_exactly()

    async def test_credentials_that_cannot_be_read_are_waited_for(self, tmp_path: Path) -> None:
        """A kubeconfig that is being replaced is read again, not given up."""
        async with WatchedCluster(tmp_path) as cluster:
            cluster.server.token = "one"
            cluster.server.kubeconfig(cluster.kubeconfig)
            await cluster.watch()
            cluster.server.token = "two"
            cluster.kubeconfig.write_text("{")
            cluster.server.drop_connections()
            cluster.occur(times=2)
            failures = cluster.telemetry.failures
            await until(lambda: failures[Failure.CREDENTIALS] >= 2, "no credentials")
            cluster.server.kubeconfig(cluster.kubeconfig)
            await cluster.counted_exactly()

    async def test_403_is_unready_and_keeps_trying(self, tmp_path: Path) -> None:
        """The role comes later; what occurred before that is the baseline."""
        async with WatchedCluster(tmp_path) as cluster:
            cluster.server.access = lambda *_: False
            cluster.begin()
            failures = cluster.telemetry.failures
            await until(lambda: failures[Failure.FORBIDDEN] >= 3, "403")
            assert not cluster.telemetry.allowed
            cluster.server.access = lambda *_: True
            await until(lambda: cluster.telemetry.watched, "a watch")
            assert cluster.telemetry.allowed
            cluster.occur(times=2)
            await cluster.counted_exactly()

    async def test_a_right_that_is_lost_and_given_back_loses_nothing(self, tmp_path: Path) -> None:
        """403 in the middle: the watch resumes where it stopped."""
        async with WatchedCluster(tmp_path) as cluster:
            await cluster.watch()
            cluster.server.access = lambda *_: False
            cluster.server.drop_connections()
            cluster.occur(times=3)
            await until(lambda: not cluster.telemetry.allowed, "403")
            cluster.server.access = lambda *_: True
            await cluster.counted_exactly()
            assert sum(cluster.telemetry.relists.values()) == 0


class TestStopping:
    @pytest.mark.parametrize("script", [Healthy(), Stall(1), Hang(), Status(500)])
    async def test_a_watch_is_cancelled_at_once(self, tmp_path: Path, script: Script) -> None:
        """Whatever it is waiting for; its connection goes with it."""
        async with WatchedCluster(tmp_path) as cluster:
            cluster.server.on_watch(*[script] * 50)
            cluster.begin()
            await until(lambda: len(cluster.server.requests), "a request")
            async with asyncio.timeout(1.0):
                await cluster.stop()
            await until(lambda: cluster.server.open_watches == 0, "no watch is left")
