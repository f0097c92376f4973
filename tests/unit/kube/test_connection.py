from __future__ import annotations

import asyncio
import base64
import json
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exporter.kube.connection import Cluster, ClusterChoice, ConnectionConfigError
from tests.unit.kube.kubeconfigs import SECRET, Asked, kubeconfig, serving

_PLUGIN = """
import json, sys
out, log = sys.argv[1:3]
with open(log, "a") as runs:
    runs.write("run\\n")
with open(out) as answer:
    sys.stdout.write(answer.read())
"""


class Clock:
    """Seconds, moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def ask(cluster: Cluster, asked: Asked, *, refused: bool = False) -> str:
    """The Authorization header that a request arrives with."""
    await cluster.load(refused=refused)
    async with cluster.get("/api/v1/events", {}) as response:
        assert response.status == 200
        await response.read()
    return asked.tokens[-1]


def cluster_of(path: Path, clock: Callable[[], float] | None = None, **environ: str) -> Cluster:
    return Cluster(ClusterChoice(str(path)), environ, clock=clock or Clock())


class TestTokens:
    async def test_a_token_is_sent(self, tmp_path: Path) -> None:
        """As a bearer token, to the server of the context."""
        async with serving() as asked:
            cluster = cluster_of(
                kubeconfig(tmp_path / "k", server=asked.url, user={"token": SECRET})
            )
            assert await ask(cluster, asked) == f"Bearer {SECRET}"
            assert cluster.description == "context dev"
            assert cluster.url == asked.url
            await cluster.close()

    async def test_basic_authentication_is_sent(self, tmp_path: Path) -> None:
        """Name and password, for the servers that still take them."""
        user = {"username": "me", "password": SECRET}
        async with serving() as asked:
            cluster = cluster_of(kubeconfig(tmp_path / "k", server=asked.url, user=user))
            expected = base64.b64encode(f"me:{SECRET}".encode()).decode()
            assert await ask(cluster, asked) == f"Basic {expected}"
            await cluster.close()

    async def test_a_token_file_is_read_again_each_minute(
        self, tmp_path: Path, clock: Clock
    ) -> None:
        """Relative to its kubeconfig; a rotated token is used within a minute."""
        (tmp_path / "token").write_text("one\n")
        async with serving() as asked:
            path = kubeconfig(tmp_path / "k", server=asked.url, user={"tokenFile": "token"})
            cluster = cluster_of(path, clock)
            assert await ask(cluster, asked) == "Bearer one"
            (tmp_path / "token").write_text("two\n")
            clock.now += 30
            assert await ask(cluster, asked) == "Bearer one"
            clock.now += 31
            assert await ask(cluster, asked) == "Bearer two"
            await cluster.close()

    async def test_a_refused_token_is_read_again_at_once(self, tmp_path: Path) -> None:
        """A 401 does not wait for the minute."""
        (tmp_path / "token").write_text("one")
        async with serving() as asked:
            path = kubeconfig(tmp_path / "k", server=asked.url, user={"tokenFile": "token"})
            cluster = cluster_of(path)
            await ask(cluster, asked)
            (tmp_path / "token").write_text("two")
            assert await ask(cluster, asked, refused=True) == "Bearer two"
            await cluster.close()

    async def test_a_renewal_that_fails_is_tried_at_the_next_request(self, tmp_path: Path) -> None:
        """Refused credentials are not used again because their minute is not over."""
        async with serving() as asked:
            path = kubeconfig(tmp_path / "k", server=asked.url, user={"token": "one"})
            cluster = cluster_of(path)
            await ask(cluster, asked)
            path.write_text("{")
            with pytest.raises(ConnectionConfigError):
                await cluster.load(refused=True)
            kubeconfig(path, server=asked.url, user={"token": "two"})
            assert await ask(cluster, asked) == "Bearer two"
            await cluster.close()

    async def test_a_token_that_no_header_can_hold_is_told(self, tmp_path: Path) -> None:
        """Two lines in a token file would be a ValueError at each request."""
        (tmp_path / "token").write_text(f"{SECRET}\nX-Other: 1\n")
        path = kubeconfig(tmp_path / "k", user={"tokenFile": "token"})
        with pytest.raises(ConnectionConfigError, match="line break") as caught:
            await cluster_of(path).load()
        assert SECRET not in str(caught.value)

    async def test_a_netrc_is_none_of_our_business(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Its entries neither replace our credentials nor stand in their way."""
        (tmp_path / "netrc").write_text("default login somebody password else\n")
        monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
        async with serving() as asked:
            for user, sent in (({"token": "one"}, "Bearer one"), ({}, "")):
                cluster = cluster_of(kubeconfig(tmp_path / "k", server=asked.url, user=user))
                assert await ask(cluster, asked) == sent
                await cluster.close()

    async def test_two_watches_renew_once(self, tmp_path: Path) -> None:
        """Several namespaces share the credentials, and one session, however they ask."""
        async with serving() as asked:
            cluster = cluster_of(
                kubeconfig(tmp_path / "k", server=asked.url, user={"token": "one"})
            )
            await asyncio.gather(*[cluster.load(refused=True) for _ in range(5)])
            first = cluster._session
            await asyncio.gather(*[cluster.load(refused=True) for _ in range(5)])
            assert cluster._session is first
            await cluster.close()


