"""The audit webhook on real sockets, asked by what behaves like an API server."""

from __future__ import annotations

import asyncio
import gzip
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from exporter.web.webhook import Limits, Receipt, Refusal
from tests.integration.webhook_site import BATCH, LIMIT, PATIENCE, Site, head, serving, until

BODIES = sorted(Path("tests/recordings/kubernetes-1.36.3/audit").glob("webhook-*.body.gz"))


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with serving() as running:
        yield running


@pytest.mark.parametrize(
    ("path", "region"),
    [("/audit", ""), ("/audit/webhook", ""), ("/audit/eu-1/webhook", "eu-1")],
)
async def test_a_batch_is_received_with_the_region_of_its_path(
    site: Site, path: str, region: str
) -> None:
    """The API server adds its timeout to the path. What is received is bytes."""
    status, _, _ = await site.post(f"{path}?timeout=30s")
    assert status == 200
    assert site.sink.batches == [(len(BATCH), region)]
    assert site.sink.types == {bytes}
    assert (site.webhook.batches, site.webhook.bytes) == (1, len(BATCH))
    assert site.notes == []


async def test_recorded_bodies_arrive_whole(site: Site) -> None:
    bodies = [gzip.decompress(path.read_bytes()) for path in BODIES]
    bodies = [body for body in bodies if len(body) <= LIMIT]
    assert [(await site.post(body=body))[0] for body in bodies] == [200] * len(bodies)
    assert [size for size, _ in site.sink.batches] == [len(body) for body in bodies]
    assert site.room_taken == 0


async def test_a_chunked_body_arrives_whole(site: Site) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 1000

    assert (await site.post(body=pieces()))[0] == 200
    assert site.sink.batches == [(100_000, "")]


async def test_no_answer_goes_out_before_the_batch_is_safe(site: Site) -> None:
    site.sink.disk.clear()
    posted = asyncio.create_task(site.post())
    await until(lambda: len(site.sink.batches) == 1)
    await site.post("/nowhere")
    assert not posted.done()
    site.sink.disk.set()
    assert (await posted)[0] == 200


async def test_what_is_no_event_list_is_told_so_on_a_connection_that_goes_on(site: Site) -> None:
    site.sink.receipt = Receipt.NOT_EVENT_LIST
    status, text, headers = await site.post()
    assert (status, headers.get("Connection")) == (400, None)
    assert text.startswith("the body is no EventList of audit.k8s.io/v1: set ")
    assert site.webhook.refused[Refusal.NOT_EVENT_LIST] == 1
    assert (site.webhook.batches, site.webhook.connections) == (0, 1)


async def test_what_could_not_be_saved_is_to_be_sent_again(site: Site) -> None:
    site.sink.receipt = Receipt.NOT_SAVED
    status, text, headers = await site.post()
    assert (status, headers["Retry-After"]) == (503, "5")
    assert "send it again" in text
    assert site.webhook.refused[Refusal.NOT_SAVED] == 1
    assert site.webhook.batches == 0


async def test_a_mistake_in_receiving_is_logged_once_and_the_next_batch_is_received(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.sink.failure = KeyError("our mistake")
    assert [(await site.post())[0] for _ in range(3)] == [500] * 3
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.exc_info
    assert isinstance(record.exc_info[1], KeyError)
    site.sink.failure = None
    assert (await site.post())[0] == 200
    assert site.room_taken == 0


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "PATCH"])
async def test_only_post_is_served(site: Site, method: str) -> None:
    status, text, headers = await site.post(method=method)
    assert (status, text, headers["Allow"]) == (405, "only POST is served here\n", "POST")


@pytest.mark.parametrize("path", ["/", "/metrics", "/audit/", "/audit/a/b", "/audit/-/webhook"])
async def test_other_paths_are_told_what_the_paths_are(site: Site, path: str) -> None:
    status, text, headers = await site.post(path)
    assert (status, headers["Connection"]) == (404, "close")
    assert text.startswith("no such path: post to /audit, ")
    assert site.sink.batches == []


async def test_no_answer_says_what_runs_here(site: Site) -> None:
    answers = [await site.post(), await site.post("/"), await site.post(method="GET")]
    assert all("Server" not in headers for _, _, headers in answers)
    assert b"\r\nServer:" not in await site.answer(b"\0\1garbage\r\n\r\n")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity, gzip"])
