"""Senders that mean harm, or are broken: bounded, counted, and the others get their answers."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest

from exporter.web.webhook import Limits, Refusal
from exporter.web.webhook.paths import MAX_REGIONS
from tests.integration.webhook_site import (
    BATCH,
    LIMIT,
    PATIENCE,
    Site,
    alive,
    head,
    serving,
    until,
)


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with serving() as running:
        yield running


async def test_a_body_that_announces_too_much_is_refused_unread(site: Site) -> None:
    """The answer does not wait for a byte of it, and says how the loss is ended."""
    async with site.raw(head("/audit", f"Content-Length: {100 * LIMIT}")) as (reader, _):
        answer = await reader.readuntil(b"\r\n\r\n")
        text = await reader.readline()
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"this batch is lost: raise --audit.webhook.max-body-bytes" in text
    assert site.webhook.refused[Refusal.TOO_LARGE] == 1
    await alive(site)


async def test_a_body_without_an_end_is_cut_off_at_the_limit(site: Site) -> None:
    async with site.raw(head("/audit", "Transfer-Encoding: chunked")) as (reader, writer):

        async def flood() -> None:
            while True:
                writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
                await writer.drain()

        flooding = asyncio.create_task(flood())
        assert (await reader.readline()).startswith(b"HTTP/1.1 413")
        flooding.cancel()
        with contextlib.suppress(asyncio.CancelledError, ConnectionError):
            await flooding
    assert site.sink.batches == []
    assert site.webhook.refused[Refusal.TOO_LARGE] == 1
    await alive(site)


async def test_a_body_of_exactly_the_limit_is_received_and_one_byte_more_is_not(site: Site) -> None:
    async def chunked(size: int) -> AsyncIterator[bytes]:
        yield b"x" * size

    assert (await site.post(body=b"x" * LIMIT))[0] == 200
    assert (await site.post(body=chunked(LIMIT)))[0] == 200
    assert (await site.post(body=b"x" * (LIMIT + 1)))[0] == 413
    assert (await site.post(body=chunked(LIMIT + 1)))[0] == 413


async def test_losses_are_said_now_and_then_not_each_time(site: Site) -> None:
    """A sender that is stuck repeats its batch, four times each."""
    for _ in range(10):
        await site.post(body=b"x" * (LIMIT + 1))
    assert site.webhook.refused[Refusal.TOO_LARGE] == 10
    ((level, message, fields),) = site.notes
    assert (level, fields) == ("warning", {"from": "127.0.0.1", "status": 413, "times": 1})
    assert "this batch is lost" in message


async def test_a_body_that_does_not_become_whole_is_given_up() -> None:
    """It keeps its room until then, and no longer."""
    async with serving(Limits(body_seconds=0.1)) as site:
        async with site.raw(head("/audit", "Content-Length: 1000") + b"x" * 999) as (reader, _):
            await until(lambda: site.room_taken == 999)
            assert (await reader.readline()).startswith(b"HTTP/1.1 408")
            assert site.room_taken == 0
        assert site.webhook.refused[Refusal.SLOW] == 1
        await alive(site)


async def test_bodies_that_find_no_room_are_to_be_sent_later() -> None:
    """Room is taken by what has come, not by what was announced. Who has it gets its answer."""
    async with serving(Limits(room_bytes=LIMIT)) as site:
        announced = head("/audit", f"Content-Length: {LIMIT}")
        async with contextlib.AsyncExitStack() as open_:
            for _ in range(20):
                await open_.enter_async_context(site.raw(announced + b"x" * 10))
            _, writer = await open_.enter_async_context(site.raw(announced))
            most = LIMIT - 20 * 10 - len(BATCH)
            writer.write(b"x" * most)
            await until(lambda: site.room_taken == LIMIT - len(BATCH))
            assert (await site.post())[0] == 200
            status, _, headers = await site.post(body=b"x" * (len(BATCH) + 1))
            assert (status, headers["Retry-After"], headers["Connection"]) == (503, "5", "close")
            assert site.webhook.refused[Refusal.OVERLOADED] == 1
        await until(lambda: site.room_taken == 0)
        await alive(site)


async def test_a_sender_is_held_back_while_its_body_is_not_read(site: Site) -> None:
    """What it has ready waits in its own memory, not in ours."""
    site.sink.disk.clear()
    request = head("/audit", f"Content-Length: {len(BATCH)}") + BATCH
    async with site.raw(request) as (_, writer):
        await until(lambda: len(site.sink.batches) == 1)
        writer.write(head("/audit", f"Content-Length: {1 << 30}"))
        sent = 0

        async def flood() -> None:
            nonlocal sent
            while True:
                writer.write(b"x" * (1 << 20))
                await writer.drain()
                sent += 1

        flooding = asyncio.create_task(flood())
        # The kernel's buffers of both ends are full.
        await until(lambda: writer.transport.get_write_buffer_size() > 1 << 19)
        before = sent
        for _ in range(100):
            await site.answer(head("/nowhere"))
        assert sent == before < 32
        flooding.cancel()


@pytest.mark.parametrize("gone", ["head", "body"])
async def test_clients_that_leave_early_leave_nothing_behind(
    site: Site, gone: str, caplog: pytest.LogCaptureFixture
) -> None:
    sent = head("/audit", "Content-Length: 1000")
    sent = sent[:-2] if gone == "head" else sent + b"x" * 500
    for _ in range(20):
        async with site.raw(sent):
            await until(lambda: site.webhook.connections == 1)
            await until(lambda: gone == "head" or site.room_taken == 500)
        await until(lambda: site.webhook.connections == site.room_taken == 0)
    await alive(site)
    assert (caplog.records, site.notes) == ([], [])


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"\0" * 10_000,
        b"\r\n" * 10 + b"POST\r\n\r\n",
        b"POST /audit HTTP/9.9\r\n\r\n",
        b"POST /audit HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /audit HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nxxxxxx",
        b"POST /audit HTTP/1.1\r\nHost: x\r\nContent-Length: 1e9\r\n\r\n",
        b"POST /audit HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
        head("/audit", "Content-Length: 4", "Transfer-Encoding: chunked") + b"0\r\n\r\n",
        head("/audit", "Transfer-Encoding: chunked") + b"xyz\r\n\r\n",
        head("/audit", "Transfer-Encoding: chunked") + b"f" * 20 + b"\r\n\r\n",
        b"POST /audit HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
        b"POST /audit HTTP/1.1\r\nHost: x\r\n" + b"X: x\r\n" * 10_000 + b"\r\n",
        b"POST /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /audit HTTP/1.1\r\nHost: x\r\nX: a\rInjected: b\r\n\r\n",
    ],
    ids=lambda sent: repr(sent[:60]),
)
async def test_what_is_no_http_is_refused_and_logs_nothing(
    site: Site, sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with contextlib.suppress(ConnectionError):
        answer = await site.answer(sent)
        assert answer.startswith((b"HTTP/1.0 400", b"HTTP/1.1 400")), answer
        assert b"Server:" not in answer
    assert caplog.records == []
    assert site.sink.batches == []
    await until(lambda: site.webhook.connections == 0)
    await alive(site)


@pytest.mark.parametrize(
    "region",
    ["%0a", "a%0d%0aX:%20y", '"', "a'b", "..", "%2e%2e", "a" * 8000, "\\", "{x}", "\u2028", "a;b"],
    ids=lambda region: region[:20],
)
async def test_no_region_is_injected(site: Site, region: str) -> None:
    """As sent on the wire: what a client would make of it does not matter."""
    request = head(f"/audit/{region}/webhook", f"Content-Length: {len(BATCH)}")
    answer = await site.answer(request + BATCH)
    assert answer.startswith((b"HTTP/1.1 404", b"HTTP/1.0 400")), answer
    assert site.sink.batches == []


async def test_regions_are_bounded(site: Site) -> None:
    for i in range(MAX_REGIONS + 5):
        assert (await site.post(f"/audit/r{i}/webhook"))[0] == 200
    regions = [region for _, region in site.sink.batches]
    assert len(set(regions)) == MAX_REGIONS + 1
    assert regions[-5:] == ["other"] * 5


async def test_pipelined_batches_are_received_in_their_order(site: Site) -> None:
    requests = [
        head(f"/audit/r{i}/webhook", f"Content-Length: {len(BATCH)}") + BATCH for i in range(100)
    ]
    async with site.raw(b"".join(requests)) as (reader, _), asyncio.timeout(PATIENCE):
        for _ in requests:
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
    assert len(site.sink.batches) == 100


async def test_nothing_is_read_behind_a_request_that_was_refused(site: Site) -> None:
    """A body that was not read could hold what looks like the next request."""
    smuggled = head("/audit", "Content-Length: 2") + b"{}"
    answer = await site.answer(head("/nowhere", f"Content-Length: {len(smuggled)}") + smuggled * 2)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert site.sink.batches == []


async def test_one_who_reads_no_answers_is_asked_no_more_and_holds_nobody_up(site: Site) -> None:
    """It could have its answers gather in our memory without end."""
    requests = (head("/audit", f"Content-Length: {len(BATCH)}") + BATCH) * 1000
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.connect(("127.0.0.1", site.port))
    _, writer = await asyncio.open_connection(sock=deaf)
    writer.transport.pause_reading()  # type: ignore[attr-defined]

    async def flood() -> None:
        while True:
            writer.write(requests)
            await writer.drain()

    flooding = asyncio.create_task(flood())
    await until(lambda: unsent(site) > 1 << 16)
    await alive(site)
    assert unsent(site) < 100_000
    flooding.cancel()
    writer.transport.abort()


def unsent(site: Site) -> int:
    """Bytes of answers that wait in our own memory."""
    transports = [each._transport for each in site.webhook._listener._connections.values()]
    return sum(each.get_write_buffer_size() for each in transports if each)
