from __future__ import annotations

import pytest

from exporter.kube.telemetry import Failure
from tests.unit.kube.conversation import (
    SERVER_TIME,
    Conversation,
    end_mark,
    error,
    page,
    status,
)


class TestPagedList:
    def test_pages_of_500_are_asked_for_until_there_is_no_token(self) -> None:
        """Each page's continue token asks for the next; the whole list is published at the end."""
        talk = Conversation(streaming=False)
        talk.page(page("a", "b", token="t1"))
        talk.page(page("c", token="t2"))
        assert talk.consumer.lists == []
        talk.page(page("d"))
        assert [r.params for r in talk.requests] == [
            {"limit": "500"},
            {"limit": "500", "continue": "t1"},
            {"limit": "500", "continue": "t2"},
        ]
        assert talk.consumer.lists == [("100", ["a", "b", "c", "d"])]

    def test_the_list_begins_at_the_servers_time(self) -> None:
        """One list begins once, however many pages it has, on the server's clock."""
        talk = Conversation(streaming=False)
        talk.page(page("a", token="t1"))
        talk.page(page("b"))
        assert talk.consumer.began == [SERVER_TIME]

    def test_pages_follow_each_other_without_a_wait(self) -> None:
        """A list of a hundred pages is not slowed down."""
        talk = Conversation(streaming=False)
        for number in range(100):
            talk.page(page("a", token=f"t{number}"))
        assert {r.wait for r in talk.requests} == {0.0}

    def test_the_selector_goes_with_every_request(self) -> None:
        """The server filters pages, streamed lists and watches alike."""
        talk = Conversation(field_selector="type=Warning")
        talk.refuse(422, status("streamed-list-off-422"))
        talk.protocol.accepted(talk.now, SERVER_TIME)
        talk.protocol.page(page(token="t"), talk.now)
        talk.page(page())
        talk.accept()
        assert len(talk.requests) == 4
        assert {r.params["fieldSelector"] for r in talk.requests} == {"type=Warning"}

    def test_a_410_in_the_middle_starts_over(self) -> None:
        """Nothing half is published, and the next list begins with its first page."""
        talk = Conversation(streaming=False)
        talk.page(page("a", token="t1"))
        following = talk.refuse(410, status("list-continue-expired-410"))
        assert following.params == {"limit": "500"}
        assert talk.consumer.abandoned == 1
        assert talk.relists() == {"continue_expired": 1}
        talk.protocol.accepted(talk.now, SERVER_TIME)
        talk.protocol.page(page("b"), talk.now)
        assert talk.consumer.lists == [("100", ["b"])]

    def test_a_page_whose_connection_breaks_is_asked_for_again(self) -> None:
        """The same page, after a wait: the pages before it are kept, and none counts twice."""
        talk = Conversation(streaming=False)
        talk.page(page("a", token="t1"))
        talk.accept()
        talk.protocol.broken(Failure.RESET, "reset", talk.now)
        again = talk.accept()
        assert again.params["continue"] == "t1"
        assert again.wait > 0
        talk.protocol.page(page("b"), talk.now)
        assert talk.consumer.lists == [("100", ["a", "b"])]

    @pytest.mark.parametrize(
        ("code", "body"), [(500, "watch-bad-version-500"), (400, "list-bad-continue-400")]
    )
    def test_a_page_that_cannot_be_had_starts_the_list_over(self, code: int, body: str) -> None:
        """A token that the server cannot read would be refused for ever."""
        talk = Conversation(streaming=False)
        talk.page(page("a", token="t1"))
        following = talk.refuse(code, status(body))
        assert "continue" not in following.params
        assert following.wait > 0
        assert talk.consumer.abandoned == 1

    @pytest.mark.parametrize("body", [b"", b"<html/>", b'{"items":[]}', b'{"metadata":{}}', b"[]"])
    def test_an_answer_that_is_no_list_is_not_published(self, body: bytes) -> None:
        """A proxy's page with status 200, or a list without its version: again, after a wait."""
        talk = Conversation(streaming=False)
        talk.page(page("a", token="t1"))
        talk.page(body)
        following = talk.ask()
        assert talk.failures() == {"unreadable": 1}
        assert talk.consumer.lists == []
        assert talk.consumer.abandoned == 1
        assert following.params == {"limit": "500"}
        assert following.wait > 0

    def test_a_list_that_does_not_move_on_is_not_followed(self) -> None:
        """A server that answers a token with the same token would be asked for ever."""
        talk = Conversation(streaming=False)
        talk.page(page("a", token="t1"))
        talk.page(page("a", token="t1"))
        assert talk.failures() == {"unreadable": 1}
        assert talk.ask().wait > 0

    def test_a_bad_item_is_counted_and_the_list_goes_on(self) -> None:
        """One odd object, or one without a name, does not hide the others."""
        talk = Conversation(streaming=False)
        body = page("a", "", "b").replace(b'"items": [', b'"items": [{"metadata": 3}, ')
        talk.page(body)
        assert talk.consumer.lists == [("100", ["a", "", "b"])]
        assert talk.telemetry.undecodable["schema"] == 1
        assert talk.telemetry.undecodable["unnamed"] == 1
        assert talk.telemetry.frames["LISTED"] == 4

    def test_an_empty_cluster_is_synced(self) -> None:
        """A list without items is a list."""
        talk = Conversation(streaming=False)
        talk.page(b'{"metadata":{"resourceVersion":"5"},"items":null}')
        assert talk.consumer.lists == [("5", [])]
        assert talk.telemetry.synced

    def test_hours_of_failing_relists_keep_asking(self) -> None:
        """A list that fails for a day is asked for at least once a minute, to the end."""
        talk = Conversation(uniform=lambda: 0.999).watching()
        talk.lines(error(410, "Expired"))
        end = talk.now + 86_400
        while talk.now < end:
            talk.ask()
            talk.protocol.refused(500, b"", None, talk.now)
        waits = [r.wait for r in talk.requests]
        assert max(waits) <= 60.0
        assert len(talk.requests) > 86_400 / 60
        assert talk.telemetry.synced


