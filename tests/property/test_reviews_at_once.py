"""Whoever asks for what at once, and however the API server answers: nobody gets in without its
yes, it is asked within bounds, and everybody is answered in the end.
"""

from __future__ import annotations

import asyncio
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.web.reviews import Reviews, Standing, UnansweredError, User, Verdict
from exporter.web.reviews.reviews import Limits
from exporter.web.terms.rate import Rate

_USERS = {"a1": User("ann"), "a2": User("ann"), "b": User("bob")}
_TOKENS = (*_USERS, *(f"guess {n}" for n in range(8)))
_LIMITS = Limits(
    at_once=2,
    waiting=4,
    of_one=2,
    rate=Rate(1e-6, 1_000_000),
    patience=1e6,
    patience_of_known=1e6,
)
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.sampled_from(_TOKENS), st.sampled_from("xyz")),
        st.tuples(st.just("answer"), st.integers(0, 3), st.booleans()),
        st.tuples(st.just("wait"), st.sampled_from([1.0, 10.0, 60.0, 300.0])),
        st.tuples(st.just("rights"), st.sets(st.sampled_from(["ann", "bob"]))),
    ),
    min_size=10,
    max_size=80,
)


class Asked:
    """The API server: each question waits until the test has it answered, or fail."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.rights = {"ann"}
        self.open: list[tuple[object, asyncio.Future[bool]]] = []
        self.yes: dict[str, float] = {}
        """By user, when the path was last allowed."""
        self.most = 0

    async def who(self, token: str) -> User | None:
        await self._answered(token)
        return _USERS.get(token)

    async def may(self, user: User, path: str) -> bool:
        await self._answered((user.name, path))
        if user.name in self.rights:
            self.yes[user.name] = self.now
        return user.name in self.rights

    async def _answered(self, question: object) -> None:
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.open.append((question, future))
        self.most = max(self.most, len(self.open))
        if not await future:
            raise UnansweredError("away")

    def answer(self, place: int, well: bool) -> None:
        if self.open:
            _, future = self.open.pop(place % len(self.open))
            future.set_result(well)


async def _settle() -> None:
    for _ in range(30):
        await asyncio.sleep(0)


async def _play(steps: list[tuple[object, ...]]) -> None:
    server = Asked()
    reviews = Reviews(server, clock=lambda: server.now, limits=_LIMITS)
    waiting: list[tuple[str, asyncio.Task[Verdict]]] = []

    def judge() -> None:
        for token, task in [each for each in waiting if each[1].done()]:
            waiting.remove((token, task))
            if isinstance(task.exception(), UnansweredError):
                continue
            verdict = task.result()
            user = _USERS.get(token)
            if user is None:
                assert verdict.standing is Standing.UNKNOWN
            elif verdict.standing is Standing.ALLOWED:
                assert server.now - server.yes[user.name] < 300

    for step in steps:
        match step:
            case ("ask", str(token), str(peer)):
                verdict = reviews.verdict(token, "/metrics", peer)
                waiting.append((token, asyncio.create_task(verdict)))
            case ("answer", int(place), bool(well)):
                server.answer(place, well)
            case ("wait", float(seconds)):
                await _settle()
                judge()
                server.now += seconds
            case ("rights", set(names)):
                server.rights = names
        await _settle()
        judge()
        # Two of strangers and two of the known at once; nobody is asked about twice at once.
        assert len(server.open) <= 4
        assert (
            max(Counter(q for q, _ in server.open if isinstance(q, str)).values(), default=1) == 1
        )
        assert len(reviews._asking) <= 4 + len(_USERS)
        assert all(number <= 2 for number in reviews._asking.crowds.values())
    while waiting:
        server.answer(0, True)
        await _settle()
        judge()
    assert not server.open
    assert not reviews._asking
    assert not reviews._asking.crowds


@settings(deadline=None)
@given(_STEPS)
def test_reviews_within_bounds(steps: list[tuple[object, ...]]) -> None:
    asyncio.run(_play(steps))
