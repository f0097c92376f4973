"""The audit webhook with TLS, client certificates and tokens, exchanged while it is in use."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import trustme

from exporter.web.listening import Bounds, FileError
from exporter.web.terms import TlsFiles
from exporter.web.webhook import Limits, Refusal
from tests.integration.webhook_site import BATCH, Site, head, serving, until

LOOK_SECONDS = 0.02


class Keys:
    """The files of one listener, exchanged as the kubelet does: all of them by one link."""

    def __init__(self, folder: Path) -> None:
        self.authority = trustme.CA()
        self.files = TlsFiles(folder / "tls.crt", folder / "tls.key", folder / "ca.crt")
        self.token_file = folder / "token"
        self._folder = folder
        self._generation = 0
        self.write()
        for path in (self.files.cert, self.files.key, folder / "ca.crt", self.token_file):
            path.symlink_to(Path("..data") / path.name)

    def write(
        self,
        *tokens: str,
        clients: tuple[trustme.CA, ...] = (),
        authority: trustme.CA | None = None,
    ) -> None:
        """A new certificate, who signs clients, and the tokens."""
        self._generation += 1
        folder = self._folder / f"..{self._generation}"
        folder.mkdir()
        own = (authority or self.authority).issue_cert("127.0.0.1")
        own.private_key_pem.write_to_path(folder / "tls.key")
        for pem in own.cert_chain_pems:
            pem.write_to_path(folder / "tls.crt", append=True)
        for each in clients or (self.authority,):
            each.cert_pem.write_to_path(folder / "ca.crt", append=True)
        (folder / "token").write_text("\n".join(tokens or ("one",)))
        link = self._folder / "..new"
        link.symlink_to(folder.name)
        link.replace(self._folder / "..data")

    def client(self, signed_by: trustme.CA | None = None, *trusted: trustme.CA) -> ssl.SSLContext:
        """What an API server has in its kubeconfig."""
        context = ssl.create_default_context()
        for each in trusted or (self.authority,):
            each.configure_trust(context)
        if signed_by:
            signed_by.issue_cert("system@kube-apiserver").configure_cert(context)
        return context


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path)


@pytest.fixture
async def site(keys: Keys) -> AsyncIterator[Site]:
    """Certificate and token are both required."""
    async with serving(
        tls=keys.files, token_file=keys.token_file, look_seconds=LOOK_SECONDS
    ) as running:
        yield running


async def test_a_client_with_certificate_and_token_is_received(site: Site, keys: Keys) -> None:
    status, _, _ = await site.post(ssl=keys.client(keys.authority), headers=bearer("one"))
    assert (status, len(site.sink.batches)) == (200, 1)


@pytest.mark.parametrize("headers", [{}, bearer("two"), {"Authorization": "Basic one"}], ids=str)
async def test_a_certificate_without_a_token_is_not_enough(
    site: Site, keys: Keys, headers: dict[str, str]
) -> None:
    status, text, answered = await site.post(ssl=keys.client(keys.authority), headers=headers)
    assert (status, answered["WWW-Authenticate"]) == (401, "Bearer")
    assert text.startswith("no valid bearer token: ")
    assert site.webhook.refused[Refusal.UNAUTHORIZED] == 1
    assert site.sink.batches == []


@pytest.mark.parametrize("known", [True, False], ids=["no certificate", "of another authority"])
async def test_a_token_without_a_certificate_is_not_enough(
    site: Site, keys: Keys, known: bool
) -> None:
    context = keys.client(None if known else trustme.CA(), keys.authority)
    with pytest.raises((aiohttp.ClientError, ssl.SSLError, ConnectionError)):
        await site.post(ssl=context, headers=bearer("one"))
    assert site.sink.batches == []
    await until(lambda: [each[1] for each in site.notes] == ["TLS handshake failed"])
    await until(lambda: site.webhook.connections == 0)


async def test_who_may_not_send_is_told_so_before_the_body(tmp_path: Path) -> None:
    """A body that does not come is not waited for. Two sets of credentials are none."""
    token_file = tmp_path / "token"
    token_file.write_text("one")
    async with serving(token_file=token_file) as site:
        for credentials in ((), ("Authorization: Bearer one",) * 2):
            async with site.raw(head("/audit", "Content-Length: 1000", *credentials)) as (got, _):
                status = await got.readline()
            assert status.startswith((b"HTTP/1.1 401", b"HTTP/1.0 400")), status
        assert site.sink.batches == []


@pytest.mark.parametrize("path", ["/audit", "/", "/nowhere"])
async def test_who_may_not_send_learns_nothing_of_the_paths(tmp_path: Path, path: str) -> None:
    (tmp_path / "token").write_text("one")
    async with serving(token_file=tmp_path / "token") as site:
        assert (await site.post(path))[0] == 401


async def test_tokens_are_never_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Not of a request that is refused, nor of one that cannot be read."""
    (tmp_path / "token").write_text("one-secret")
    async with serving(token_file=tmp_path / "token") as site:
        await site.post(headers=bearer("two-secret"))
        await site.answer(head("/audit", "Authorization: Bearer one-secret", "\0broken: x"))
        await site.answer(b"Authorization: Bearer one-secret\r\n\r\n")
        assert "secret" not in str(site.notes) + caplog.text


