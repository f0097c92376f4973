from __future__ import annotations

import pytest

from exporter.kube.request import Phase
from tests.unit.kube.conversation import (
    Conversation,
    added,
    end_mark,
    page,
    status,
)


@pytest.fixture
def talk() -> Conversation:
    """A watch that is open at version 100."""
    return Conversation(streaming=False).watching(100)


class TestQuietWatch:
    def test_one_that_brings_nothing_relists(self, talk: Conversation) -> None:
        """Events get no bookmarks, so its version is about to expire, or lies in the future."""
        talk.end(after=450.0)
        following = talk.ask()
        assert following.phase is Phase.LIST
        assert following.wait == 0.0
        assert talk.relists() == {"quiet": 1}
        assert talk.failures() == {}

    def test_one_that_began_as_a_streamed_list_is_quiet_after_the_list(self) -> None:
        """The objects of the list are no news of the watch."""
        talk = Conversation()
        talk.accept()
        talk.lines(added("a", 3), end_mark(5))
        talk.end(after=450.0)
        assert talk.relists() == {"quiet": 1}

    def test_it_stays_synced_while_it_lists(self, talk: Conversation) -> None:
        """A relist is normal life: the counts go on being true."""
        talk.end(after=450.0)
        talk.accept()
        assert talk.telemetry.synced
        assert all(level == "info" for level, _, _ in talk.notes)

    def test_a_bookmark_is_something(self, talk: Conversation) -> None:
        """A watch with a bookmark knows where it is."""
        talk.lines(status("pods-bookmark-200"))
        talk.end(after=450.0)
        assert talk.ask().phase is Phase.WATCH

    def test_a_server_from_the_past_is_noticed(self) -> None:
        """After a restored backup an ordinary watch of the old version is silent for ever."""
        talk = Conversation(streaming=False).watching(99_999_999)
        talk.end(after=450.0)
        talk.page(page("a", version=5))
        assert talk.accept().params["resourceVersion"] == "5"


class TestShortWatch:
    def test_one_that_ends_at_once_with_nothing_waits(self, talk: Conversation) -> None:
        """It is a failure, so the waits grow."""
        for _ in range(6):
            talk.end(after=0.01)
            talk.accept()
        waits = [r.wait for r in talk.requests[-6:]]
        assert waits == sorted(waits)
        assert waits[0] > 0
        assert waits[-1] > 20
        assert talk.failures() == {"closed_early": 6}

    def test_one_that_ends_right_after_a_long_streamed_list_waits(self) -> None:
        """The time that the list took is none that the watch lived."""
        talk = Conversation()
        talk.accept()
        talk.now += 50.0
        talk.lines(end_mark(5))
        talk.end(after=0.1)
        assert talk.failures() == {"closed_early": 1}

    def test_one_that_ends_at_once_with_the_frame_it_began_with_waits(
        self, talk: Conversation
    ) -> None:
        """The same frame again is no progress."""
        talk.lines(added("a", 100))
        talk.end()
        assert talk.ask().wait > 0

    def test_one_that_brings_news_at_once_is_asked_once_a_second(self, talk: Conversation) -> None:
        """A server that hangs up after each frame is followed, but not in a tight loop."""
        for version in range(101, 111):
            talk.lines(added("a", version))
            talk.end(after=0.25)
            talk.accept()
        assert [r.wait for r in talk.requests[-10:]] == [0.75] * 10
        assert talk.failures() == talk.relists() == {}


class TestFreshVersion:
    def test_a_quiet_watch_that_something_cuts_short_resumes(self, talk: Conversation) -> None:
        """A proxy with an idle time-out does not make a relist of each of its cuts."""
        for _ in range(3):
            talk.end(after=60.0)
            assert talk.accept().phase is Phase.WATCH
        assert talk.relists() == {}

    def test_its_version_is_not_used_for_ever(self, talk: Conversation) -> None:
        """Once it is older than what etcd keeps for sure, it is listed anew."""
        for _ in range(3):
            talk.end(after=60.0)
            talk.accept()
        talk.end(after=60.0)
        assert talk.relists() == {"quiet": 1}
        assert talk.ask().phase is Phase.LIST
