from __future__ import annotations

import base64
import ssl
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import trustme

from exporter.kube.connection import Cluster, ClusterChoice, ConnectionConfigError
from exporter.kube.telemetry import Failure
from exporter.kube.watcher import cause_of
from tests.unit.kube.kubeconfigs import Asked, kubeconfig, serving


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def folder(tmp_path: Path, authority: trustme.CA) -> Path:
    """A folder with ca.crt in it."""
    authority.cert_pem.write_to_path(tmp_path / "ca.crt")
    return tmp_path


def server_context(
    authority: trustme.CA, *names: str, clients: trustme.CA | None = None
) -> ssl.SSLContext:
    """TLS of a server with these names; ``clients``: it asks for certificates of that authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*(names or ("127.0.0.1",))).configure_cert(context)
    if clients is not None:
        clients.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def cluster_of(folder: Path, asked: Asked, user: dict[str, Any], **cluster: Any) -> Cluster:
    path = kubeconfig(folder / "k", server=asked.url, user=user, cluster=cluster)
    return Cluster(ClusterChoice(str(path)), {})


async def failure_of(cluster: Cluster) -> Failure:
    """The class of what comes instead of an answer."""
    await cluster.load()
    try:
        async with cluster.get("/version", {}) as response:
            await response.read()
    except (aiohttp.ClientError, OSError) as error:
        return cause_of(error)
    finally:
        await cluster.close()
    raise AssertionError("answered")


async def succeeds(cluster: Cluster) -> None:
    await cluster.load()
    async with cluster.get("/version", {}) as response:
        assert response.status == 200
        await response.read()
    await cluster.close()


class TestServerCertificate:
    async def test_the_clusters_authority_is_trusted(
        self, folder: Path, authority: trustme.CA
    ) -> None:
        """From a file beside the kubeconfig."""
        async with serving(server_context(authority)) as asked:
            await succeeds(cluster_of(folder, asked, {}, **{"certificate-authority": "ca.crt"}))

    async def test_it_can_stand_in_the_kubeconfig(
        self, folder: Path, authority: trustme.CA
    ) -> None:
        """As base64."""
        data = base64.b64encode(authority.cert_pem.bytes()).decode()
        async with serving(server_context(authority)) as asked:
            cluster = cluster_of(folder, asked, {}, **{"certificate-authority-data": data})
            await succeeds(cluster)

    async def test_another_authority_is_a_tls_failure(
        self, folder: Path, authority: trustme.CA
    ) -> None:
        """A wrong certificate is told by its own cause."""
        async with serving(server_context(trustme.CA())) as asked:
            cluster = cluster_of(folder, asked, {}, **{"certificate-authority": "ca.crt"})
            assert await failure_of(cluster) is Failure.TLS

    async def test_another_name_is_a_tls_failure(self, folder: Path, authority: trustme.CA) -> None:
        """The certificate must be for the host we asked."""
        async with serving(server_context(authority, "kubernetes.example")) as asked:
            cluster = cluster_of(folder, asked, {}, **{"certificate-authority": "ca.crt"})
            assert await failure_of(cluster) is Failure.TLS

    async def test_its_name_can_be_given(self, folder: Path, authority: trustme.CA) -> None:
        """tls-server-name: behind a tunnel the host is not the certificate's."""
        async with serving(server_context(authority, "kubernetes.example")) as asked:
            cluster = cluster_of(
                folder,
                asked,
                {},
                **{"certificate-authority": "ca.crt", "tls-server-name": "kubernetes.example"},
            )
            await succeeds(cluster)

    async def test_verification_can_be_switched_off(
        self, folder: Path, authority: trustme.CA
    ) -> None:
        """insecure-skip-tls-verify, as for kubectl."""
        async with serving(server_context(trustme.CA())) as asked:
            await succeeds(cluster_of(folder, asked, {}, **{"insecure-skip-tls-verify": True}))

    async def test_authorities_without_a_key_identifier_are_taken(
        self, folder: Path, authority: trustme.CA
    ) -> None:
        """Python 3.13 is stricter by default than Go; EKS' authorities would not pass."""
        async with serving(server_context(authority)) as asked:
            cluster = cluster_of(folder, asked, {}, **{"certificate-authority": "ca.crt"})
            await cluster.load()
            assert cluster._session is not None
            connector = cluster._session.connector
            assert isinstance(connector, aiohttp.TCPConnector)
            assert isinstance(connector._ssl, ssl.SSLContext)
            assert not connector._ssl.verify_flags & ssl.VERIFY_X509_STRICT
            assert connector._ssl.verify_mode is ssl.CERT_REQUIRED
            await cluster.close()

    async def test_plain_http_at_a_tls_port_is_no_crash(
        self, folder: Path, authority: trustme.CA
    ) -> None:
        """http:// in place of https:// is a failure like any other."""
        async with serving(server_context(authority)) as asked:
            asked.url = asked.url.replace("https:", "http:")
            failure = await failure_of(cluster_of(folder, asked, {}))
            assert failure in {Failure.RESET, Failure.OTHER}

    async def test_tls_at_a_plain_port_is_a_tls_failure(
        self, folder: Path, authority: trustme.CA
    ) -> None:
        """https:// in place of http://."""
        async with serving() as asked:
            asked.url = asked.url.replace("http:", "https:")
            assert await failure_of(cluster_of(folder, asked, {})) is Failure.TLS

    async def test_an_authority_that_is_none_is_told(
        self, folder: Path, authority: trustme.CA
    ) -> None:
        """With the kubeconfig's name."""
        (folder / "ca.crt").write_text("abc")
        async with serving(server_context(authority)) as asked:
            cluster = cluster_of(folder, asked, {}, **{"certificate-authority": "ca.crt"})
            with pytest.raises(ConnectionConfigError, match=f"{folder}/k: certificates: "):
                await cluster.load()


