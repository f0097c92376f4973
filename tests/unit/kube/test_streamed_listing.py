from __future__ import annotations

import pytest

from exporter.kube.request import Phase
from exporter.kube.telemetry import Failure
from tests.unit.kube.conversation import (
    SERVER_TIME,
    Conversation,
    added,
    end_mark,
    error,
    frame,
    page,
    status,
)


class TestStreamedList:
    def test_it_asks_as_the_api_wants_it_asked(self) -> None:
        """The combination that current servers take: see the recorded refusals of all others."""
        request = Conversation().ask()
        assert request.phase is Phase.STREAM
        assert request.params == {
            "watch": "1",
            "allowWatchBookmarks": "true",
            "sendInitialEvents": "true",
            "resourceVersionMatch": "NotOlderThan",
            "timeoutSeconds": "450",
        }

    def test_the_end_mark_publishes_it(self) -> None:
        """What comes before the mark is the list, at the mark's version."""
        talk = Conversation()
        talk.accept()
        talk.lines(added("a", 3), added("b", 9))
        assert talk.consumer.lists == []
        assert not talk.telemetry.synced
        talk.lines(end_mark(12))
        assert talk.consumer.lists == [("12", ["a", "b"])]
        assert talk.telemetry.synced
        assert talk.telemetry.connected

    def test_what_follows_the_end_mark_in_the_same_bytes_is_watched(self) -> None:
        """The stream turns into the watch at the mark, wherever the reads cut it."""
        talk = Conversation()
        talk.accept()
        talk.lines(added("a", 3), end_mark(12), added("b", 13))
        assert talk.consumer.lists == [("12", ["a"])]
        assert talk.consumer.changes == [("ADDED", "b")]
        talk.end(after=400.0)
        assert talk.ask().params["resourceVersion"] == "13"

    def test_a_bookmark_without_the_annotation_does_not_publish(self) -> None:
        """Only the end mark says that the list is whole."""
        talk = Conversation()
        talk.accept()
        talk.lines(added("a", 3), status("pods-bookmark-200"))
        assert talk.consumer.lists == []

    @pytest.mark.parametrize("truncated", [True, False])
    def test_one_that_ends_before_its_mark_is_not_published(self, truncated: bool) -> None:
        """Also an orderly end is no end mark."""
        talk = Conversation()
        talk.accept()
        talk.lines(added("a", 3))
        talk.end(truncated=truncated)
        assert talk.consumer.lists == []
        assert talk.consumer.abandoned == 1
        assert talk.failures() == {"truncated": 1}
        assert talk.ask().wait > 0

    def test_one_that_breaks_is_streamed_once_more_and_then_listed(self) -> None:
        """A path that cuts long streams short still lets pages through."""
        talk = Conversation()
        phases = []
        for _ in range(3):
            phases.append(talk.accept().phase)
            talk.protocol.broken(Failure.RESET, "reset", talk.now)
        assert phases == [Phase.STREAM, Phase.STREAM, Phase.LIST]

    def test_one_that_broke_long_ago_does_not_count(self) -> None:
        """A list that came through lets the next one stream, and stream once more."""
        talk = Conversation()
        talk.accept()
        talk.protocol.broken(Failure.RESET, "reset", talk.now)
        talk.watching()
        talk.lines(error(410, "Expired"))
        talk.accept()
        talk.protocol.broken(Failure.RESET, "reset", talk.now)
        assert talk.ask().phase is Phase.STREAM

    def test_one_that_falls_silent_is_listed(self) -> None:
        """A server or proxy that keeps the mark back is not waited for twice."""
        talk = Conversation()
        talk.accept()
        talk.lines(added("a", 3))
        talk.protocol.broken(Failure.SILENT, "nothing came", talk.now)
        assert talk.ask().phase is Phase.LIST
        assert talk.consumer.lists == []

    @pytest.mark.parametrize("code", [400, 422])
    def test_a_server_that_refuses_to_stream_is_listed_at_once(self, code: int) -> None:
        """422 is what the recorded server says with the feature off; it is no failure."""
        talk = Conversation()
        following = talk.refuse(code, status("streamed-list-off-422"))
        assert following.phase is Phase.LIST
        assert following.wait == 0.0
        assert talk.failures() == {}
        assert talk.relists() == {}

    def test_it_is_not_asked_to_stream_again(self) -> None:
        """A later list of the same server goes by pages from the start."""
        talk = Conversation()
        talk.refuse(422, status("streamed-list-off-422"))
        talk.protocol.accepted(talk.now, SERVER_TIME)
        talk.protocol.page(page(), talk.now)
        talk.accept()
        talk.lines(error(410, "Expired"))
        assert talk.ask().phase is Phase.LIST

    def test_a_410_before_the_mark_starts_over(self) -> None:
        """An ERROR line can meet a streamed list too."""
        talk = Conversation()
        talk.accept()
        assert not talk.lines(added("a", 3), error(410, "Expired"), end_mark(4))
        assert talk.consumer.lists == []
        assert talk.consumer.abandoned == 1
        assert talk.relists() == {"continue_expired": 1}

    def test_the_recorded_504_line_is_waited_for_as_long_as_it_says(self) -> None:
        """A server that lags behind names three seconds."""
        talk = Conversation(uniform=lambda: 0.0)
        talk.accept()
        assert not talk.lines(status("streamed-list-future-version-200"))
        assert talk.failures() == {"error_frame": 1}
        assert talk.ask().wait == 3.0

    def test_a_deletion_before_the_mark_is_not_listed(self) -> None:
        """An object that is gone is no part of the list."""
        talk = Conversation()
        talk.accept()
        talk.lines(added("a", 3), frame("DELETED", "b", 4), end_mark(5))
        assert talk.consumer.lists == [("5", ["a"])]
        assert talk.consumer.removed == ["b"]

    def test_a_list_may_not_be_silent_for_long(self) -> None:
        """Before the mark the silence limit is the list's, after it the watch's."""
        talk = Conversation()
        talk.accept()
        before = talk.protocol.silence_limit
        talk.lines(end_mark(5))
        assert before == 60.0
        assert talk.protocol.silence_limit > 450.0

    def test_objects_without_names_are_counted(self) -> None:
        """What cannot be told from others is passed over, and the list goes on."""
        talk = Conversation()
        talk.accept()
        talk.lines(added("", 3), added("a", 4), end_mark(5))
        assert talk.telemetry.undecodable["unnamed"] == 1
        assert talk.consumer.lists[0][0] == "5"


