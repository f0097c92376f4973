"""A WATCH over HTTP is one of a kube-apiserver: resumed, replayed, streamed, expired, ended."""

from __future__ import annotations

import json
import time

import aiohttp
import pytest

from exporter.demo import ApiServer, EventStore
from tests.unit.demo.wire import NOW, event, lines, name_of

EVENTS = "/api/v1/events"
STREAMED_LIST = {
    "watch": "1",
    "sendInitialEvents": "true",
    "resourceVersionMatch": "NotOlderThan",
    "allowWatchBookmarks": "true",
}
# From the recordings of kube-apiserver 1.36.3, expired/4-watch-old-rv.body.
RECORDED_410 = (
    '{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",'
    '"message":"The resourceVersion for the provided watch is too old.","reason":"Expired",'
    '"code":410}}\n'
)
# watchlist/core.body, its bookmark, with another version.
RECORDED_END = (
    '{"type":"BOOKMARK","object":{"kind":"Event","apiVersion":"v1","metadata":{'
    '"resourceVersion":"6","annotations":{"k8s.io/initial-events-end":"true"}},'
    '"involvedObject":{},"source":{},"firstTimestamp":null,"lastTimestamp":null,"eventTime":null,'
    '"reportingComponent":"","reportingInstance":""}}\n'
)


def watch(**query: str) -> dict[str, str]:
    return {"watch": "1", **query}


@pytest.mark.usefixtures("five")
class TestWatch:
    async def test_it_resumes_after_a_version(
        self, store: EventStore, http: aiohttp.ClientSession
    ) -> None:
        """A watch from a version shows what came after it, then what comes."""
        async with http.get(EVENTS, params=watch(resourceVersion="4")) as response:
            assert [name_of(line) for line in await lines(response, 2)] == ["d", "e"]
            store.patch("shop", "a", {"count": 2}, NOW)
            store.delete("shop", "b")
            modified, deleted = await lines(response, 2)
        assert (modified["type"], modified["object"]["count"]) == ("MODIFIED", 2)
        assert (deleted["type"], name_of(deleted)) == ("DELETED", "b")
        assert deleted["object"]["kind"] == "Event"
        assert deleted["object"]["metadata"]["resourceVersion"] == "8"

    @pytest.mark.parametrize("query", [watch(), watch(resourceVersion="0")])
    async def test_without_a_version_it_replays_everything(
        self, query: dict[str, str], store: EventStore, http: aiohttp.ClientSession
    ) -> None:
        """Version 0 or none: all events as ADDED, then what comes, without a bookmark between."""
        async with http.get(EVENTS, params=query | {"allowWatchBookmarks": "true"}) as response:
            received = await lines(response, 5)
            store.create(event("aa"), NOW)
            received += await lines(response, 1)
        assert [(line["type"], name_of(line)) for line in received] == [
            ("ADDED", name) for name in ("a", "b", "c", "d", "e", "aa")
        ]

    async def test_a_compacted_version_is_an_error_in_the_stream(
        self, store: EventStore, http: aiohttp.ClientSession
    ) -> None:
        """The answer is HTTP 200, one ERROR line as recorded, and the end."""
        store.compact()
        async with http.get(EVENTS, params=watch(resourceVersion="2")) as response:
            assert response.status == 200
            assert await response.text() == RECORDED_410

    async def test_a_future_version_is_silent_until_then(
        self, store: EventStore, http: aiohttp.ClientSession
    ) -> None:
        """A watch from a version still to come shows nothing up to it."""
        async with http.get(EVENTS, params=watch(resourceVersion="7")) as response:
            store.create(event("f"), NOW)
            store.create(event("g"), NOW)
            (line,) = await lines(response, 1)
        assert name_of(line) == "g"

    async def test_it_ends_after_its_timeout(self, http: aiohttp.ClientSession) -> None:
        """After timeoutSeconds the stream ends in order."""
        query = watch(resourceVersion="6", timeoutSeconds="1")
        async with http.get(EVENTS, params=query) as response:
            assert await response.read() == b""

    async def test_events_get_no_bookmarks(
        self, store: EventStore, server: ApiServer, http: aiohttp.ClientSession
    ) -> None:
        """Unless the server is told to, an Events watch that allows bookmarks gets none."""
        query = watch(resourceVersion="6", allowWatchBookmarks="true")
        async with http.get(EVENTS, params=query) as response:
            await server.wait_for_watches()
            store.advance(10)
            store.create(event("f"), NOW)
            (line,) = await lines(response, 1)
            assert line["type"] == "ADDED"

    async def test_a_bookmark_shows_how_far_the_watch_is(
        self, store: EventStore, server: ApiServer, http: aiohttp.ClientSession
    ) -> None:
        """A bookmark has the version of the store, and goes only to those who allow it."""
        allowing = watch(resourceVersion="6", allowWatchBookmarks="true")
        plain = watch(resourceVersion="6")
        async with http.get(EVENTS, params=allowing) as one, http.get(EVENTS, params=plain) as two:
            await server.wait_for_watches(2)
            store.advance(10)
            server.send_bookmarks()
            (line,) = await lines(one, 1)
            assert line["type"] == "BOOKMARK"
            assert line["object"]["metadata"] == {"resourceVersion": "16"}
            store.create(event("f"), NOW)
            assert name_of((await lines(two, 1))[0]) == "f"

    async def test_a_backlog_comes_fast(
        self, store: EventStore, http: aiohttp.ClientSession
    ) -> None:
        """A watch delivers well over 20 000 frames a second (measured: 500 000 to a raw socket)."""
        for number in range(20_000):
            store.create(event(f"e{number}", message="x" * 900), NOW)
        received = 0
        began = time.perf_counter()
        async with http.get(EVENTS, params=watch(resourceVersion="6")) as response:
            while received < 20_000 * 900:
                received += len(await response.content.readany())
        assert time.perf_counter() - began < 1.0

    async def test_a_closed_watch_is_forgotten(
        self, server: ApiServer, http: aiohttp.ClientSession
    ) -> None:
        """A client that goes away ends its watch at once, without an event."""
        async with http.get(EVENTS, params=watch(resourceVersion="6")) as response:
            await server.wait_for_watches(1)
            response.close()
        await server.wait_for_watches(0)


