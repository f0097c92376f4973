"""Recorded answers of real API servers are understood to their last byte."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from exporter.events import EventObject, EventRecord, read_event
from exporter.kube.frames import Frame, FrameReader, Page, Status, Undecodable
from tests.recordings.reading import VERSIONS, body, lines, names

_READER = FrameReader(EventObject)
_LISTS = [
    name
    for version in VERSIONS
    for pattern in ("http/*list-core-[fnpw]*.gz", "http/*list-eventsv1-*.gz", "http/exporter-list*")
    for name in names(f"{version}/{pattern}")
]


def page(path: str) -> Page:
    """A recorded LIST answer."""
    found = _READER.page(body(path))
    assert found is not None
    return found


def items(path: str) -> list[EventRecord]:
    """All events of a recorded LIST answer."""
    records = []
    for item in page(path).items or ():
        event = _READER.item(item)
        assert not isinstance(event, Undecodable)
        record = read_event(event)
        assert record is not None
        records.append(record)
    return records


def frames(path: str) -> Iterator[Frame[EventObject] | Frame[Status]]:
    """All frames of a recorded stream."""
    for line in lines(path):
        frame = _READER.frame(line)
        assert not isinstance(frame, Undecodable), line
        yield frame


def changes(path: str) -> list[tuple[str, EventRecord]]:
    """The events of a recorded stream."""
    found = []
    for frame in frames(path):
        if isinstance(frame.object, EventObject):
            record = read_event(frame.object)
            assert record is not None
            found.append((frame.type, record))
    return found


class TestLists:
    @pytest.mark.parametrize("path", _LISTS)
    def test_every_item_is_read(self, path: str) -> None:
        """Each item of a list is an event with a name, a version and a time."""
        records = items(path)
        assert len(records) == len(json.loads(body(path))["items"]) > 0
        assert all(r.resource_version and r.uid and r.occurred() > 0 for r in records)

    @pytest.mark.parametrize("version", VERSIONS)
    def test_pages_follow_each_other(self, version: str) -> None:
        """The first page names the next, both are of one moment, and no event is on both."""
        first, second = (page(f"{version}/http/list-core-page{n}.body") for n in (1, 2))
        assert first.next_token
        assert first.resource_version == second.resource_version
        pages = [items(f"{version}/http/list-core-page{n}.body") for n in (1, 2)]
        on_both = {r.uid for r in pages[0]} & {r.uid for r in pages[1]}
        assert not on_both

    @pytest.mark.parametrize("version", VERSIONS)
    def test_a_whole_list_names_no_next_page(self, version: str) -> None:
        """A list asked for without limit is one page."""
        assert page(f"{version}/http/list-core-full.body").next_token == ""

    @pytest.mark.parametrize("version", VERSIONS)
    def test_an_expired_list_can_go_on_inconsistently(self, version: str) -> None:
        """The token in the body of a 410 gives a page of a later moment."""
        path = f"{version}/expired/2-list-inconsistent-continue.body"
        assert len(items(path)) == 20


class TestBothGroups:
    """The same stored objects, through core/v1 and through events.k8s.io/v1."""

    @pytest.mark.parametrize(
        ("core", "events"),
        [
            ("kubernetes-1.20.2/watch/core-v1.2", "kubernetes-1.20.2/watch/events-k8s-io-v1.2"),
            ("kubernetes-1.20.2/watch/core-v1.4", "kubernetes-1.20.2/watch/events-k8s-io-v1.4"),
            ("kubernetes-1.36.3/watch/core-v1.104", "kubernetes-1.36.3/watch/events-k8s-io-v1.105"),
            ("kubernetes-1.36.3/watch/core-v1.106", "kubernetes-1.36.3/watch/events-k8s-io-v1.107"),
        ],
    )
    def test_watches_of_the_same_moments_are_equal(self, core: str, events: str) -> None:
        """Every line of one watch is, as a record, the line of the other.

        Events of one lease end at one version, in any order.
        """
        by_version = [
            sorted(changes(f"{path}.ndjson"), key=lambda c: (c[1].resource_version, c[1].name))
            for path in (core, events)
        ]
        assert by_version[0] == by_version[1]
        assert by_version[0]

    @pytest.mark.parametrize("version", VERSIONS)
    def test_lists_are_equal_where_nothing_changed(self, version: str) -> None:
        """Events at the same version are the same record in both lists."""
        core, events = (
            {(r.namespace, r.name, r.resource_version): r for r in items(path)}
            for path in (
                f"{version}/http/list-core-full.body",
                f"{version}/http/list-eventsv1-full.body",
            )
        )
        same = core.keys() & events.keys()
        assert len(same) > 0.9 * len(core)
        assert all(core[key] == events[key] for key in same)

    def test_streamed_lists_are_equal(self) -> None:
        """The same for a list that comes as a stream."""
        core, events = (
            changes(f"kubernetes-1.36.3/watchlist/{name}.body") for name in ("core", "eventsv1")
        )
        assert core == events


class TestStreamedLists:
    @pytest.mark.parametrize("name", ["core", "core-ns", "core-warning"])
    def test_it_has_one_end_mark_behind_its_events(self, name: str) -> None:
        """ADDED frames, one bookmark with the end annotation, then the watch."""
        found = list(frames(f"kubernetes-1.36.3/watchlist/{name}.body"))
        ends = [
            place
            for place, frame in enumerate(found)
            if isinstance(frame.object, Status) and frame.object.ends_initial_events
        ]
        assert len(ends) == 1
        assert {frame.type for frame in found[: ends[0]]} == {"ADDED"}
        assert found[ends[0]].object.resource_version.isdecimal()

    def test_without_bookmarks_it_has_none(self) -> None:
        """A client that does not ask for bookmarks cannot tell where the list ends."""
        types = {f.type for f in frames("kubernetes-1.36.3/watchlist/core-no-bookmarks.body")}
        assert "BOOKMARK" not in types

    def test_as_a_table_it_holds_no_events(self) -> None:
        """Rows for printing are objects without a name: passed over, not counted."""
        found = list(frames("kubernetes-1.36.3/watchlist/core-table.body"))
        events = [f.object for f in found if isinstance(f.object, EventObject)]
        assert len(events) > 100
        assert all(read_event(event) is None for event in events)


class TestBookmarks:
    @pytest.mark.parametrize("version", VERSIONS)
    def test_a_bookmark_moves_the_version(self, version: str) -> None:
        """A bookmark carries a version and, unless it ends a list, no end annotation."""
        (path,) = names(f"{version}/watch*/pods-bookmarks.ndjson.gz")
        marks = [f.object for f in frames(path) if f.type == "BOOKMARK"]
        assert marks
        assert all(mark.resource_version.isdecimal() for mark in marks)


class TestTooOld:
    @pytest.mark.parametrize(
        "path",
        [
            path
            for version in VERSIONS
            for pattern in ("expired/4-*", "expired/19-*", "expired/5-*", "expired/6-*",
                            "expired/13-*", "expired/14-*", "expired/15-*", "watch/core-v1.4.*",
                            "watch/core-v1.106.*", "watch/events-k8s-io-v1.107.*")
            for path in names(f"{version}/{pattern}.gz")
        ],
    )  # fmt: skip
    def test_a_watch_ends_in_an_error_frame(self, path: str) -> None:
        """HTTP 200 and, at once or after many events, one ERROR line with code 410."""
        *_, last = frames(path)
        assert last.type == "ERROR"
        assert isinstance(last.object, Status)
        assert last.object.expired

    @pytest.mark.parametrize(
        "path",
        [
            path
            for version in VERSIONS
            for number in ("1-list-continue-expired", "3-list-exact-old-rv", "18-list-old-rv")
            for path in names(f"{version}/expired/{number}.body.gz")
        ],
    )
    def test_a_list_is_refused_with_410(self, path: str) -> None:
        """An expired token and an old exact version answer the same status."""
        assert _READER.status(body(path)).expired

    def test_a_version_of_the_future_is_not_expired(self) -> None:
        """It is too large, code 504: to wait is right, to list again is not."""
        (frame,) = frames("kubernetes-1.36.3/watchlist/core-rv-future.body")
        assert isinstance(frame.object, Status)
        assert (frame.type, frame.object.code, frame.object.expired) == ("ERROR", 504, False)

    @pytest.mark.parametrize("version", VERSIONS)
    def test_refusals_name_their_code(self, version: str) -> None:
        """Bodies of 401, 403, 404, 500 and 504 are statuses with a message."""
        codes = {
            "http/bad-token-401": 401,
            "http/exporter-forbidden-403": 403,
            "http/not-found": 404,
            "expired/9-watch-bad-rv": 500,
            "expired/7-list-future-rv": 504,
        }
        found = {path: _READER.status(body(f"{version}/{path}.body")) for path in codes}
        assert {path: status.code for path, status in found.items()} == codes
        assert all(status.message and not status.expired for status in found.values())

    @pytest.mark.parametrize("path", names("kubernetes-1.36.3/watchlist-off/*.gz"))
    def test_a_server_that_does_not_stream_lists_says_422(self, path: str) -> None:
        """With the feature off every form of the request is invalid, as a table too."""
        assert _READER.status(body(path)).code == 422
