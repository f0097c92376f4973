"""Each fault does to a client what it says, and only to the request it was meant for."""

from __future__ import annotations

import asyncio
import json

import aiohttp
import pytest

from exporter.demo import ApiServer, EventStore
from exporter.demo.faults import (
    Close,
    Dribble,
    Duplicate,
    ErrorFrame,
    Hang,
    Healthy,
    InitialBreak,
    Junk,
    ListGone,
    NoWatchList,
    Reset,
    Stall,
    Status,
    Truncate,
)
from tests.unit.demo.wire import NOW, event, lines, name_of, rest

EVENTS = "/api/v1/events"
WATCH = {"watch": "1", "resourceVersion": "1", "timeoutSeconds": "1"}
STREAMED_LIST = {
    "watch": "1",
    "sendInitialEvents": "true",
    "resourceVersionMatch": "NotOlderThan",
    "allowWatchBookmarks": "true",
    "timeoutSeconds": "1",
}

pytestmark = pytest.mark.usefixtures("five")


async def names(http: aiohttp.ClientSession, query: dict[str, str]) -> tuple[str, bytes]:
    """The names of all whole lines of a watch, and what stands after the last of them."""
    async with http.get(EVENTS, params=query) as response:
        received = await rest(response)
    *whole, tail = received.split(b"\n")
    return "".join(name_of(line) for line in whole), tail


class TestRequests:
    async def test_a_status_comes_before_the_body(
        self, server: ApiServer, http: aiohttp.ClientSession
    ) -> None:
        """The next list is refused as scripted, the one after it is well."""
        server.on_list(Status(429, retry_after=7))
        async with http.get(EVENTS) as response:
            status = await response.json()
        assert (response.status, status["reason"]) == (429, "TooManyRequests")
        assert response.headers["Retry-After"] == "7"
        async with http.get(EVENTS) as response:
            assert response.status == 200

    async def test_a_status_may_have_any_body(
        self, server: ApiServer, http: aiohttp.ClientSession
    ) -> None:
        """A proxy's error page is no Status object."""
        server.on_watch(Status(502, body=b"<html>bad gateway</html>"))
        async with http.get(EVENTS, params=WATCH) as response:
            assert (response.status, await response.text()) == (502, "<html>bad gateway</html>")

    async def test_lists_and_watches_have_their_own_queues(
        self, server: ApiServer, http: aiohttp.ClientSession
    ) -> None:
        """A fault for a watch leaves lists alone; healthy entries keep their place."""
        server.on_watch(Healthy(), Status(500))
        async with http.get(EVENTS) as listed:
            pass
        async with http.get(EVENTS, params=WATCH) as first:
            pass
        async with http.get(EVENTS, params=WATCH) as second:
            pass
        assert (listed.status, first.status, second.status) == (200, 200, 500)

    async def test_a_hanging_request_gets_no_answer(
        self, server: ApiServer, http: aiohttp.ClientSession
    ) -> None:
        """Not even headers come."""
        server.on_list(Hang())
        request = asyncio.ensure_future(http.get(EVENTS))
        await server.wait_for_request(lambda seen: seen.verb == "list")
        done, _ = await asyncio.wait([request], timeout=0.05)
        assert not done
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request

    async def test_a_list_can_be_gone_in_the_middle(
        self, server: ApiServer, http: aiohttp.ClientSession
    ) -> None:
        """The page named is a 410; those before it and the next list are not touched."""
        server.on_list(ListGone(page=2))
        statuses = []
        for _ in range(2):
            async with http.get(EVENTS, params={"limit": "3"}) as response:
                statuses.append(response.status)
                token = (await response.json())["metadata"]["continue"]
            async with http.get(EVENTS, params={"limit": "3", "continue": token}) as response:
                statuses.append(response.status)
        assert statuses == [200, 410, 200, 200]

    async def test_streamed_lists_can_be_refused_once(
        self, server: ApiServer, http: aiohttp.ClientSession
    ) -> None:
        """NoWatchList refuses a streamed list; an ordinary watch does not use it up."""
        server.on_watch(NoWatchList())
        statuses = []
        for query in (WATCH, STREAMED_LIST, STREAMED_LIST):
            async with http.get(EVENTS, params=query) as response:
                statuses.append(response.status)
        assert statuses == [200, 422, 200]


