"""The exporter as a process: it gets ready, counts, serves, and ends as it should."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from exporter.demo import ApiServer, EventStore, GroundTruth, LegacyRecorder, ObjectRef
from tests.integration.running_exporter import RunningExporter
from tests.integration.watched_cluster import until
from tests.unit.kube.kubeconfigs import kubeconfig

STOP_SECONDS = 2.0


class Cluster:
    """An API server, and a kubelet that reports into it."""

    def __init__(self, folder: Path) -> None:
        self.store = EventStore()
        self.server = ApiServer(self.store)
        self.kubeconfig = folder / "kubeconfig"
        self.truth = GroundTruth()
        self._kubelet = LegacyRecorder(self.store, "kubelet", spam_filter=False, truth=self.truth)

    def occur(self, name: str, namespace: str = "shop", reason: str = "BackOff") -> None:
        pod = ObjectRef("Pod", name, namespace, f"uid-{name}")
        self._kubelet.record(time.time(), pod, "Warning", reason, "it happened")


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[Cluster]:
    """One with a past."""
    cluster = Cluster(tmp_path)
    async with cluster.server:
        cluster.server.kubeconfig(cluster.kubeconfig)
        cluster.occur("old")
        yield cluster


def run(cluster: Cluster, *flags: str, code: str = "") -> RunningExporter:
    """The exporter on a free port, watching ``cluster``."""
    known = ("--kubeconfig", str(cluster.kubeconfig), "--web.listen-address", "127.0.0.1:0")
    return RunningExporter(cluster.kubeconfig.parent, "run", *known, *flags, code=code)


class TestRunning:
    async def test_it_gets_ready_and_counts(self, cluster: Cluster) -> None:
        """What was there before is the baseline; what comes is counted, repeats included."""
        async with run(cluster) as exporter:
            await exporter.ready()
            before = cluster.truth.snapshot()
            for name in ("a", "b", "a", "old"):
                cluster.occur(name)
            cluster.occur("last", reason="Last")
            await exporter.counted("Last")
            assert await exporter.counts() == dict(cluster.truth.visible - before)

    async def test_it_says_what_it_watches_and_where_to_look(self, cluster: Cluster) -> None:
        """In one line each, with the port it got."""
        async with run(cluster) as exporter:
            url = await exporter.url()
            found = await exporter.logged(r"watching the events of context \S+ at (\S+); look at")
            assert found[1] == cluster.server.url
            assert f"{url}/" in exporter.log

    async def test_the_landing_page_tells_what_is_watched(self, cluster: Cluster) -> None:
        """And links to the metrics."""
        async with run(cluster) as exporter:
            await exporter.ready()
            status, page = await exporter.get("/")
            assert status == 200
            assert cluster.server.url in page
            assert 'href="/metrics"' in page

    async def test_it_is_alive_before_it_is_ready(self, cluster: Cluster) -> None:
        """While it may not list: /livez is 200, /readyz is 503 and says why."""
        cluster.server.access = lambda *_: False
        async with run(cluster) as exporter:
            await exporter.logged("cause=forbidden")
            assert (await exporter.get("/livez"))[0] == 200
            status, reason = await exporter.get("/readyz")
            assert status == 503
            assert "not allowed" in reason
            cluster.server.access = lambda *_: True
            await exporter.ready()

    async def test_namespaced_it_never_asks_for_the_cluster(self, cluster: Cluster) -> None:
        """One watch for each namespace, on its own path; a Role is enough."""
        namespaces = {"shop", "web"}
        cluster.server.access = lambda _verb, _resource, namespace: namespace in namespaces
        flags = ("--events.namespace", "shop", "--events.namespace", "web")
        async with run(cluster, *flags) as exporter:
            await exporter.ready()
            before = cluster.truth.snapshot()
            for namespace in ("shop", "web", "other"):
                cluster.occur("a", namespace)
            cluster.occur("last", "shop", reason="Last")
            cluster.occur("last", "web", reason="AlsoLast")
            await exporter.counted("Last")
            await exporter.counted("AlsoLast")
            seen = cluster.truth.visible - before
            assert await exporter.counts() == {
                labels: count for labels, count in seen.items() if labels.namespace in namespaces
            }
            asked = {request.path for request in cluster.server.requests}
            assert asked == {f"/api/v1/namespaces/{n}/events" for n in namespaces}
            assert cluster.server.open_watches == 2

    async def test_no_secret_is_in_its_log(self, cluster: Cluster) -> None:
        """Not at the most talkative level either."""
        cluster.server.token = "s3cr3t-t0ken"
        cluster.server.kubeconfig(cluster.kubeconfig)
        async with run(cluster, "--log.level", "debug") as exporter:
            await exporter.ready()
            cluster.server.token = "other"
            cluster.server.drop_connections()
            await exporter.logged("cause=unauthorized")
            assert "s3cr3t" not in exporter.log


class TestStopping:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    async def test_a_signal_ends_it_in_order(
        self, cluster: Cluster, number: signal.Signals
    ) -> None:
        """Within two seconds, with exit code 0, a last line in the log and no traceback."""
        async with run(cluster) as exporter:
            await exporter.ready()
            exporter.tell(number)
            assert await exporter.ended(STOP_SECONDS) == 0
            assert exporter.log.rstrip().splitlines()[-1].endswith("msg=stopping")
            assert "Traceback" not in exporter.log

    async def test_an_open_connection_does_not_hold_it(self, cluster: Cluster) -> None:
        """A scraper's keep-alive connection is closed, not waited for."""
        async with run(cluster) as exporter:
            await exporter.ready()
            port = int((await exporter.url()).rpartition(":")[2])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"200" in await reader.readline()
            exporter.tell(signal.SIGTERM)
            assert await exporter.ended(STOP_SECONDS) == 0
            writer.close()

    @pytest.mark.parametrize("command", ["run", "check"])
    async def test_a_plugin_that_hangs_does_not_hold_it(self, tmp_path: Path, command: str) -> None:
        """It ends with us: nobody else would end it."""
        (tmp_path / "plugin.py").write_text(
            "import os, signal, sys\n"
            "with open('pid.new', 'w') as note:\n"
            "    note.write(str(os.getpid()))\n"
            "os.rename('pid.new', 'pid')\n"
            "signal.pause()\n"
        )
        plugin = {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": "sh",
            "args": ["-c", f'cd "{tmp_path}" && exec "{sys.executable}" plugin.py'],
        }
        path = kubeconfig(tmp_path / "k", user={"exec": plugin})
        flags = ("--kubeconfig", str(path), "--web.listen-address", "127.0.0.1:0")
        async with RunningExporter(tmp_path, command, *flags) as exporter:
            pid = tmp_path / "pid"
            await until(pid.exists, "a plug-in")
            exporter.tell(signal.SIGINT)
            assert await exporter.ended(STOP_SECONDS) == (130 if command == "check" else 0)
            assert "Traceback" not in exporter.log
            await until(lambda: not Path(f"/proc/{pid.read_text()}").exists(), "its end")

    async def test_a_server_that_is_away_does_not_hold_it(self, cluster: Cluster) -> None:
        """Waiting for the next try is no reason to stay."""
        async with run(cluster) as exporter:
            await exporter.ready()
            await cluster.server.stop()
            await exporter.logged("watch failed")
            exporter.tell(signal.SIGTERM)
            assert await exporter.ended(STOP_SECONDS) == 0


