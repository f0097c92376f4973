"""The audit webhook with a file in the format of ``--web.config.file``, which changes."""

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
from exporter.web.webhook import Refusal
from tests.integration.webhook_site import BATCH, Site, head, serving, until
from tests.unit.web.web_config import LOOK_SECONDS, MUTUAL, TLS, WebConfig, basic, hashed

SERVER = "kube-apiserver.kube-system"
ONE_NAME = MUTUAL + f"  client_allowed_sans: [{SERVER}]\n"
USERS = f"basic_auth_users: {{apiserver: {hashed('right')}}}\n"
RIGHT = {"Authorization": basic("apiserver", "right")}


class Listening:
    """A running webhook and its file."""

    def __init__(self, config: WebConfig, site: Site) -> None:
        self.config = config
        self.site = site

    async def post(self, *names: str, headers: dict[str, str] | None = None) -> int:
        """The status, of a client whose certificate has these names, on a new connection."""
        connector = aiohttp.TCPConnector(ssl=self.config.client(*names))
        async with aiohttp.ClientSession(connector=connector) as client:
            url = f"https://127.0.0.1:{self.site.port}/audit"
            async with client.post(url, data=BATCH, headers=headers) as response:
                return response.status

    async def refused(self, *names: str) -> bool:
        try:
            await self.post(*names)
        except (aiohttp.ClientError, ssl.SSLError, ConnectionError):
            return True
        return False

    async def change(self, text: str) -> None:
        """Return once it is read, or said that it cannot be."""
        seen = len(self.site.notes)
        self.config.write(text)
        await until(lambda: any("files have" in each[1] for each in self.site.notes[seen:]))


@pytest.fixture
async def listening(tmp_path: Path) -> AsyncIterator[Listening]:
    """A certificate with one name is required."""
    config = WebConfig(tmp_path, ONE_NAME)
    async with _serving(config) as site:
        yield Listening(config, site)


def _serving(config: WebConfig) -> contextlib.AbstractAsyncContextManager[Site]:
    return serving(file=config.path, look_seconds=LOOK_SECONDS)


async def test_the_name_in_a_certificate_counts(listening: Listening) -> None:
    """One of the authority alone is not enough."""
    assert await listening.post(SERVER) == 200
    assert await listening.refused("kubelet")
    assert await listening.refused()
    assert len(listening.site.sink.batches) == 1
    await until(lambda: listening.site.webhook.connections == 0)
    assert {each[1] for each in listening.site.notes} == {"TLS handshake failed"}


async def test_a_change_of_the_file_is_in_use_without_a_restart(listening: Listening) -> None:
    """Other names, old TLS no more, no client certificate: each as the file has it then."""
    await listening.change(MUTUAL + "  client_allowed_sans: [other]\n")
    assert await listening.refused(SERVER)
    assert await listening.post("other") == 200
    await listening.change(MUTUAL + "  min_version: TLS13\n")
    assert await listening.post("anybody") == 200
    old = listening.config.client("anybody")
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises((aiohttp.ClientError, ssl.SSLError, ConnectionError)):
        await listening.site.post(ssl=old)
    await listening.change(TLS)
    assert await listening.post() == 200


async def test_a_wrong_change_keeps_what_was(listening: Listening) -> None:
    """And is said once, with file and key."""
    listening.config.write(ONE_NAME + "rate_limit: {interval: 1s, burst: 1}\n")
    await until(lambda: bool(listening.site.notes))
    level, message, _ = listening.site.notes[0]
    path = listening.config.path
    assert level == "error"
    assert message.startswith(f"--audit.webhook.config-file: {path}: rate_limit: not for the audit")
    assert message.endswith("; what was read before stays in use")
    assert await listening.post(SERVER) == 200
    assert await listening.refused("other")


async def test_who_may_no_longer_send_loses_its_connection(listening: Listening) -> None:
    """A batch that is under way is answered; the connection ends then."""
    client = listening.config.client(SERVER)
    site = listening.site
    assert (await site.post(ssl=client))[0] == 200
    site.sink.disk.clear()
    sending = asyncio.create_task(site.post(ssl=client))
    await until(lambda: len(site.sink.batches) == 2)
    await listening.change(MUTUAL + "  client_allowed_sans: [other]\n")
    site.sink.disk.set()
    assert (await sending)[0] == 200
    await until(lambda: site.webhook.connections == 0)
    with pytest.raises((aiohttp.ClientError, ssl.SSLError, ConnectionError)):
        await site.post(ssl=client)