class TestStreams:
    async def test_a_truncated_stream_ends_in_a_frame(
        self, server: ApiServer, http: aiohttp.ClientSession
    ) -> None:
        """Two whole frames, half of a third, and the connection is gone."""
        server.on_watch(Truncate(after_frames=2))
        seen, tail = await names(http, WATCH)
        assert seen == "ab"
        assert tail.startswith(b'{"type":"ADDED"')
        assert tail.endswith(b"<cut>")

    async def test_a_truncated_frame_may_still_have_to_come(
        self, store: EventStore, server: ApiServer, http: aiohttp.ClientSession
    ) -> None:
        """Without a frame to cut the stream stays open until there is one."""
        server.on_watch(Truncate(after_frames=5))
        async with http.get(EVENTS, params=WATCH | {"timeoutSeconds": "60"}) as response:
            await lines(response, 5)
            await server.wait_for_watches()
            store.create(event("f"), NOW)
            tail = await rest(response)
        assert tail.endswith(b"<cut>")
        assert len(tail) > len(b"<cut>")

    async def test_a_list_can_be_truncated(
        self, server: ApiServer, http: aiohttp.ClientSession
    ) -> None:
        """A list breaks off in the middle of an item."""
        server.on_list(Truncate(after_frames=2))
        async with http.get(EVENTS) as response:
            received = await rest(response)
        assert received.endswith(b"<cut>")
        assert received.count(b'"uid"') in (2, 3)

    @pytest.mark.parametrize("frames", [0, 3])
    async def test_a_reset_comes_between_frames(
        self, frames: int, server: ApiServer, http: aiohttp.ClientSession
    ) -> None:
        """Whole frames arrive before the connection is reset."""
        server.on_watch(Reset(after_frames=frames))
        assert await names(http, WATCH) == ("abcde"[:frames], b"<cut>")

    async def test_a_closed_stream_ends_in_order(
        self, server: ApiServer, http: aiohttp.ClientSession
    ) -> None:
        """The client sees a proper end after these frames."""
        server.on_watch(Close(after_frames=3))
        assert await names(http, WATCH) == ("abc", b"")

    async def test_a_stalled_stream_stays_open(
        self, store: EventStore, server: ApiServer, http: aiohttp.ClientSession
    ) -> None:
        """After these frames nothing comes, whatever happens, past the watch's time."""
        server.on_watch(Stall(after_frames=2))
        async with http.get(EVENTS, params=WATCH | {"timeoutSeconds": "60"}) as response:
            await lines(response, 2)
            store.create(event("f"), NOW)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await response.content.readany()
            assert server.open_watches == 1

    async def test_junk_stands_between_frames(
        self, server: ApiServer, http: aiohttp.ClientSession
    ) -> None:
        """A line that is no JSON comes, and the stream goes on."""
        server.on_watch((Junk(b"\xff{", after_frames=1), Close(5)))
        async with http.get(EVENTS, params=WATCH) as response:
            received = (await response.read()).splitlines()
        assert received.pop(1) == b"\xff{"
        assert "".join(map(name_of, received)) == "abcde"

    async def test_frames_can_come_twice(
        self, server: ApiServer, http: aiohttp.ClientSession
    ) -> None:
        """The last frames are repeated, byte for byte, and the stream goes on."""
        server.on_watch((Duplicate(2, after_frames=3), Close(5)), (Duplicate(2), Close(5)))
        assert await names(http, WATCH) == ("abcbcde", b"")
        assert await names(http, WATCH) == ("ababcde", b"")

    async def test_an_error_ends_the_stream(
        self, server: ApiServer, http: aiohttp.ClientSession
    ) -> None:
        """An ERROR line with the scripted Status is the last one."""
        server.on_watch(ErrorFrame(500, "InternalError", after_frames=1))
        async with http.get(EVENTS, params=WATCH) as response:
            first, last = (await response.read()).splitlines()
        assert name_of(first) == "a"
        error = json.loads(last)
        assert error["type"] == "ERROR"
        assert (error["object"]["code"], error["object"]["reason"]) == (500, "InternalError")

    async def test_bytes_can_dribble(self, server: ApiServer, http: aiohttp.ClientSession) -> None:
        """No piece is larger than asked for, and nothing is lost."""
        server.on_watch((Dribble(7), Close(5)))
        pieces = []
        async with http.get(EVENTS, params=WATCH) as response:
            async for piece, ends in response.content.iter_chunks():
                pieces.append(piece)
                assert ends
        assert max(map(len, pieces)) == 7
        assert "".join(map(name_of, b"".join(pieces).splitlines())) == "abcde"

    async def test_faults_can_act_together(
        self, server: ApiServer, http: aiohttp.ClientSession
    ) -> None:
        """One entry may hold several faults, each at its own place."""
        server.on_watch((Dribble(100), Duplicate(1), Junk(b"{}", after_frames=2), Close(4)))
        async with http.get(EVENTS, params=WATCH) as response:
            received = (await response.read()).splitlines()
        assert received.pop(3) == b"{}"
        assert "".join(map(name_of, received)) == "aabcd"


