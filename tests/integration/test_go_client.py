# SPDX-License-Identifier: Apache-2.0
"""``--web.config.file`` as Go's crypto/tls and net/http find it, the client that Prometheus is."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme

from exporter.web.terms.names import ALWAYS, CURVES, SUITES
from tests.integration.go_client import SOURCES, GoClient, go, gofmt
from tests.integration.test_web_tls import until
from tests.unit.web.site import serving
from tests.unit.web.web_config import MUTUAL, TLS, WebConfig, hashed

USERS = f"basic_auth_users:\n  prometheus: {hashed('pa: ss')}\n"
_VERSIONS = ("TLS10", "TLS11", "TLS12", "TLS13")


def _known(curve: str) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).set_ecdh_curve(curve)
    except (ssl.SSLError, ValueError):
        return False
    return True


# Those that the OpenSSL of this machine has: X25519MLKEM768 came with 3.5.
_CURVES = [name for name, curve in CURVES.items() if _known(curve)]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built here."""
    built = tmp_path_factory.mktemp("goclient") / "goclient"
    go("build", "-o", str(built), ".")
    return built


@contextlib.asynccontextmanager
async def asking(
    program: Path, folder: Path, text: str, key_type: trustme.KeyType = trustme.KeyType.ECDSA
) -> AsyncIterator[tuple[GoClient, WebConfig]]:
    """A client, and the file of the server that it asks."""
    config = WebConfig(folder, text)
    config.renew(key_type)
    async with serving(gate=config.gate(), client_tls=config.client()) as running:
        yield GoClient(program, config, f"{running.url}/metrics"), config


def test_the_client_is_sound() -> None:
    """Go's own tools have nothing to say of it, and it needs nothing but Go."""
    go("vet", ".")
    assert gofmt() == ""
    assert "require" not in (SOURCES / "go.mod").read_text()


@pytest.mark.parametrize("version", ["TLS12", "TLS13"])
async def test_with_certificate_and_password(program: Path, tmp_path: Path, version: str) -> None:
    """A page comes over the version that was asked for, and the next one on the same connection."""
    async with asking(program, tmp_path, MUTUAL + USERS) as (client, _):
        client.certified("prometheus.monitoring.svc")
        client.known("prometheus", "pa: ss")
        first, second = await client.asks(2, "-min", version, "-max", version)
        assert (first["status"], first["reused"]) == (200, False)
        assert (second["status"], second["reused"]) == (200, True)
        assert first["version"] == second["version"] == f"TLS 1.{version[-1]}"
        assert first["size"] > 0


async def test_who_is_refused(program: Path, tmp_path: Path) -> None:
    """Without a certificate by TLS, without the password by HTTP; and a server whose authority is
    another one is refused by Go.
    """
    async with asking(program, tmp_path, MUTUAL + USERS) as (client, _):
        assert "certificate required" in (await client.ask())["error"]
        client.certified("prometheus.monitoring.svc")
        assert (await client.ask())["status"] == 401
        client.known("prometheus", "pa: ss")
        assert (await client.ask())["status"] == 200
        stranger = tmp_path / "stranger.crt"
        trustme.CA().cert_pem.write_to_path(stranger)
        refused = await client.ask(ca=stranger)
        assert "certificate signed by unknown authority" in refused["error"]


async def test_a_certificate_of_another_authority_is_refused(program: Path, tmp_path: Path) -> None:
    async with asking(program, tmp_path, MUTUAL) as (client, config):
        client.certified("prometheus.monitoring.svc", signed_by=trustme.CA())
        assert "unknown certificate authority" in (await client.ask())["error"]
        client.certified("prometheus.monitoring.svc", signed_by=config.authority)
        assert (await client.ask())["status"] == 200


@pytest.mark.parametrize("ours", _VERSIONS)
async def test_versions(program: Path, tmp_path: Path, ours: str) -> None:
    """Of a file that names one alone, that one is spoken and the others are refused."""
    text = f"{TLS}  min_version: {ours}\n  max_version: {ours}\n"
    async with asking(program, tmp_path, text) as (client, _):
        for theirs in _VERSIONS:
            got = await client.ask("-min", theirs, "-max", theirs)
            if theirs == ours:
                assert (got["status"], got["version"]) == (200, f"TLS 1.{ours[-1]}")
            else:
                assert "protocol version not supported" in got["error"]


