"""The metrics over TLS: who gets in, with which versions and cipher suites, and what is proven."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest
import trustme

from exporter.web.listening.encrypted import EncryptedTransport
from exporter.web.scrapers import SCRAPE_HEADER
from tests.integration.programs import needed
from tests.unit.web.site import PROMETHEUS, THING, Site, serving
from tests.unit.web.test_leaving_clients import NOISE
from tests.unit.web.web_config import MUTUAL, TLS, WebConfig

REFUSED = (aiohttp.ClientError, ssl.SSLError, ConnectionError)


@contextlib.asynccontextmanager
async def site(
    folder: Path, text: str, *names: str, noise: bytes = b""
) -> AsyncIterator[tuple[Site, WebConfig]]:
    """A server with this file, and a client that has a certificate for the names."""
    config = WebConfig(folder, text)
    async with serving(
        gate=config.gate(), client_tls=config.client(*names), foreign=lambda _format: noise
    ) as running:
        yield running, config


async def until(condition: Callable[[], bool]) -> None:
    """Return once it holds."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - it is the server's work that is waited for
            await asyncio.sleep(0)


async def refused(running: Site, client: ssl.SSLContext) -> bool:
    """Whether this client gets no answer, on a connection of its own."""
    connector = aiohttp.TCPConnector(ssl=client)
    async with aiohttp.ClientSession(connector=connector) as session:
        try:
            async with session.get(f"{running.url}/metrics") as response:
                await response.read()
        except REFUSED:
            return True
    return False