class TestInitialBreak:
    @pytest.mark.parametrize(("after", "seen"), [(0, ""), (2, "ab"), (99, "abcde")])
    async def test_it_breaks_before_the_end_mark(
        self, after: int, seen: str, server: ApiServer, http: aiohttp.ClientSession
    ) -> None:
        """However late it is asked for, the end mark is never sent."""
        server.on_watch(InitialBreak(after_frames=after))
        assert await names(http, STREAMED_LIST) == (seen, b"<cut>")

    async def test_it_waits_for_a_streamed_list(
        self, server: ApiServer, http: aiohttp.ClientSession
    ) -> None:
        """An ordinary watch is not broken by it, and does not use it up."""
        server.on_watch(InitialBreak())
        async with http.get(EVENTS, params=WATCH) as response:
            assert [name_of(line) for line in await lines(response, 5)] == list("abcde")
        assert len(server.watch_faults) == 1


async def test_what_is_queued_can_be_dropped(
    server: ApiServer, http: aiohttp.ClientSession
) -> None:
    """After clear() requests are answered well."""
    server.on_list(Status(500), Status(500))
    server.list_faults.clear()
    async with http.get(EVENTS) as response:
        assert response.status == 200


class TestOpenWatches:
    async def test_a_watch_breaks_at_its_next_frame(
        self, store: EventStore, server: ApiServer, http: aiohttp.ClientSession
    ) -> None:
        """An open watch takes faults too; their position counts from where it has come to."""
        async with http.get(EVENTS, params=WATCH | {"timeoutSeconds": "60"}) as response:
            await lines(response, 5)
            await server.wait_for_watches()
            server.break_watches(Duplicate(1), Close(after_frames=2))
            for name in "fgh":
                store.create(event(name), NOW)
            received = (await rest(response)).splitlines()
        assert "".join(map(name_of, received)) == "ffg"
        assert server.struck == {"Duplicate": 1, "Close": 1}

    async def test_what_did_not_happen_is_not_counted(
        self, server: ApiServer, http: aiohttp.ClientSession
    ) -> None:
        """Faults are counted as they act: one that waits, or finds no watch, has not."""
        server.break_watches(Reset())
        server.on_watch(Status(503), (Junk(after_frames=1), Stall(after_frames=50)))
        for _ in range(2):
            async with http.get(EVENTS, params=WATCH) as response:
                await rest(response)
        assert server.struck == {"Status 503": 1, "Junk": 1}