class TestFailing:
    async def test_a_task_that_dies_ends_the_process_with_its_reason(
        self, cluster: Cluster
    ) -> None:
        """A mistake of ours is not survived half: exit code 1, and the log says what it was."""
        code = """
import sys
from exporter.cli import main
from exporter.kube.listwatch import ListWatch
def lines(*_):
    raise RuntimeError("a mistake of ours")
ListWatch.block = lines
sys.exit(main(sys.argv[1:]))
"""
        async with run(cluster, code=code) as exporter:
            assert await exporter.ended() == 1
            assert "task watch died" in exporter.log
            assert "RuntimeError: a mistake of ours" in exporter.log

    async def test_a_demo_cluster_that_dies_ends_the_process_with_its_reason(
        self, tmp_path: Path
    ) -> None:
        """A demo whose story has stopped shows nothing any more: exit code 1, and why."""
        code = """
import sys
from exporter.cli import main
from exporter.demo import DemoCluster
async def play(*_):
    raise RuntimeError("the story has a hole")
DemoCluster._play = play
sys.exit(main(sys.argv[1:]))
"""
        address = ("--web.listen-address", "127.0.0.1:0")
        async with RunningExporter(tmp_path, "demo", *address, code=code) as exporter:
            assert await exporter.ended() == 1
            assert 'level=error msg="the demo cluster died"' in exporter.log
            assert "RuntimeError: the story has a hole" in exporter.log
            assert exporter.log.count("level=error") == 1

    async def test_a_port_in_use_is_told(self, cluster: Cluster) -> None:
        """Exit code 1 and the address, without a traceback."""
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            address = ("--web.listen-address", f"127.0.0.1:{port}")
            async with run(cluster, *address) as exporter:
                assert await exporter.ended() == 1
                assert str(port) in exporter.log
                assert "in use" in exporter.log
                assert "Traceback" not in exporter.log

    @pytest.mark.parametrize(
        ("text", "told"),
        [(None, "no such file"), ("", "is no kubeconfig"), ("contexts: []", "current-context")],
    )
    async def test_a_kubeconfig_that_cannot_be_used_is_told(
        self, tmp_path: Path, text: str | None, told: str
    ) -> None:
        """Exit code 1, the file's name and what is wrong, without a traceback."""
        path = tmp_path / "kubeconfig"
        if text is not None:
            path.write_text(text)
        async with RunningExporter(tmp_path, "run", "--kubeconfig", str(path)) as exporter:
            assert await exporter.ended() == 1
            assert str(path) in exporter.log
            assert told in exporter.log
            assert "Traceback" not in exporter.log

    async def test_no_cluster_at_all_is_told(self, tmp_path: Path) -> None:
        """And what can be done about it."""
        async with RunningExporter(tmp_path, "run") as exporter:
            assert await exporter.ended() == 1
            assert "no cluster" in exporter.log
            assert "demo" in exporter.log

    async def test_a_server_that_is_away_is_waited_for(self, cluster: Cluster) -> None:
        """It may start before its API server does: that is no failure of ours."""
        await cluster.server.stop()
        async with run(cluster) as exporter:
            await exporter.logged("cause=refused")
            await cluster.server.start()
            await exporter.ready()
