from __future__ import annotations

import pytest

from exporter.kube.request import Phase
from exporter.kube.telemetry import Failure
from tests.unit.kube.conversation import SERVER_TIME, Conversation, added, error, page, status


@pytest.fixture
def talk() -> Conversation:
    """About to ask for a watch at version 100; nothing random."""
    talk = Conversation(streaming=False, uniform=lambda: 0.0)
    talk.page(page())
    return talk


class TestThrottled:
    def test_the_header_is_waited_for(self, talk: Conversation) -> None:
        """429 with Retry-After: the same request, not before its time."""
        following = talk.refuse(429, b"", 7.0)
        assert following.wait == 7.0
        assert following.params["resourceVersion"] == "100"
        assert talk.failures() == {"throttled": 1}

    def test_the_bodys_time_is_waited_for(self, talk: Conversation) -> None:
        """Without the header, details.retryAfterSeconds says when."""
        body = b'{"kind":"Status","code":429,"details":{"retryAfterSeconds":9}}'
        assert talk.refuse(429, body).wait == 9.0

    def test_the_header_goes_before_the_body(self, talk: Conversation) -> None:
        """As for client-go."""
        body = b'{"kind":"Status","code":429,"details":{"retryAfterSeconds":9}}'
        assert talk.refuse(429, body, 5.0).wait == 5.0

    def test_one_without_a_time_backs_off(self, talk: Conversation) -> None:
        """A proxy's 429 says nothing more."""
        assert talk.refuse(429, b"slow down").wait == 0.8

    def test_in_the_stream_it_is_waited_for_too(self, talk: Conversation) -> None:
        """An ERROR line with 429 is no reason to relist."""
        talk.accept()
        talk.lines(added("a", 101), error(429, "TooManyRequests", retryAfterSeconds=4))
        following = talk.ask()
        assert following.wait == 4.0
        assert following.params["resourceVersion"] == "101"
        assert talk.failures() == {"throttled": 1}

    def test_it_never_relists(self, talk: Conversation) -> None:
        """A server that is too busy is not asked for everything again."""
        for _ in range(20):
            assert talk.refuse(429, b"").phase is Phase.WATCH
        assert talk.relists() == {}


class TestServerErrors:
    @pytest.mark.parametrize("code", [500, 502, 503, 504])
    def test_they_are_asked_again_at_the_same_version(self, talk: Conversation, code: int) -> None:
        """After a wait, with the server's own Retry-After as the least."""
        following = talk.refuse(code, b"<html/>", 3.0)
        assert following.params["resourceVersion"] == "100"
        assert following.wait == 3.0
        assert talk.failures() == {"server_error": 1}

    def test_the_recorded_500_for_a_bad_version_leads_to_a_relist(self, talk: Conversation) -> None:
        """A version that the server cannot serve is answered 500 for ever: three are enough."""
        for _ in range(2):
            assert talk.refuse(500, status("watch-bad-version-500")).phase is Phase.WATCH
        following = talk.refuse(500, status("watch-bad-version-500"))
        assert following.phase is Phase.LIST
        assert following.wait > 0
        assert talk.relists() == {"watch_failing": 1}

    def test_a_version_that_a_good_watch_left_behind_is_given_up_too(
        self, talk: Conversation
    ) -> None:
        """The watch that brought us to a version speaks for it once, not for ever."""
        talk.accept()
        talk.lines(added("a", 101))
        talk.end(after=60.0)
        for _ in range(2):
            assert talk.refuse(500).params["resourceVersion"] == "101"
        assert talk.refuse(500).phase is Phase.LIST

    def test_progress_in_between_keeps_the_version(self, talk: Conversation) -> None:
        """Only failures in a row speak against a version."""
        for version in range(101, 110):
            talk.refuse(500)
            talk.protocol.accepted(talk.now, SERVER_TIME)
            talk.lines(added("a", version))
            talk.end(after=60.0)
        assert talk.relists() == {}

    def test_a_server_that_is_away_does_not_cost_the_version(self, talk: Conversation) -> None:
        """Refused connections say nothing about a version: an hour later it may still do."""
        for _ in range(100):
            talk.ask()
            talk.protocol.broken(Failure.REFUSED, "connection refused", talk.now)
        assert talk.ask().params["resourceVersion"] == "100"
        assert talk.relists() == {}

    def test_error_frames_lead_to_a_relist_too(self, talk: Conversation) -> None:
        """The same three in a row, when they come inside the stream."""
        for _ in range(3):
            assert talk.accept().phase is Phase.WATCH
            assert not talk.lines(error(500, "InternalError"))
        assert talk.ask().phase is Phase.LIST
        assert talk.failures() == {"error_frame": 3}

    def test_a_relist_after_failures_waits_as_long_as_they_made_it(
        self, talk: Conversation
    ) -> None:
        """The relist does not undo the back-off."""
        talk.accept()
        talk.lines(error(410, "Expired"))
        talk.page(page())
        for _ in range(2):
            talk.refuse(500)
        talk.protocol.refused(500, b"", 40.0, talk.now)
        following = talk.ask()
        assert following.phase is Phase.LIST
        assert following.wait == 40.0

    @pytest.mark.parametrize("code", [301, 404, 405, 406, 414])
    def test_any_other_refusal_keeps_trying(self, talk: Conversation, code: int) -> None:
        """A wrong path or proxy is told by its own cause, and may be mended while we run."""
        assert talk.refuse(code, status("not-found-404")).wait > 0
        assert talk.failures() == {"rejected": 1}

    def test_the_log_says_what_the_server_said(self, talk: Conversation) -> None:
        """A warning with the server's own words and the time of the next try."""
        talk.refuse(404, status("not-found-404"))
        level, message, fields = talk.notes[-1]
        assert (level, message) == ("warning", "watch failed")
        assert 'events "nope" not found' in str(fields["detail"])
        assert fields["retry_seconds"] == 0.8


