from __future__ import annotations

import pytest

from exporter.kube.request import Phase
from exporter.kube.telemetry import Failure
from tests.unit.kube.conversation import (
    SERVER_TIME,
    Conversation,
    added,
    bookmark,
    error,
    frame,
    page,
    status,
)


@pytest.fixture
def talk() -> Conversation:
    """A watch that is open at version 100."""
    return Conversation(streaming=False).watching(100)


class TestWatch:
    def test_it_begins_where_the_list_ended(self, talk: Conversation) -> None:
        """With bookmarks allowed, for a random time between 5 and 10 minutes."""
        assert talk.requests[-1].params == {
            "watch": "1",
            "allowWatchBookmarks": "true",
            "resourceVersion": "100",
            "timeoutSeconds": "450",
        }

    def test_its_time_is_drawn_anew_each_time(self) -> None:
        """The watches of a fleet do not end together."""
        drawn = iter([0.0, 0.999])
        talk = Conversation(streaming=False, uniform=lambda: next(drawn)).watching()
        talk.lines(added("a", 101))
        talk.end(after=300.0)
        talk.accept()
        assert [r.params["timeoutSeconds"] for r in talk.requests[1:]] == ["300", "599"]

    def test_changes_reach_the_consumer_in_order(self, talk: Conversation) -> None:
        """ADDED, MODIFIED and DELETED, each once, counted by type."""
        kinds = ["ADDED", "MODIFIED", "MODIFIED", "DELETED"]
        assert talk.lines(*(frame(k, "a", 101 + i) for i, k in enumerate(kinds)))
        assert talk.consumer.changes == [(k, "a") for k in kinds]
        assert talk.telemetry.frames["MODIFIED"] == 2

    def test_a_watch_that_ends_in_order_goes_on_where_it_stopped(self, talk: Conversation) -> None:
        """At the version of the last object, without a wait, without a relist."""
        talk.lines(added("a", 103), added("b", 107))
        talk.end(after=450.0)
        following = talk.ask()
        assert following.params["resourceVersion"] == "107"
        assert following.wait == 0.0
        assert talk.failures() == talk.relists() == {}

    def test_a_bookmark_moves_it_on(self, talk: Conversation) -> None:
        """Where a server sends them, they save a relist."""
        talk.lines(added("a", 103), status("pods-bookmark-200"))
        talk.end(after=450.0)
        assert talk.ask().params["resourceVersion"] == "2873"

    @pytest.mark.parametrize("cause", [Failure.RESET, Failure.TRUNCATED, Failure.SILENT])
    def test_a_watch_that_breaks_goes_on_where_it_stopped(
        self, talk: Conversation, cause: Failure
    ) -> None:
        """Whatever broke it, no relist is needed, and it is asked again after a wait."""
        talk.lines(added("a", 103))
        talk.protocol.broken(cause, "broken", talk.now)
        following = talk.ask()
        assert following.phase is Phase.WATCH
        assert following.params["resourceVersion"] == "103"
        assert following.wait > 0
        assert talk.failures() == {cause.value: 1}
        assert talk.relists() == {}

    def test_a_frame_that_is_cut_off_is_counted_and_comes_again(self, talk: Conversation) -> None:
        """The version stays before the lost frame."""
        talk.lines(added("a", 103))
        talk.end(after=5.0, truncated=True)
        assert talk.telemetry.undecodable["truncated"] == 1
        assert talk.ask().params["resourceVersion"] == "103"

    @pytest.mark.parametrize("junk", [b"<html>", b'{"type":"X","object":{}}', b'{"type":"ADDED"}'])
    def test_a_frame_that_cannot_be_read_does_not_end_the_stream(
        self, talk: Conversation, junk: bytes
    ) -> None:
        """It is counted and the frames around it are used."""
        assert talk.lines(added("a", 101), junk, b"", added("b", 102))
        assert [name for _, name in talk.consumer.changes] == ["a", "b"]
        assert sum(talk.telemetry.undecodable.values()) == 1

    def test_a_flood_of_bad_frames_is_one_log_line(self, talk: Conversation) -> None:
        """The first of a cause on a connection is logged, each one is counted."""
        talk.lines(*[b"junk"] * 1000)
        talk.lines(*[b"junk"] * 1000)
        assert sum(message == "frame passed over" for _, message, _ in talk.notes) == 1
        assert talk.telemetry.undecodable["syntax"] == 2000
        talk.lines(added("a", 101))
        talk.end(after=60.0)
        talk.accept()
        talk.lines(b"junk")
        assert sum(message == "frame passed over" for _, message, _ in talk.notes) == 2

    def test_a_line_too_long_to_hold_is_counted_and_logged(self, talk: Conversation) -> None:
        """The shell has dropped it already; the stream goes on."""
        talk.protocol.overlong(2)
        assert talk.telemetry.undecodable["overlong"] == 2
        assert ("warning", "frame passed over", {"cause": "overlong"}) in talk.notes

    def test_connected_is_what_is_open_now(self, talk: Conversation) -> None:
        """Between two watches nothing is connected."""
        assert talk.telemetry.connected
        talk.lines(added("a", 101))
        talk.end(after=300.0)
        assert not talk.telemetry.connected

    def test_its_silence_limit_lies_beyond_the_servers_time(self, talk: Conversation) -> None:
        """A quiet watch is no dead one until it has outlived what was asked for."""
        asked = int(talk.requests[-1].params["timeoutSeconds"])
        assert asked < talk.protocol.silence_limit <= asked + 31