@pytest.mark.parametrize("suite", SUITES)
async def test_cipher_suites(program: Path, tmp_path: Path, suite: str) -> None:
    """Each that a file may name is spoken by its Go name, and none beside it."""
    key_type = trustme.KeyType.ECDSA if "_ECDSA_" in suite else trustme.KeyType.RSA
    text = f"{TLS}  cipher_suites: [{suite}]\n"
    async with asking(program, tmp_path, text, key_type) as (client, _):
        everything = ("-max", "TLS12", "-suites", ",".join(SUITES))
        got = await client.ask(*everything)
        assert (got["status"], got["suite"]) == (200, suite)
        others = ",".join(each for each in SUITES if each != suite)
        assert (
            "handshake failure" in (await client.ask("-max", "TLS12", "-suites", others))["error"]
        )
        assert (await client.ask())["suite"] in ALWAYS


@pytest.mark.parametrize("prefer", [True, False])
async def test_the_order_of_cipher_suites(program: Path, tmp_path: Path, prefer: bool) -> None:
    """With ours, the first that the file names, although Go would have another one first."""
    names = [name for name in SUITES if "_ECDHE_ECDSA_" in name][::-1]
    text = f"{TLS}  cipher_suites: [{', '.join(names)}]\n"
    text += f"  prefer_server_cipher_suites: {str(prefer).lower()}\n"
    async with asking(program, tmp_path, text) as (client, _):
        got = await client.ask("-max", "TLS12", "-suites", ",".join(names))
        assert (got["suite"] == names[0]) is prefer


@pytest.mark.parametrize("curve", _CURVES)
async def test_curves(program: Path, tmp_path: Path, curve: str) -> None:
    """That of the file is agreed on, though Go begins with another one; none beside it."""
    async with asking(program, tmp_path, f"{TLS}  curve_preferences: [{curve}]\n") as (client, _):
        got = await client.ask("-curves", ",".join(CURVES))
        assert (got["status"], got["curve"]) == (200, curve)
        others = ",".join(each for each in CURVES if each != curve)
        assert "handshake failure" in (await client.ask("-curves", others))["error"]


async def test_http_2_is_asked_for_and_not_spoken(program: Path, tmp_path: Path) -> None:
    """A client that would rather have it gets HTTP/1.1, and keeps its connection."""
    async with asking(program, tmp_path, TLS + "http_server_config: {http2: true}\n") as (
        client,
        _,
    ):
        for got in await client.asks(2, "-http2"):
            assert (got["status"], got["protocol"]) == (200, "HTTP/1.1")
            assert got["negotiated"] == "http/1.1"
        assert got["reused"]


async def test_a_rotation_under_load_fails_no_scrape(program: Path, tmp_path: Path) -> None:
    """Certificate, key, kind of key and file change again and again. Of eight workers that keep
    their connections and eight that do not, each is answered each time, and Go had to send nothing
    a second time.
    """
    kinds = (trustme.KeyType.RSA, trustme.KeyType.ECDSA)
    async with asking(program, tmp_path, MUTUAL + USERS) as (client, config):
        client.certified("prometheus.monitoring.svc")
        client.known("prometheus", "pa: ss")
        load = await client.load(8)
        try:
            await load.goes_on(3)
            for rotation in range(10):
                taken = len(config.notes)
                config.renew(kinds[rotation % 2])
                config.write(f"{MUTUAL}{USERS}# {rotation}\n")
                await until(
                    lambda taken=taken: any(n[0] == "info" for n in config.notes[taken:])  # type: ignore[misc]
                )
                await load.goes_on(3)
            totals = await load.end()
        finally:
            load.kill()
    assert len(totals) == 16
    for total in totals:
        assert (total["failures"], total["resent"]) == ([], 0)
        assert total["answered"] >= 33
        assert len(total["certificates"]) == 11
        assert bool(total["reused"]) is total["kept"]
