"""The file of ``--web.config.file`` at work: passwords, probes, headers, and changes under load."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import trustme

from exporter.web.listening import FileError
from tests.integration.test_web_tls import refused, until
from tests.unit.web.site import PROMETHEUS, Site, serving
from tests.unit.web.test_leaving_clients import NOISE
from tests.unit.web.web_config import MUTUAL, TLS, WebConfig, basic, hashed

ALICE = basic("alice", "wonderland")
WRONG = basic("alice", "wonderlan")
USERS = f"basic_auth_users:\n  alice: {hashed('wonderland')}\n"


@contextlib.asynccontextmanager
async def plain(config: WebConfig, text: str) -> AsyncIterator[Site]:
    """A server without TLS."""
    config.write(text)
    async with serving(gate=config.gate()) as running:
        yield running


@pytest.fixture
def config(tmp_path: Path) -> WebConfig:
    return WebConfig(tmp_path)


async def status(running: Site, path: str = "/metrics", authorization: str = "") -> int:
    headers = {"Authorization": authorization} if authorization else {}
    return (await running.get(path, headers))[0].status


@pytest.mark.parametrize("path", ["/metrics", "/", "/nowhere", "/livez/"])
async def test_who_has_no_password_learns_nothing(config: WebConfig, path: str) -> None:
    """Not even which paths there are."""
    async with plain(config, USERS) as running:
        response, text = await running.get(path, {"Authorization": WRONG})
        assert (response.status, text) == (401, "no valid user and password\n")
        assert response.headers["WWW-Authenticate"].startswith("Basic realm=")
        assert await status(running, path) == 401
        assert await status(running, "/metrics", ALICE) == 200


async def test_two_sets_of_credentials_are_none(config: WebConfig) -> None:
    async with plain(config, USERS) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(
            f"GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: {ALICE}\r\n"
            f"Authorization: {ALICE}\r\n\r\n".encode()
        )
        line = await reader.readline()
        writer.transport.abort()
        assert line.startswith((b"HTTP/1.1 401", b"HTTP/1.0 400"))


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_probes_need_no_password_and_are_not_limited(config: WebConfig, method: str) -> None:
    """The kubelet has none."""
    async with plain(config, USERS + "rate_limit: {interval: 24h, burst: 1}\n") as running:
        assert await status(running, "/metrics", ALICE) == 200
        for _ in range(3):
            assert await status(running, "/metrics", ALICE) == 429
            for path in ("/livez", "/readyz"):
                assert (await running.get(path, method=method))[0].status == 200


async def test_a_wrong_password_is_said_without_it(
    config: WebConfig, caplog: pytest.LogCaptureFixture
) -> None:
    async with plain(config, USERS) as running:
        for _ in range(3):
            assert await status(running, authorization=WRONG) == 401
        said = str(config.notes) + str(running.notes) + caplog.text
        assert said.count("a request had no valid user and password") == 1
        for secret in ("wonderlan", WRONG.partition(" ")[2], "$2b$"):
            assert secret not in said


async def test_headers_are_in_every_response(config: WebConfig) -> None:
    text = USERS + "http_server_config: {headers: {X-Frame-Options: deny}}\n"
    async with plain(config, text) as running:
        for path in ("/metrics", "/livez", "/nowhere"):
            for authorization in (ALICE, WRONG):
                headers = {"Authorization": authorization}
                response, _ = await running.get(path, headers)
                assert response.headers["X-Frame-Options"] == "deny"
                assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_who_is_refused_by_the_rate_is_told_when_to_come(config: WebConfig) -> None:
    async with plain(config, "rate_limit: {interval: 1h, burst: 1}\n") as running:
        assert await status(running) == 200
        response, _ = await running.get("/metrics")
        assert (response.status, response.headers["Retry-After"]) == (429, "3600")


async def test_changed_passwords_are_read_anew(config: WebConfig) -> None:
    """On connections that are open, too."""
    async with plain(config, USERS) as running:
        assert await status(running, authorization=ALICE) == 200
        config.write(f"basic_auth_users: {{alice: {hashed('new')}}}\n")
        await until(lambda: len(config.notes) == 1)
        assert await status(running, authorization=ALICE) == 401
        new = basic("alice", "new")
        assert await status(running, authorization=new) == 200


async def test_a_wrong_change_keeps_what_was_and_says_so_once(config: WebConfig) -> None:
    """A file, a key or a certificate: each is named. What is right again is taken."""
    async with plain(config, TLS + USERS) as running:
        running.client_tls = config.client()
        for change, told in (
            (
                lambda: config.write(TLS + USERS + "rate_limit: {burst: x}\n"),
                f"--web.config.file: {config.path}: rate_limit.burst: Expected",
            ),
            (
                lambda: config.write(TLS.replace("tls.key", "none.key") + USERS),
                "--web.config.file: tls_server_config.key_file: ",
            ),
            (
                lambda: (config.folder / "tls.crt").write_bytes(b"half"),
                "--web.config.file: tls_server_config.cert_file: ",
            ),
        ):
            del config.notes[:]
            change()
            await until(lambda: len(config.notes) == 1)
            level, message, _ = config.notes[0]
            assert (level, message.startswith(told)) == ("error", True), message
            assert message.endswith("; what was read before stays in use")
            assert running.server._gate is not None
            for _ in range(3):
                await running.server._gate.look()
            assert await status(running, authorization=ALICE) == 200
            assert len(config.notes) == 1
            config.write(TLS + USERS)
            config.renew()
            await until(lambda: config.notes[-1][0] == "info")


async def test_a_wrong_file_is_refused_at_start(config: WebConfig) -> None:
    config.write("tls_server_config: {cert_file: none.crt, key_file: tls.key}\n")
    site = Site(gate=config.gate())
    with pytest.raises(FileError, match=r"^--web\.config\.file: tls_server_config\.cert_file: "):
        await site.server.start("127.0.0.1", 0)
    await site.server.stop()
    await site.client.close()


async def test_turning_tls_on_ends_connections_without_it(config: WebConfig) -> None:
    async with plain(config, "") as running:
        assert await status(running) == 200
        config.write(TLS)
        await until(lambda: len(config.notes) == 1)
        await until(lambda: len(running.server._listener) == 0)
        with pytest.raises((aiohttp.ClientError, ConnectionError)):
            await status(running)
        running.client_tls = config.client()
        assert await status(running) == 200


async def test_a_client_whose_authority_is_gone_loses_its_connection(config: WebConfig) -> None:
    """What was let in by an older file comes again, and is looked at again."""
    config.write(MUTUAL)
    client = config.client("prometheus")
    async with serving(gate=config.gate(), client_tls=client) as running:
        assert await status(running) == 200
        trustme.CA().cert_pem.write_to_path(config.folder / "ca.crt")
        await until(lambda: len(config.notes) == 1)
        await until(lambda: len(running.server._listener) == 0)
        assert await refused(running, config.client("prometheus"))


async def test_after_a_new_certificate_a_connection_ends_with_its_next_response(
    config: WebConfig,
) -> None:
    """Which says so: no client sends another request into it."""
    async with serving(gate=config.gate(), client_tls=config.client()) as running:
        assert "Connection" not in (await running.get("/metrics"))[0].headers
        config.renew()
        await until(lambda: bool(config.notes) and config.notes[-1][0] == "info")
        assert len(running.server._listener) == 1
        response, _ = await running.get("/metrics")
        assert (response.status, response.headers["Connection"]) == (200, "close")
        await until(lambda: len(running.server._listener) == 0)
        assert "Connection" not in (await running.get("/metrics"))[0].headers


async def test_who_may_no_longer_connect_gets_the_page_under_way(config: WebConfig) -> None:
    config.write(MUTUAL)
    client = config.client("prometheus")
    async with serving(
        gate=config.gate(), client_tls=client, foreign=lambda _format: NOISE
    ) as running:
        async with running.client.get(f"{running.url}/metrics", ssl=client) as response:
            assert running.server.requests == 1
            trustme.CA().cert_pem.write_to_path(config.folder / "ca.crt")
            await until(lambda: len(config.notes) == 1)
            assert NOISE in await response.read()
        await until(lambda: len(running.server._listener) == 0)


async def test_a_rotation_under_load_fails_no_scrape(config: WebConfig) -> None:
    """Certificates, keys and the file change again and again; scrapes go on, on connections that
    are kept and on new ones, and each is answered.
    """
    config.write(MUTUAL + USERS)
    headers = {**PROMETHEUS, "Authorization": ALICE}
    statuses: list[int] = []
    serials: set[bytes] = set()
    ending = False

    async def scraping(running: Site, kept: bool) -> None:
        while not ending:
            connector = aiohttp.TCPConnector(ssl=config.client("prometheus"), force_close=not kept)
            async with aiohttp.ClientSession(connector=connector) as client:
                for _ in range(20 if kept else 1):
                    url = f"{running.url}/metrics"
                    async with client.get(url, headers=headers) as response:
                        await response.read()
                        statuses.append(response.status)

    async def seen(running: Site) -> None:
        """Note the certificate of a new connection."""
        _, writer = await asyncio.open_connection(
            "127.0.0.1", running.port, ssl=config.client("prometheus")
        )
        tls: ssl.SSLObject = writer.get_extra_info("ssl_object")
        serials.add(tls.getpeercert(binary_form=True) or b"")
        writer.transport.abort()

    async with serving(gate=config.gate(), client_tls=config.client()) as running:
        scrapers = [
            asyncio.create_task(scraping(running, kept)) for kept in (True, True, False, False)
        ]
        await until(lambda: len(statuses) > 20)
        for rotation in range(5):
            infos = sum(level == "info" for level, _, _ in config.notes)
            config.renew()
            config.write(MUTUAL + USERS + f"# {rotation}\n")
            await until(
                lambda infos=infos: sum(level == "info" for level, _, _ in config.notes) > infos  # type: ignore[misc]
            )
            sent = len(statuses)
            await until(lambda sent=sent: len(statuses) > sent + 20)  # type: ignore[misc]
            await seen(running)
        ending = True
        await asyncio.gather(*scrapers)
        assert running.server._gate is not None
        assert running.server._gate.passwords.tried == 1
    assert set(statuses) == {200}
    assert len(serials) == 5