async def openssl(running: Site, *arguments: str) -> str:
    """What ``openssl s_client`` says of a handshake."""
    process = await asyncio.create_subprocess_exec(
        *(needed("openssl", "REQUIRE_OPENSSL"), "s_client"),
        *("-connect", f"127.0.0.1:{running.port}", *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return output.decode(errors="replace")


async def spoken(running: Site, *arguments: str) -> str:
    """Version and cipher suite of a handshake of ``openssl s_client``, ``""`` without one."""
    for line in (await openssl(running, *arguments)).splitlines():
        if line.startswith("New, "):
            version, suite = line.removeprefix("New, ").split(", Cipher is ")
            return "" if version == "(NONE)" else suite
    return ""


async def test_a_page_is_served_over_tls(tmp_path: Path) -> None:
    """And nothing of it without."""
    async with site(tmp_path, TLS) as (running, _):
        assert await running.scrape() is not None
        response, _ = await running.get("/livez")
        assert response.status == 200
        with pytest.raises(REFUSED):
            async with running.client.get(f"http://127.0.0.1:{running.port}/metrics"):
                pass


async def test_births_are_proven_over_tls(tmp_path: Path) -> None:
    """A connection is one scraper's, as it is without TLS: its next request proves the last."""
    async with site(tmp_path, TLS) as (running, _):
        running.things.at(("a",)).inc(3)
        assert await running.scrape() == {THING: 0}
        assert await running.scrape() == {THING: 3}


async def test_a_page_is_sent_once_the_kernel_has_it(tmp_path: Path) -> None:
    """TLS holds nothing back that would die with the process."""
    async with site(tmp_path, TLS, noise=NOISE) as (running, config):
        left: list[int] = []
        limits: list[tuple[int, int]] = []
        shown = running.page.shown

        def noting(showing: object) -> None:
            for connection in running.server._listener._connections.values():
                assert connection._transport is not None
                assert isinstance(connection._transport, EncryptedTransport)
                left.append(connection._transport.get_write_buffer_size())
                limits.append(connection._transport.get_write_buffer_limits())
            shown(showing)  # type: ignore[arg-type]

        running.page.shown = noting  # type: ignore[method-assign]
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", running.port, ssl=config.client(), limit=1024
        )
        headers = "".join(f"{name}: {value}\r\n" for name, value in PROMETHEUS.items())
        writer.write(f"GET /metrics HTTP/1.1\r\nHost: x\r\n{headers}\r\n".encode())
        size = 0
        while not left:
            async with asyncio.timeout(20):
                size += len(await reader.read(1024))
        assert (left, limits) == ([0], [(0, 0)])
        assert size < len(NOISE)
        writer.transport.abort()


async def test_a_client_that_does_not_read_is_cut_off(tmp_path: Path) -> None:
    async with site(tmp_path, TLS, noise=NOISE) as (running, config):
        _, writer = await asyncio.open_connection(
            "127.0.0.1", running.port, ssl=config.client(), limit=1024
        )
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(f"GET /metrics HTTP/1.1\r\nHost: x\r\n{SCRAPE_HEADER}: 0.1\r\n\r\n".encode())
        await until(lambda: running.server.requests == 1)
        await until(lambda: running.server.requests == 0)
        await until(lambda: len(running.server._listener) == 0)
        assert len(running.house.scrapers) == 0
        writer.transport.abort()


@pytest.mark.parametrize(
    ("keys", "flag", "works"),
    [
        ("", "-tls1_1", False),
        ("", "-tls1_2", True),
        ("", "-tls1_3", True),
        ("  min_version: TLS13\n", "-tls1_2", False),
        ("  max_version: TLS12\n", "-tls1_3", False),
        ("  min_version: TLS11\n", "-tls1_1", True),
        ("  min_version: TLS11\n", "-tls1", False),
        ("  min_version: TLS10\n", "-tls1", True),
        ("  min_version: TLS10\n  max_version: TLS11\n", "-tls1_2", False),
        ("  cipher_suites: [TLS_AES_128_GCM_SHA256]\n", "-tls1_2", False),
    ],
)
async def test_versions(tmp_path: Path, keys: str, flag: str, works: bool) -> None:
    """Those of the file and no others, as OpenSSL's own client finds."""
    async with site(tmp_path, TLS + keys) as (running, _):
        weak = ("-cipher", "DEFAULT@SECLEVEL=0")
        assert bool(await spoken(running, flag, *weak)) is works


async def test_cipher_suites(tmp_path: Path) -> None:
    """Those of the file and no others, in the file's order or the client's."""
    names = (
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    )
    first, second = "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256"
    text = f"{TLS}  cipher_suites: [{', '.join(names)}]\n"
    (tmp_path / "theirs").mkdir()
    async with (
        site(tmp_path, text) as (ours, _),
        site(tmp_path / "theirs", text + "  prefer_server_cipher_suites: false\n") as (theirs, _),
    ):
        asked = ("-tls1_2", "-cipher", f"{second}:{first}")
        assert await spoken(ours, *asked) == first
        assert await spoken(theirs, *asked) == second
        assert not await spoken(ours, "-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305")


@pytest.mark.parametrize(
    ("ours", "theirs"), [("CurveP256", "P-256"), ("CurveP384", "P-384"), ("X25519", "X25519")]
)
async def test_curves(tmp_path: Path, ours: str, theirs: str) -> None:
    """That of the file and no other."""
    async with site(tmp_path, f"{TLS}  curve_preferences: [{ours}]\n") as (running, _):
        assert await spoken(running, "-groups", theirs)
        assert not await spoken(running, "-groups", "P-521")


async def test_http_2_is_not_offered(tmp_path: Path) -> None:
    async with site(tmp_path, TLS + "http_server_config: {http2: true}\n") as (running, _):
        assert "ALPN protocol: http/1.1" in await openssl(running, "-alpn", "h2,http/1.1")


async def test_a_client_needs_a_certificate_of_the_authority(tmp_path: Path) -> None:
    """Its absence, and one of another authority, are refused and said, now and then."""
    async with site(tmp_path, MUTUAL, "prometheus") as (running, config):
        assert await running.scrape() is not None
        assert await refused(running, config.client())
        assert await refused(running, config.client("prometheus", signed_by=trustme.CA()))
        assert {message for _, message, _ in running.notes} == {"TLS handshake failed"}
        await until(lambda: len(running.server._listener) == 1)


async def test_a_certificate_that_is_given_is_verified(tmp_path: Path) -> None:
    text = MUTUAL.replace("RequireAndVerifyClientCert", "VerifyClientCertIfGiven")
    async with site(tmp_path, text) as (running, config):
        assert not await refused(running, config.client())
        assert not await refused(running, config.client("prometheus"))
        assert await refused(running, config.client("prometheus", signed_by=trustme.CA()))


@pytest.mark.parametrize(
    ("names", "works"),
    [
        (("prometheus.monitoring.svc",), True),
        (("other", "10.1.2.3"), True),
        (("2001:db8::1",), True),
        (("prometheus@example.org",), True),
        (("prometheus",), False),
        (("sub.prometheus.monitoring.svc",), False),
        (("10.1.2.4",), False),
    ],
    ids=str,
)
async def test_names_of_clients(tmp_path: Path, names: tuple[str, ...], works: bool) -> None:
    """One of them must be as it is written, host name, address or mail address."""
    allowed = "[prometheus.monitoring.svc, 10.1.2.3, '2001:db8::1', prometheus@example.org]"
    text = f"{MUTUAL}  client_allowed_sans: {allowed}\n"
    async with site(tmp_path, text, *names) as (running, config):
        assert await refused(running, config.client(*names)) is not works
        assert bool(running.notes) is not works
        if not works:
            (note,) = running.notes
            assert note[2]["error"] == (
                "no name of the client's certificate is one of client_allowed_sans"
            )
        await until(lambda: len(running.server._listener) == 0)


async def test_a_handshake_begun_on_old_terms_lets_nobody_in(tmp_path: Path) -> None:
    """A client can take its time for it; its authority may have gone meanwhile."""
    async with site(tmp_path, MUTUAL, "prometheus") as (running, config):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = config.client("prometheus").wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        with pytest.raises(ssl.SSLWantReadError):
            tls.do_handshake()
        writer.write(outgoing.read())
        incoming.write(await reader.read(65_536))
        trustme.CA().cert_pem.write_to_path(tmp_path / "ca.crt")
        await until(lambda: bool(config.notes))
        tls.do_handshake()
        tls.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        writer.write(outgoing.read())
        answer = b""
        async with asyncio.timeout(10):
            while data := await reader.read(65_536):
                incoming.write(data)
                with contextlib.suppress(ssl.SSLWantReadError, ssl.SSLZeroReturnError):
                    answer += tls.read(65_536)
        writer.transport.abort()
        assert answer == b""
        said = [fields["error"] for _, message, fields in running.notes if "handshake" in message]
        assert said == ["the terms have changed since its handshake began"]
