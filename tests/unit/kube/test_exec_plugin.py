"""Exec plug-ins of a kubeconfig."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from exporter.kube.connection import ConnectionConfigError
from tests.unit.kube.clusters import Clock, ask, cluster_of
from tests.unit.kube.kubeconfigs import SECRET, kubeconfig, serving

_PLUGIN = """
import json, sys
out, log = sys.argv[1:3]
with open(log, "a") as runs:
    runs.write("run\\n")
with open(out) as answer:
    sys.stdout.write(answer.read())
"""


@pytest.fixture
def clock() -> Clock:
    return Clock()


class TestExecPlugin:
    async def test_its_token_is_kept_until_it_expires(self, tmp_path: Path, clock: Clock) -> None:
        """Running a plug-in can cost seconds: an unexpired token is not fetched again."""
        plugin = Plugin(tmp_path)
        plugin.answers(token="one", expirationTimestamp="2099-01-01T00:00:00Z")
        async with serving() as asked:
            cluster = cluster_of(plugin.kubeconfig(asked.url), clock)
            assert await ask(cluster, asked) == "Bearer one"
            for _ in range(3):
                clock.now += 61
                await ask(cluster, asked)
            assert plugin.runs() == 1
            await cluster.close()

    async def test_an_expired_token_is_fetched_again(self, tmp_path: Path, clock: Clock) -> None:
        """At the next look at the credentials."""
        plugin = Plugin(tmp_path)
        plugin.answers(token="one", expirationTimestamp="2020-01-01T00:00:00Z")
        async with serving() as asked:
            cluster = cluster_of(plugin.kubeconfig(asked.url), clock)
            await ask(cluster, asked)
            plugin.answers(token="two", expirationTimestamp="2099-01-01T00:00:00Z")
            clock.now += 61
            assert await ask(cluster, asked) == "Bearer two"
            await cluster.close()

    async def test_a_token_without_an_end_is_kept_until_it_is_refused(
        self, tmp_path: Path, clock: Clock
    ) -> None:
        """As client-go does."""
        plugin = Plugin(tmp_path)
        plugin.answers(token="one")
        async with serving() as asked:
            cluster = cluster_of(plugin.kubeconfig(asked.url), clock)
            await ask(cluster, asked)
            plugin.answers(token="two")
            clock.now += 3600
            assert await ask(cluster, asked) == "Bearer one"
            assert await ask(cluster, asked, refused=True) == "Bearer two"
            assert plugin.runs() == 2
            await cluster.close()

    async def test_another_context_is_not_missed(self, tmp_path: Path, clock: Clock) -> None:
        """A kubeconfig that was changed is read again, whatever the plug-in's token says."""
        plugin = Plugin(tmp_path)
        plugin.answers(token="one")
        async with serving() as asked:
            path = plugin.kubeconfig(asked.url)
            cluster = cluster_of(path, clock)
            await ask(cluster, asked)
            kubeconfig(path, server=asked.url, user={"token": "two"})
            clock.now += 61
            assert await ask(cluster, asked) == "Bearer two"
            await cluster.close()

    @pytest.mark.parametrize("answer", ["", "{}", '{"kind":"ExecCredential"}', SECRET])
    async def test_one_that_fails_is_told(self, tmp_path: Path, answer: str) -> None:
        """With file, key and command; we do not go on as nobody."""
        plugin = Plugin(tmp_path)
        plugin.output.write_text(answer)
        path = plugin.kubeconfig("http://127.0.0.1:1")
        with pytest.raises(ConnectionConfigError, match=r"k: users\[dev\]\.user\.exec: .*python"):
            await cluster_of(path).load()

    async def test_one_that_is_not_there_is_told(self, tmp_path: Path) -> None:
        """The commonest mistake in a container."""
        user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "/no/plugin"}}
        with pytest.raises(ConnectionConfigError, match="/no/plugin gave no credentials"):
            await cluster_of(kubeconfig(tmp_path / "k", user=user)).load()

    async def test_a_relative_command_is_run(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """From wherever we were started: it is relative to its kubeconfig."""
        plugin = Plugin(tmp_path)
        plugin.answers(token="one")
        wrapper = tmp_path / "wrapper"
        wrapper.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        wrapper.chmod(0o700)
        monkeypatch.chdir("/")
        async with serving() as asked:
            cluster = cluster_of(plugin.kubeconfig(asked.url, "./wrapper"))
            assert await ask(cluster, asked) == "Bearer one"
            await cluster.close()

    @pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
    def test_one_that_hangs_is_not_left_behind(self, tmp_path: Path, loop: str) -> None:
        """Told to stop while it runs, we end it: nobody else would."""
        factory = pytest.importorskip("uvloop").new_event_loop if loop == "uvloop" else None
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(_stop_while_it_hangs(tmp_path))


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def _stop_while_it_hangs(folder: Path) -> None:
    plugin = Plugin(folder)
    plugin.hangs()
    cluster = cluster_of(plugin.kubeconfig("http://127.0.0.1:1"))
    loading = asyncio.create_task(cluster.load())
    async with asyncio.timeout(20):
        while not plugin.output.exists():  # noqa: ASYNC110 - it is another process
            await asyncio.sleep(0.01)
        pid = int(plugin.output.read_text())
        assert _runs(pid)
        loading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await loading
        while _runs(pid):  # noqa: ASYNC110 - the same
            await asyncio.sleep(0.01)
    await cluster.close()


class TestSecrets:
    async def test_none_is_in_the_log(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Neither of a token nor of a plug-in, at any level, in any library."""
        caplog.set_level(logging.DEBUG)
        plugin = Plugin(tmp_path)
        plugin.answers(token=SECRET)
        async with serving() as asked:
            for path in (
                plugin.kubeconfig(asked.url),
                kubeconfig(tmp_path / "t", server=asked.url, user={"token": SECRET}),
            ):
                cluster = cluster_of(path)
                assert SECRET in await ask(cluster, asked)
                assert SECRET not in cluster.description
                await cluster.close()
        assert SECRET not in caplog.text


class Plugin:
    """An exec plug-in that prints what it is told to, and notes that it ran."""

    def __init__(self, folder: Path) -> None:
        self.output, self._log = folder / "answer.json", folder / "runs"
        self._folder, self._program = folder, folder / "plugin.py"
        self._program.write_text(_PLUGIN)
        self._log.touch()

    def answers(self, **status: Any) -> None:
        """What it gives from now on."""
        kind = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential"}
        self.output.write_text(json.dumps({**kind, "status": status}))

    def hangs(self) -> None:
        """It writes its process id where it would give its answer, and then nothing happens."""
        self._program.write_text(
            "import os, signal, sys\n"
            "with open(sys.argv[1] + '.new', 'w') as answer:\n"
            "    answer.write(str(os.getpid()))\n"
            "os.rename(sys.argv[1] + '.new', sys.argv[1])\n"
            "signal.pause()\n"
        )

    def kubeconfig(self, server: str, command: str = sys.executable) -> Path:
        plugin = {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": command,
            "args": [str(self._program), str(self.output), str(self._log)],
            "env": [{"name": "UNUSED", "value": "x"}],
        }
        return kubeconfig(self._folder / "k", server=server, user={"exec": plugin})

    def runs(self) -> int:
        return len(self._log.read_text().splitlines())