class TestUnauthorized:
    def test_the_next_request_renews_the_credentials(self, talk: Conversation) -> None:
        """After a wait, once, and where it stopped."""
        following = talk.refuse(401, status("bad-token-401"))
        assert following.renew_credentials
        assert following.wait > 0
        assert following.params["resourceVersion"] == "100"
        assert talk.failures() == {"unauthorized": 1}
        assert not talk.ask().renew_credentials

    def test_an_hour_of_them_does_not_relist(self, talk: Conversation) -> None:
        """It is not the version that is refused."""
        for _ in range(60):
            assert talk.refuse(401, status("bad-token-401")).renew_credentials
        assert talk.relists() == {}


class TestForbidden:
    def test_it_is_not_allowed_and_keeps_trying(self, talk: Conversation) -> None:
        """403 is told by itself, so that readiness can say it."""
        following = talk.refuse(403, status("anonymous-403"))
        assert not talk.telemetry.allowed
        assert following.wait > 0
        assert talk.failures() == {"forbidden": 1}
        assert "system:anonymous" in str(talk.notes[-1][2]["detail"])

    def test_an_accepted_request_allows_again(self, talk: Conversation) -> None:
        """A Role that was forgotten can be added while we run."""
        talk.refuse(403, status("anonymous-403"))
        talk.protocol.accepted(talk.now, SERVER_TIME)
        assert talk.telemetry.allowed

    def test_one_before_the_first_list_leads_to_a_list(self) -> None:
        """Nothing is synced, nothing is lost."""
        talk = Conversation()
        for _ in range(5):
            talk.refuse(403, status("anonymous-403"))
        assert not talk.telemetry.synced
        talk.watching(7)
        assert talk.telemetry.synced
        assert talk.telemetry.allowed


class TestWaits:
    def test_any_failure_makes_the_next_request_wait(self) -> None:
        """There is no cause that does not back off."""
        for cause in Failure:
            talk = Conversation()
            talk.ask()
            talk.protocol.broken(cause, "", talk.now)
            assert talk.ask().wait > 0, cause

    def test_a_wait_is_waited_once(self, talk: Conversation) -> None:
        """The request after it does not wait again."""
        talk.refuse(503)
        talk.protocol.accepted(talk.now, SERVER_TIME)
        talk.lines(added("a", 101))
        talk.end(after=60.0)
        assert talk.ask().wait == 0.0