class TestLog:
    def test_the_first_list_is_one_line(self) -> None:
        """When it is done."""
        talk = Conversation()
        talk.accept()
        assert talk.notes == []
        talk.lines(end_mark(5))
        assert talk.notes == [("info", "synced", {"resource_version": "5", "streamed": True})]

    def test_a_relist_is_one_line_with_its_cause(self) -> None:
        """When it is done; nothing is said when it begins."""
        talk = Conversation().watching(5)
        talk.notes.clear()
        talk.lines(error(410, "Expired"))
        assert talk.notes == []
        talk.accept()
        talk.lines(end_mark(9))
        fields = {"cause": "expired", "resource_version": "9", "streamed": True}
        assert talk.notes == [("info", "listed again", fields)]

    def test_a_relist_that_starts_over_keeps_its_cause(self) -> None:
        """Why there is one at all, not why it took two."""
        talk = Conversation(streaming=False).watching(5)
        talk.lines(error(410, "Expired"))
        talk.page(page("a", token="t"))
        talk.refuse(410)
        talk.protocol.accepted(talk.now, SERVER_TIME)
        talk.protocol.page(page(version=9), talk.now)
        causes = [fields["cause"] for _, message, fields in talk.notes if message == "listed again"]
        assert causes == ["expired"]

    def test_a_first_list_that_starts_over_is_no_relist(self) -> None:
        """Nothing was listed before."""
        talk = Conversation(streaming=False)
        talk.page(page("a", token="t"))
        talk.refuse(410)
        talk.protocol.accepted(talk.now, SERVER_TIME)
        talk.protocol.page(page(version=9), talk.now)
        assert [message for _, message, _ in talk.notes] == ["synced"]
