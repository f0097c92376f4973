"""An API server's answers as a test has them, and a clock that it moves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from exporter.web.reviews import Reviews, UnansweredError, User
from exporter.web.reviews.answers import Answers
from exporter.web.reviews.reviews import Limits
from exporter.web.terms.rate import Rate

ANN = User("ann", "1", ("people",))
BOB = User("bob", "2")
FAST = Rate(0.001, 10_000)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def until(condition: Callable[[], bool]) -> None:
    """Let others run until it holds."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0)


class Knowing:
    """Knows whose tokens are, and who may get what; all that it is asked stands in ``asked``."""

    def __init__(self) -> None:
        self.users = {"ann's": ANN, "ann's other": ANN, "bob's": BOB}
        self.allowed = {(ANN, "/metrics"), (ANN, "/")}
        self.asked: list[object] = []
        self.away = False
        self.free = asyncio.Event()
        self.free.set()
        self.at_once = self.most_at_once = 0

    async def who(self, token: str) -> User | None:
        await self._ask(token)
        return self.users.get(token)

    async def may(self, user: User, path: str) -> bool:
        await self._ask((user.name, path))
        return (user, path) in self.allowed

    async def _ask(self, question: object) -> None:
        self.asked.append(question)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.free.wait()
        finally:
            self.at_once -= 1
        if self.away:
            raise UnansweredError("away")

    def reviews(
        self, clock: Callable[[], float] | None = None, limits: Limits | None = None
    ) -> Reviews:
        clock = clock or Clock()
        return Reviews(
            self, clock=clock, answers=Answers(clock), limits=limits or Limits(rate=FAST)
        )
