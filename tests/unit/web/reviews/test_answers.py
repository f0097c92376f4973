"""What was answered is kept in bounds, each kind in its own."""

from __future__ import annotations

from exporter.web.reviews import Standing, User, Verdict
from exporter.web.reviews.answers import Answers
from tests.unit.web.reviews.reviewer import ANN, Clock


def test_strangers_push_out_none_who_is_known() -> None:
    """However many come; of them too no more is kept than that."""
    clock = Clock()
    answers = Answers(clock, most=5)
    answers.take_user(b"ann", ANN, clock())
    answers.take_right(ANN, "/metrics", clock(), allowed=True)
    for number in range(100):
        answers.take_user(b"%d" % number, None, clock())
        answers.take_right(User(str(number)), "/metrics", clock(), allowed=False)
    assert answers.verdict(b"ann", "/metrics") == Verdict(Standing.ALLOWED, "ann")
    assert len(answers._nobodys) == len(answers._denied) == 5


def test_of_the_known_those_who_came_last_are_kept() -> None:
    clock = Clock()
    answers = Answers(clock, most=5)
    for number in range(100):
        answers.take_user(b"%d" % number, User(str(number)), clock())
        answers.take_right(User(str(number)), "/metrics", clock(), allowed=True)
    kept = [n for n in range(100) if answers.verdict(b"%d" % n, "/metrics")]
    assert kept == list(range(95, 100))


def test_an_answer_that_came_too_late_is_none() -> None:
    """It holds from its question on, and that was too long ago."""
    clock = Clock()
    answers = Answers(clock)
    answers.take_user(b"nobody", None, clock() - 11)
    answers.take_user(b"ann", ANN, clock() - 301)
    answers.take_right(ANN, "/metrics", clock() - 301, allowed=True)
    assert answers.verdict(b"nobody", "/metrics") is None
    assert answers.verdict(b"ann", "/metrics") is None
    assert answers.last_resort(b"ann", "/metrics") is None


def test_users_without_a_right_push_out_none_who_has_one() -> None:
    """Whoever has an account can have as many tokens made for it as they like."""
    clock = Clock()
    answers = Answers(clock, most=5)
    answers.take_user(b"ann", ANN, clock())
    answers.take_right(ANN, "/metrics", clock(), allowed=True)
    assert answers.verdict(b"ann", "/metrics") == Verdict(Standing.ALLOWED, "ann")
    for number in range(100):
        user = User("bob", extra=(("id", (str(number),)),))
        answers.take_user(b"%d" % number, user, clock())
        answers.take_right(user, "/metrics", clock(), allowed=False)
        assert answers.verdict(b"%d" % number, "/metrics") == Verdict(Standing.DENIED, "bob")
    assert answers.verdict(b"ann", "/metrics") == Verdict(Standing.ALLOWED, "ann")
    answers.take_user(b"ann", None, clock())
    assert answers.user(b"ann") is None
    assert answers.last_resort(b"ann", "/metrics") is None
