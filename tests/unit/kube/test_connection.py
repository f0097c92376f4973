from __future__ import annotations

import asyncio
import base64
from pathlib import Path

import pytest

from exporter.kube.connection import Cluster, ClusterChoice, ConnectionConfigError
from tests.unit.kube.clusters import Clock, ask, cluster_of, in_pod
from tests.unit.kube.kubeconfigs import SECRET, kubeconfig, serving


@pytest.fixture
def clock() -> Clock:
    return Clock()


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


class TestImpersonation:
    async def test_as_whom_we_act_is_sent(self, tmp_path: Path) -> None:
        """As kubectl does for `as` and its like; the package would act as the user itself."""
        user = {"token": SECRET, "as": "jane", "as-uid": "7", "as-groups": ["a", "b"]}
        async with serving() as asked:
            cluster = cluster_of(kubeconfig(tmp_path / "k", server=asked.url, user=user))
            assert await ask(cluster, asked) == f"Bearer {SECRET}"
            async with cluster.request("PUT", "/x", b"{}") as response:
                await response.read()
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