@pytest.mark.usefixtures("five")
class TestStreamedList:
    async def test_an_end_mark_divides_past_from_present(
        self, store: EventStore, http: aiohttp.ClientSession
    ) -> None:
        """All events in key order as ADDED, the end mark as recorded, then what comes."""
        async with http.get(EVENTS, params=STREAMED_LIST) as response:
            initial = await lines(response, 5)
            mark = await response.content.readline()
            store.create(event("aa"), NOW)
            (live,) = await lines(response, 1)
        assert [(line["type"], name_of(line)) for line in initial] == [
            ("ADDED", name) for name in "abcde"
        ]
        assert mark.decode() == RECORDED_END
        assert name_of(live) == "aa"

    async def test_without_bookmarks_there_is_no_end_mark(
        self, store: EventStore, http: aiohttp.ClientSession
    ) -> None:
        """A client that does not allow bookmarks is not told where the past ends."""
        query = STREAMED_LIST | {"allowWatchBookmarks": "false"}
        async with http.get(EVENTS, params=query) as response:
            await lines(response, 5)
            store.create(event("aa"), NOW)
            assert name_of((await lines(response, 1))[0]) == "aa"

    async def test_an_old_version_does_not_matter(
        self, store: EventStore, http: aiohttp.ClientSession
    ) -> None:
        """Also from a compacted version the present is streamed."""
        store.compact()
        query = STREAMED_LIST | {"resourceVersion": "2"}
        async with http.get(EVENTS, params=query) as response:
            assert name_of((await lines(response, 1))[0]) == "a"

    async def test_a_future_version_is_an_error_in_the_stream(
        self, http: aiohttp.ClientSession
    ) -> None:
        """A version still to come: HTTP 200 and one ERROR line of code 504."""
        query = STREAMED_LIST | {"resourceVersion": "99"}
        async with http.get(EVENTS, params=query) as response:
            error = json.loads(await response.read())["object"]
        assert (response.status, error["code"]) == (200, 504)
        assert error["details"]["retryAfterSeconds"] == 3

    async def test_without_the_feature_it_is_refused(
        self, server: ApiServer, http: aiohttp.ClientSession
    ) -> None:
        """With the gate off a streamed list is a 422."""
        server.watch_list = False
        async with http.get(EVENTS, params=STREAMED_LIST) as response:
            assert (response.status, (await response.json())["reason"]) == (422, "Invalid")