async def test_a_compressed_body_is_not_taken(site: Site, encoding: str) -> None:
    """Whatever it would unpack to."""
    body = gzip.compress(BATCH)
    status, _, _ = await site.post(body=body, headers={"Content-Encoding": encoding})
    assert status == 415
    assert site.sink.batches == []


async def test_a_client_that_asks_whether_to_send_is_told_so(site: Site) -> None:
    """As curl does with a large body."""
    async with site.raw(head("/audit", "Expect: 100-continue", "Content-Length: 2")) as (
        reader,
        writer,
    ):
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"{}")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")


async def test_api_servers_are_received_at_once_and_keep_their_connections(site: Site) -> None:
    """They wait for the disk together, and post again on the connection that they have."""
    site.sink.disk.clear()
    posted = [asyncio.create_task(site.post(f"/audit/r{i}/webhook")) for i in range(5)]
    await until(lambda: len(site.sink.batches) == 5)
    site.sink.disk.set()
    assert [status for status, _, _ in await asyncio.gather(*posted)] == [200] * 5
    assert site.webhook.connections == 5
    for _ in range(5):
        await site.post()
    assert site.webhook.connections == 5


async def test_batches_past_the_bound_wait_for_their_turn() -> None:
    async with serving(Limits(receiving=2)) as site:
        site.sink.disk.clear()
        posted = [asyncio.create_task(site.post()) for _ in range(5)]
        await until(lambda: site.room_taken == 5 * len(BATCH) and len(site.sink.batches) > 0)
        await site.post("/nowhere")
        assert len(site.sink.batches) == 2
        site.sink.disk.set()
        assert [status for status, _, _ in await asyncio.gather(*posted)] == [200] * 5
        assert site.room_taken == 0


async def test_a_batch_whose_turn_does_not_come_is_to_be_sent_later() -> None:
    async with serving(Limits(receiving=1, turn_seconds=0.05)) as site:
        site.sink.disk.clear()
        first = asyncio.create_task(site.post())
        await until(lambda: len(site.sink.batches) == 1)
        status, _, headers = await site.post()
        assert (status, headers["Retry-After"], headers["Connection"]) == (503, "5", "close")
        assert site.webhook.refused[Refusal.OVERLOADED] == 1
        site.sink.disk.set()
        assert (await first)[0] == 200


async def test_what_is_being_received_is_saved_though_its_client_has_gone(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    """It was counted. Nobody is at fault, so nothing is logged."""
    site.sink.disk.clear()
    async with site.raw(head("/audit", f"Content-Length: {len(BATCH)}") + BATCH):
        await until(lambda: len(site.sink.batches) == 1)
    await until(lambda: site.webhook.connections == 0)
    assert site.sink.saved == 0
    site.sink.disk.set()
    await until(lambda: site.webhook.batches == 1)
    assert (site.sink.saved, site.room_taken) == (1, 0)
    assert (caplog.records, site.notes) == ([], [])


async def test_stopping_answers_what_was_counted_and_accepts_nothing_more(site: Site) -> None:
    site.sink.disk.clear()
    posted = asyncio.create_task(site.post())
    await until(lambda: len(site.sink.batches) == 1)
    stopping = asyncio.create_task(site.webhook.stop())
    await asyncio.sleep(0)
    with pytest.raises(aiohttp.ClientConnectionError):
        await site.post()
    site.sink.disk.set()
    assert (await posted)[0] == 200
    await stopping
    assert site.webhook.connections == 0


async def test_stopping_waits_for_what_was_counted_though_its_client_has_gone() -> None:
    """Longer than aiohttp waits for its handlers."""
    async with serving(Limits(saving_seconds=PATIENCE)) as site:
        site.sink.disk.clear()
        async with site.raw(head("/audit", f"Content-Length: {len(BATCH)}") + BATCH):
            await until(lambda: len(site.sink.batches) == 1)
        await until(lambda: site.webhook.connections == 0)
        asyncio.get_running_loop().call_later(0.8, site.sink.disk.set)
        await site.webhook.stop()
        assert site.sink.saved == 1


async def test_stopping_ends_though_the_disk_does_not_answer() -> None:
    """And what was being received is still not cut off."""
    async with serving(Limits(saving_seconds=0.05)) as site:
        site.sink.disk.clear()
        posted = asyncio.create_task(site.post())
        await until(lambda: len(site.sink.batches) == 1)
        async with asyncio.timeout(PATIENCE):
            await site.webhook.stop()
        with pytest.raises(aiohttp.ClientConnectionError):
            await posted
        site.sink.disk.set()
        await until(lambda: site.webhook.batches == 1)
