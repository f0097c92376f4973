"""Whatever is answered and asked in whatever order, a verdict is what was answered last, and no
older than it may be.
"""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from exporter.web.reviews import Standing, User, Verdict
from exporter.web.reviews.answers import Answers

_TOKENS = st.sampled_from([b"a", b"b", b"c"])
_USERS = st.sampled_from([User("ann"), User("bob")])
_PATHS = st.sampled_from(["/metrics", "/"])
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("user"), _TOKENS, st.none() | _USERS),
        st.tuples(st.just("right"), _USERS, _PATHS, st.booleans()),
        st.tuples(st.just("wait"), st.sampled_from([0.0, 1.0, 9.0, 10.0, 30.0, 60.0, 299.0])),
    ),
    max_size=40,
)
_YES, _NO, _UNASKED = 60.0, 10.0, 300.0


class Model:
    """All answers with their times, and none forgotten."""

    def __init__(self) -> None:
        self.now = 0.0
        self.users: dict[bytes, tuple[User | None, float]] = {}
        self.rights: dict[tuple[User, str], tuple[bool, float]] = {}

    def verdict(self, token: bytes, path: str, yes: float, no: float) -> Verdict | None:
        user, at = self.users.get(token, (None, -math.inf))
        if user is None:
            return Verdict(Standing.UNKNOWN) if self.now - at < no else None
        if self.now - at >= yes:
            return None
        allowed, at = self.rights.get((user, path), (False, -math.inf))
        if self.now - at >= (yes if allowed else no):
            return None
        return Verdict(Standing.ALLOWED if allowed else Standing.DENIED, user.name)


@given(_STEPS)
def test_verdicts_are_those_of_the_last_answers(steps: list[tuple[object, ...]]) -> None:
    model = Model()
    answers = Answers(lambda: model.now)
    for step in steps:
        match step:
            case ("user", bytes(token), user) if user is None or isinstance(user, User):
                model.users[token] = (user, model.now)
                answers.take_user(token, user, model.now)
            case ("right", User() as user, str(path), bool(allowed)):
                model.rights[user, path] = (allowed, model.now)
                answers.take_right(user, path, model.now, allowed=allowed)
            case ("wait", float(seconds)):
                model.now += seconds
            case _:
                raise AssertionError(step)
        for token in (b"a", b"b", b"c"):
            for path in ("/metrics", "/"):
                assert answers.verdict(token, path) == model.verdict(token, path, _YES, _NO)
                # Where nobody can be asked, a yes lasts longer, and a no does not become one.
                last = model.verdict(token, path, _UNASKED, _NO)
                expected = last if last and last.standing is Standing.ALLOWED else None
                assert answers.last_resort(token, path) == expected