class TestClientCertificate:
    async def test_it_is_shown(self, folder: Path, authority: trustme.CA) -> None:
        """Mutual TLS: the user is who the certificate says."""
        user = client(folder, authority, "exporter@example.org")
        async with serving(server_context(authority, clients=authority)) as asked:
            await succeeds(cluster_of(folder, asked, user, **{"certificate-authority": "ca.crt"}))
            assert asked.certificates[0] != ""
            assert asked.tokens == [""]

    async def test_none_where_one_is_wanted_is_a_failure(
        self, folder: Path, authority: trustme.CA
    ) -> None:
        """With TLS 1.3 the server hangs up only after the handshake, with or without a word."""
        async with serving(server_context(authority, clients=authority)) as asked:
            cluster = cluster_of(folder, asked, {}, **{"certificate-authority": "ca.crt"})
            assert await failure_of(cluster) in {Failure.TLS, Failure.RESET}

    async def test_a_new_one_is_used(self, folder: Path, authority: trustme.CA) -> None:
        """Certificates are rotated in place; requests under way end with the old one."""
        user = client(folder, trustme.CA(), "old@example.org")
        async with serving(server_context(authority, clients=authority)) as asked:
            cluster = cluster_of(folder, asked, user, **{"certificate-authority": "ca.crt"})
            await cluster.load()
            old = cluster._session
            client(folder, authority, "new@example.org")
            await cluster.load(refused=True)
            assert old is not None
            assert not old.closed
            await succeeds(cluster)
            assert old.closed


class TestProxy:
    async def test_the_kubeconfigs_proxy_is_asked(self, tmp_path: Path) -> None:
        """proxy-url: the request goes there, its password with it, and not to the server."""
        async with serving() as server, serving() as proxy:
            through = proxy.url.replace("//", "//me:word@")
            cluster = cluster_of(tmp_path, server, {}, **{"proxy-url": through})
            await succeeds(cluster)
            assert len(proxy.tokens) == 1
            assert proxy.proxy_tokens == ["Basic " + base64.b64encode(b"me:word").decode()]
            assert server.tokens == []

    async def test_the_environments_proxy_is_asked(self, tmp_path: Path) -> None:
        """HTTP_PROXY, for a server that is not on loopback."""
        async with serving() as proxy:
            path = kubeconfig(tmp_path / "k", server="http://kubernetes.example")
            await succeeds(Cluster(ClusterChoice(str(path)), {"HTTP_PROXY": proxy.url}))
            assert len(proxy.tokens) == 1

    async def test_a_proxy_that_is_away_is_told_without_its_password(self, tmp_path: Path) -> None:
        """As a refused connection."""
        async with serving() as server:
            cluster = cluster_of(
                tmp_path, server, {}, **{"proxy-url": "http://me:s3cr3t@127.0.0.1:1"}
            )
            await cluster.load()
            with pytest.raises(aiohttp.ClientConnectorError) as caught:
                async with cluster.get("/version", {}):
                    pass
            await cluster.close()
            assert cause_of(caught.value) is Failure.REFUSED
            assert "s3cr3t" not in str(caught.value)


def client(folder: Path, authority: trustme.CA, name: str) -> dict[str, str]:
    """A user with a certificate of this authority, written into the folder."""
    certificate = authority.issue_cert(name)
    certificate.private_key_pem.write_to_path(folder / "client.key")
    certificate.cert_chain_pems[0].write_to_path(folder / "client.crt")
    return {"client-certificate": "client.crt", "client-key": "client.key"}