async def test_http_1_1_is_all_that_is_offered(site: Site, keys: Keys) -> None:
    """Go would speak HTTP/2 with who offers it."""
    context = keys.client(keys.authority)
    context.set_alpn_protocols(["h2", "http/1.1"])
    _, writer = await asyncio.open_connection("127.0.0.1", site.port, ssl=context)
    chosen = writer.get_extra_info("ssl_object").selected_alpn_protocol()
    writer.transport.abort()
    assert chosen == "http/1.1"


async def test_a_rotation_under_load_fails_no_request(site: Site, keys: Keys) -> None:
    """Certificate, authorities and tokens are exchanged as one does it: the new authority is
    trusted before its certificates are used, the new token is known before it is sent.
    """
    old, new = keys.authority, trustme.CA()
    signed_by, token = old, "one"
    statuses: list[int] = []
    ending = False

    async def sending(kept: bool) -> None:
        while not ending:
            context = keys.client(signed_by, old, new)
            connector = aiohttp.TCPConnector(ssl=context, force_close=not kept)
            async with aiohttp.ClientSession(connector=connector) as client:
                for _ in range(20 if kept else 1):
                    url = f"https://127.0.0.1:{site.port}/audit"
                    async with client.post(url, data=BATCH, headers=bearer(token)) as response:
                        statuses.append(response.status)

    async def exchange(*tokens: str, clients: tuple[trustme.CA, ...], by: trustme.CA) -> None:
        """Return once all of it is in use, by connections that began after it."""
        seen = len(site.notes)
        keys.write(*tokens, clients=clients, authority=by)
        await until(lambda: len(site.notes) > seen)
        await until(lambda: site.webhook._tokens.value.allow(f"Bearer {tokens[-1]}"))  # type: ignore[union-attr]
        sent = len(statuses)
        await until(lambda: ending or len(statuses) > sent + 20)

    senders = [asyncio.create_task(sending(kept)) for kept in (True, True, False, False)]
    await until(lambda: len(statuses) > 20)
    await exchange("one", "two", clients=(old, new), by=old)
    signed_by, token = new, "two"
    await exchange("one", "two", clients=(old, new), by=new)
    ending = True
    await asyncio.gather(*senders)
    await exchange("two", clients=(new,), by=new)
    assert set(statuses) == {200}
    assert {level for level, _, _ in site.notes} == {"info"}
    # What was taken away is gone.
    await until(lambda: len(site.notes) == 5)
    await site.client.close()
    site.client = aiohttp.ClientSession()
    good = keys.client(new, new)
    assert (await site.post(ssl=good, headers=bearer("two")))[0] == 200
    assert (await site.post(ssl=good, headers=bearer("one")))[0] == 401
    with pytest.raises((aiohttp.ClientError, ssl.SSLError, ConnectionError)):
        await site.post(ssl=keys.client(old, new), headers=bearer("two"))


async def test_a_half_written_change_leaves_what_was_there(site: Site, keys: Keys) -> None:
    key = keys.files.key.read_bytes()
    keys.files.key.write_bytes(key[: len(key) // 2])
    keys.token_file.write_bytes(b"")
    await until(lambda: len(site.notes) == 2)
    status, _, _ = await site.post(ssl=keys.client(keys.authority), headers=bearer("one"))
    assert status == 200
    problems = sorted(message for _, message, _ in site.notes)
    assert problems[0].startswith(f"--audit.webhook.tls-key-file: {keys.files.key}: no PEM ")
    assert problems[1].startswith(f"--audit.webhook.token-file: {keys.token_file}: no token in ")
    assert all(each.endswith("; what was read before stays in use") for each in problems)


async def test_a_wrong_file_at_start_is_an_error_and_nothing_listens(keys: Keys) -> None:
    keys.files.cert.write_bytes(b"")
    site = Site(tls=keys.files)
    with pytest.raises(FileError, match=r"^--audit.webhook.tls-cert-file: "):
        await site.webhook.start("127.0.0.1", 0)
    await site.webhook.stop()
    await site.client.close()


@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/1.1\r\n\r\n"])
async def test_a_handshake_that_does_not_end_is_ended(keys: Keys, sent: bytes) -> None:
    limits = Limits(bounds=Bounds(handshake=0.05))
    async with serving(limits, tls=keys.files) as site:
        async with asyncio.timeout(10):
            await site.answer(sent)
        await until(lambda: site.webhook.connections == 0)


async def test_stopping_ends_handshakes(keys: Keys) -> None:
    async with serving(tls=keys.files) as site, site.raw() as (reader, _):
        await until(lambda: site.webhook.connections == 1)
        await site.webhook.stop()
        async with asyncio.timeout(10):
            assert await reader.read() == b""
        assert site.webhook.connections == 0