class TestEndlessStreamedList:
    def test_a_server_that_never_sends_the_end_mark_is_listed_by_page(self) -> None:
        """Servers before 1.19 stream what there is, then what comes, and no end mark."""
        talk = Conversation()
        talk.accept()
        for number in range(12):
            talk.now += 10.0
            assert talk.lines(added(f"a{number}", number + 1))
        talk.now += 1.0
        assert not talk.lines(added("b", 99))
        assert talk.failures() == {"silent": 1}
        assert talk.accept().phase is Phase.LIST
        assert talk.consumer.lists == []

    def test_it_is_not_streamed_a_third_time(self) -> None:
        """Two without an end mark: each relist would cost two minutes for nothing."""
        talk = Conversation()
        for _ in range(2):
            assert talk.accept().phase is Phase.STREAM
            talk.now += 121.0
            assert not talk.lines(added("a", 1))
            talk.page(page())
            talk.accept()
            talk.lines(error(410, "Expired"))
        assert talk.accept().phase is Phase.LIST
        assert any("listing by page" in message for _, message, _ in talk.notes)

    def test_one_that_ends_well_in_between_is_forgiven(self) -> None:
        """Silence was the network's, then, not the server's way."""
        talk = Conversation()
        for _ in range(3):
            talk.accept()
            talk.protocol.broken(Failure.SILENT, "nothing came", talk.now)
            talk.page(page())
            talk.accept()
            talk.lines(error(410, "Expired"))
            assert talk.accept().phase is Phase.STREAM
            talk.lines(end_mark(5), error(410, "Expired"))