class TestInCluster:
    async def test_the_pods_account_is_used(self, tmp_path: Path) -> None:
        """Without a kubeconfig; the address comes from the environment."""
        cluster = in_pod(tmp_path, token="one")
        await cluster.load()
        assert cluster.url == "https://10.96.0.1:443"
        assert cluster.description == "service account"
        assert cluster._headers["Authorization"].lower() == "bearer one"
        await cluster.close()

    async def test_its_rotated_token_is_read_again(self, tmp_path: Path, clock: Clock) -> None:
        """Bound tokens live for an hour and are replaced on disk before that."""
        cluster = in_pod(tmp_path, token="one", clock=clock)
        await cluster.load()
        (tmp_path / "token").write_text("two")
        clock.now += 61
        await cluster.load()
        assert cluster._headers["Authorization"].lower() == "bearer two"
        await cluster.close()

    async def test_an_ipv6_address_is_bracketed(self, tmp_path: Path) -> None:
        """As in a URL."""
        cluster = in_pod(tmp_path, token="one", host="fd00::1")
        await cluster.load()
        assert cluster.url == "https://[fd00::1]:443"
        await cluster.close()

    @pytest.mark.parametrize("missing", ["token", "ca.crt"])
    async def test_what_is_not_mounted_is_told(self, tmp_path: Path, missing: str) -> None:
        """automountServiceAccountToken: false is an error that names the file."""
        cluster = in_pod(tmp_path, token="one")
        (tmp_path / missing).unlink()
        with pytest.raises(ConnectionConfigError, match=f"{tmp_path / missing}: no such file"):
            await cluster.load()

    async def test_without_any_cluster_all_places_are_told(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The message says where we looked and what can be done."""
        monkeypatch.setenv("HOME", str(tmp_path))
        with pytest.raises(ConnectionConfigError, match=r"KUBECONFIG.*demo"):
            await Cluster(ClusterChoice(), {}).load()


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


class TestImpersonation:
    async def test_as_whom_we_act_is_sent(self, tmp_path: Path) -> None:
        """As kubectl does for `as` and its like; the package would act as the user itself."""
        user = {"token": SECRET, "as": "jane", "as-uid": "7", "as-groups": ["a", "b"]}
        async with serving() as asked:
            cluster = cluster_of(kubeconfig(tmp_path / "k", server=asked.url, user=user))
            assert await ask(cluster, asked) == f"Bearer {SECRET}"
            await cluster.post("/x", {})
            await cluster.close()
        assert asked.impersonated == 2 * [
            [
                ("Impersonate-User", "jane"),
                ("Impersonate-Uid", "7"),
                ("Impersonate-Group", "a"),
                ("Impersonate-Group", "b"),
            ]
        ]

    async def test_without_it_nothing_is_sent(self, tmp_path: Path) -> None:
        """We are who we are."""
        async with serving() as asked:
            cluster = cluster_of(kubeconfig(tmp_path / "k", server=asked.url))
            await ask(cluster, asked)
            await cluster.close()
        assert asked.impersonated == [[]]


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


def in_pod(
    folder: Path, *, token: str, host: str = "10.96.0.1", clock: Callable[[], float] | None = None
) -> Cluster:
    """A cluster as a pod sees it, with ``folder`` as the mounted service account."""
    import trustme

    (folder / "token").write_text(token)
    trustme.CA().cert_pem.write_to_path(folder / "ca.crt")
    environ = {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": "443"}
    environ["KUBECONFIG"] = ""
    choice = ClusterChoice(service_account=folder)
    return Cluster(choice, environ, clock=clock or Clock())


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
