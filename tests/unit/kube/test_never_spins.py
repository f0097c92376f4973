from __future__ import annotations

import itertools
from collections.abc import Callable

from hypothesis import example, given, settings
from hypothesis import strategies as st

from exporter.kube.request import Phase
from exporter.kube.telemetry import Failure
from tests.unit.kube.conversation import (
    SERVER_TIME,
    Conversation,
    added,
    end_mark,
    error,
    page,
    status,
)

PERIOD_SECONDS = 600.0
REQUESTS_A_SECOND = 2.0

Answer = Callable[[Conversation, int], None]
"""Plays the server's answer to a request, in no time at all; the number is never the same."""


def refuse(code: int) -> Answer:
    return lambda talk, _: talk.protocol.refused(code, b"", None, talk.now)


def break_off(cause: Failure) -> Answer:
    return lambda talk, _: talk.protocol.broken(cause, "", talk.now)


def answer(list_body: bytes, *lines: bytes, ends: Answer | None = None) -> Answer:
    """200 with this page or these lines; a version of 0 in a line becomes one never seen."""

    def play(talk: Conversation, number: int) -> None:
        talk.protocol.accepted(talk.now, SERVER_TIME)
        if talk.protocol.phase is Phase.LIST:
            talk.protocol.page(list_body, talk.now)
        elif talk.lines(*(line.replace(b'"0"', b'"%d"' % (1000 + number)) for line in lines)):
            (ends or end)(talk, number)

    return play


def end(talk: Conversation, _number: int) -> None:
    talk.protocol.ended(talk.now, truncated=False)


def cut(talk: Conversation, _number: int) -> None:
    talk.protocol.ended(talk.now, truncated=True)


WHOLE = page("a", version=100)
ENDINGS: list[Answer] = [end, cut, *(break_off(c) for c in (Failure.RESET, Failure.SILENT))]
LINES = [
    added("a", 0),
    added("a", 100),
    end_mark(0),
    end_mark(100),
    status("pods-bookmark-200"),
    error(410, "Expired"),
    error(429, "TooManyRequests"),
    error(500, "InternalError"),
    b"junk",
]
ANSWERS: st.SearchStrategy[Answer] = (
    st.sampled_from([301, 400, 401, 403, 404, 410, 422, 429, 500, 503, 504]).map(refuse)
    | st.sampled_from(list(Failure)).map(break_off)
    | st.builds(
        lambda body, lines, ends: answer(body, *lines, ends=ends),
        st.sampled_from([WHOLE, b"<html/>", page("a", token="same"), page(version=7)]),
        st.lists(st.sampled_from(LINES), max_size=4),
        st.sampled_from(ENDINGS),
    )
)


class TestNeverSpins:
    @settings(max_examples=60, deadline=None)
    @given(st.lists(ANSWERS, min_size=1, max_size=6), st.floats(0, 0.999))
    @example([answer(WHOLE)], 0.0)
    @example([answer(WHOLE, end_mark(100), error(410, "Expired"))], 0.0)
    @example([answer(WHOLE, end_mark(0), added("a", 0))], 0.0)
    @example([answer(WHOLE, added("a", 0))], 0.0)
    @example([refuse(410)], 0.0)
    @example([refuse(422), answer(page("a", token="same"))], 0.0)
    def test_requests_are_bounded_whatever_is_answered(
        self, answers: list[Answer], jitter: float
    ) -> None:
        """A server that answers in no time, with anything, is asked twice a second at most."""
        talk = Conversation(uniform=lambda: jitter, now=0.0)
        for number, play in zip(itertools.count(), itertools.cycle(answers)):
            talk.ask()
            assert number <= 10 + REQUESTS_A_SECOND * max(talk.now, 1.0)
            if talk.now > PERIOD_SECONDS:
                break
            play(talk, number)
        assert talk.now - PERIOD_SECONDS < 60.0 + 1.0

    @settings(max_examples=30, deadline=None)
    @given(st.lists(st.sampled_from(list(Failure)).map(break_off), min_size=1, max_size=4))
    def test_waiting_grows_while_nothing_works(self, answers: list[Answer]) -> None:
        """Failures of any kind, mixed: after ten of them each wait is half a minute at least."""
        talk = Conversation(uniform=lambda: 0.0)
        for play, number in zip(itertools.cycle(answers), range(20), strict=False):
            talk.ask()
            play(talk, number)
        waits = [r.wait for r in talk.requests[1:]]
        assert waits == sorted(waits)
        assert all(wait == 30.0 for wait in waits[9:])

    @settings(max_examples=60, deadline=None)
    @given(st.lists(ANSWERS, max_size=20))
    def test_whatever_happened_a_good_server_is_followed_again(self, answers: list[Answer]) -> None:
        """After any past, a server that behaves well has us synced and watching at its version."""
        talk = Conversation()
        for number, play in enumerate(answers):
            talk.ask()
            play(talk, number)
        before = len(talk.consumer.lists)
        if talk.protocol.phase is Phase.WATCH:
            talk.accept()
            talk.lines(error(410, "Expired"))
        talk.watching(555_555)
        assert [version for version, _ in talk.consumer.lists[before:]] == ["555555"]
        assert talk.telemetry.synced
        assert talk.telemetry.connected
        assert talk.telemetry.allowed