class TestExpired:
    @pytest.mark.parametrize(
        "name", ["watch-too-old-200", "watch-too-old-1.20-200", "watch-expires-in-stream-200"]
    )
    def test_a_recorded_410_line_relists(self, talk: Conversation, name: str) -> None:
        """At the start or in the middle of a stream: a list at once, no failure, no warning."""
        lines = status(name).splitlines()
        assert not talk.lines(*lines)
        following = talk.ask()
        assert following.phase is Phase.LIST
        assert talk.relists() == {"expired": 1}
        assert talk.failures() == {}
        assert all(level == "info" for level, _, _ in talk.notes)
        assert len(talk.consumer.changes) == len(lines) - 1

    @pytest.mark.parametrize("body", [b"", b"<html>gone</html>"])
    def test_a_410_as_http_status_relists(self, talk: Conversation, body: bytes) -> None:
        """Its body does not matter."""
        talk.lines(added("a", 101))
        talk.end(after=300.0)
        assert talk.refuse(410, body).phase is Phase.LIST
        assert talk.relists() == {"expired": 1}

    def test_the_first_is_listed_at_once(self, talk: Conversation) -> None:
        """A relist is normal life, so there is nothing to wait for."""
        talk.now += 60
        talk.lines(error(410, "Expired"))
        assert talk.ask().wait == 0.0

    def test_a_server_that_expires_what_it_just_gave_is_waited_for(
        self, talk: Conversation
    ) -> None:
        """Relist upon relist: the waits grow."""
        waits = []
        for _ in range(6):
            talk.lines(error(410, "Expired"))
            waits.append(talk.ask().wait)
            talk.protocol.accepted(talk.now, 0.0)
            talk.protocol.page(page(), talk.now)
            talk.accept()
        assert waits[0] == 0.0
        assert waits[1:4] == sorted(waits[1:4])
        assert waits[1] > 0
        assert sum(waits) > 10

    def test_what_a_410_interrupts_has_been_delivered(self, talk: Conversation) -> None:
        """The frames before the ERROR count, those after it are not read."""
        talk.lines(added("a", 101), error(410, "Expired"), added("b", 102))
        assert talk.consumer.changes == [("ADDED", "a")]


class TestMixedBlocks:
    def test_a_bookmark_after_objects_is_where_it_resumes(self, talk: Conversation) -> None:
        """The latest of what one read brings counts, object or bookmark."""
        talk.lines(added("a", 103), bookmark(150))
        talk.end(after=450.0)
        assert talk.accept().params["resourceVersion"] == "150"

    def test_an_object_after_a_bookmark_is_where_it_resumes(self, talk: Conversation) -> None:
        """Also the other way round, and what stood before the bookmark is forgotten."""
        talk.lines(added("a", 103), bookmark(150), added("b", 160))
        talk.end(after=450.0)
        assert talk.accept().params["resourceVersion"] == "160"

    def test_an_object_before_an_error_is_where_it_resumes(self, talk: Conversation) -> None:
        """What was counted before the ERROR is not asked for again."""
        talk.lines(added("a", 103), error(500, "InternalError"))
        assert talk.accept().params["resourceVersion"] == "103"

    def test_junk_in_an_old_watch_is_no_failure(self, talk: Conversation) -> None:
        """Only a streamed list must come to an end."""
        talk.now += 400.0
        assert talk.lines(b"junk")
        assert talk.failures() == {}


class TestResumed:
    def test_a_watch_that_is_open_again_is_told_once(self, talk: Conversation) -> None:
        """With the number of failures it took: the log of an outage has an end."""
        for _ in range(3):
            talk.protocol.broken(Failure.REFUSED, "connection refused", talk.now)
            talk.ask()
        talk.protocol.accepted(talk.now, SERVER_TIME)
        assert talk.notes[-1] == ("info", "watch resumed", {"after_failures": 3})
        talk.lines(added("a", 101))
        talk.end(after=60.0)
        talk.accept()
        assert sum(message == "watch resumed" for _, message, _ in talk.notes) == 1

    def test_one_that_never_failed_says_nothing(self, talk: Conversation) -> None:
        """Watches end every few minutes; that is no news."""
        talk.lines(added("a", 101))
        talk.end(after=300.0)
        talk.accept()
        assert not any(message == "watch resumed" for _, message, _ in talk.notes)

    def test_after_failures_a_list_speaks_for_itself(self, talk: Conversation) -> None:
        """The line of the list says that it works again."""
        talk.lines(error(410, "Expired"))
        talk.refuse(500)
        talk.protocol.accepted(talk.now, SERVER_TIME)
        talk.protocol.page(page(), talk.now)
        talk.accept()
        assert talk.notes[-1][1] == "listed again"