async def test_an_idle_connection_of_who_may_no_longer_send_ends(listening: Listening) -> None:
    site = listening.site
    assert (await site.post(ssl=listening.config.client(SERVER)))[0] == 200
    assert site.webhook.connections == 1
    await listening.change(MUTUAL + "  client_allowed_sans: [other]\n")
    await until(lambda: site.webhook.connections == 0)


async def test_who_still_may_keeps_its_connection_for_one_more_batch(listening: Listening) -> None:
    """So that no batch is lost; its next connection is on the new terms."""
    config, site = listening.config, listening.site
    client = config.client(SERVER)
    assert (await site.post(ssl=client))[0] == 200
    own, other = (config.folder / "ca.crt").read_bytes(), trustme.CA().cert_pem.bytes()
    (config.folder / "ca.crt").write_bytes(own + other)
    await listening.change(MUTUAL + f"  client_allowed_sans: [{SERVER}, other]\n")
    assert site.webhook.connections == 1
    status, _, headers = await site.post(ssl=client)
    assert (status, headers["Connection"]) == (200, "close")
    await until(lambda: site.webhook.connections == 0)
    status, _, headers = await site.post(ssl=client)
    assert (status, headers.get("Connection")) == (200, None)


async def test_what_lets_in_everybody_is_warned_of(tmp_path: Path) -> None:
    """At the start and after a change, and credentials that anybody on the way can read."""
    everybody = "the audit webhook takes batches of whoever has its address"
    clear = "the audit webhook's credentials come in the clear: no TLS"
    config = WebConfig(tmp_path, USERS)
    async with _serving(config) as site:
        listening = Listening(config, site)
        assert site.warned == [clear]
        for text, said in ((ONE_NAME, set()), (TLS, {everybody}), ("{}\n", {everybody})):
            site.notes.clear()
            await listening.change(text)
            await until(lambda: len(site.notes) == 1 + len(said))  # noqa: B023 - awaited here
            assert {each[1] for each in site.notes if "files have" not in each[1]} == said


async def test_passwords_are_asked_for_before_the_body(tmp_path: Path) -> None:
    """Beside a certificate or without one; who has none learns nothing of the paths."""
    config = WebConfig(tmp_path, TLS + USERS)
    async with _serving(config) as site:
        tls = config.client()
        status, text, headers = await site.post(ssl=tls)
        assert (status, headers["WWW-Authenticate"][:5]) == (401, "Basic")
        assert text.startswith("no valid user and password: ")
        wrong = {"Authorization": basic("apiserver", "wrong")}
        for path in ("/audit", "/nowhere"):
            assert (await site.post(path, ssl=tls, headers=wrong))[0] == 401
        assert site.webhook.refused[Refusal.UNAUTHORIZED] == 3
        assert (await site.post(ssl=tls, headers=RIGHT))[0] == 200
        reader, writer = await asyncio.open_connection("127.0.0.1", site.port, ssl=tls)
        writer.write(head("/audit", "Content-Length: 1000"))
        assert (await reader.readline()).startswith(b"HTTP/1.1 401")
        writer.transport.abort()
        config.write(TLS + USERS.replace("apiserver", "another"))
        await until(lambda: any("files have" in each[1] for each in site.notes))
        assert (await site.post(ssl=tls, headers=RIGHT))[0] == 401
        assert len(site.sink.batches) == 1
        assert "wrong" not in str(site.notes)


async def test_a_wrong_file_at_start_is_an_error_and_nothing_listens(tmp_path: Path) -> None:
    config = WebConfig(tmp_path, "tls_server_config: {cert_file: tls.crt}\n")
    site = Site(file=config.path)
    with pytest.raises(FileError, match=r"^--audit\.webhook\.config-file: .*key_file: is missing"):
        await site.webhook.start("127.0.0.1", 0)
    await site.webhook.stop()
    await site.client.close()
