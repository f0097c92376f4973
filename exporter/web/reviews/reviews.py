# SPDX-License-Identifier: Apache-2.0
"""Asks who a token belongs to and what that user may, no more than is needed.

Strangers can send tokens of their own making for ever: how many of these are asked about at once,
in a second, and wait, is bounded. Whoever was let in a short while ago is not held up by them, and
who comes from elsewhere gets a place among them.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from exporter.web.reviews.answers import Answers, Standing, User, Verdict
from exporter.web.reviews.tally import Kind, Result, Tally
from exporter.web.terms.rate import Bucket, Rate

T = TypeVar("T")
# An API server answers some 1 000 reviews a second; this much of it anybody may take.
_RATE = Rate(0.1, 20)
_CROWDED = "too many tokens wait to be reviewed"


class UnansweredError(Exception):
    """The API server could not be asked. The message says why, and holds no token."""


class Reviewer(Protocol):
    """Asks the API server. Both raise ``UnansweredError``."""

    async def who(self, token: str) -> User | None:
        """Whose the token is; None for nobody's."""

    async def may(self, user: User, path: str) -> bool:
        """Whether the user may get the path."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Of the tokens that are asked about."""

    at_once: int = 4
    """Of strangers, and as many of those who were let in before."""
    waiting: int = 64
    """Of strangers, those that are being asked about included."""
    of_one: int = 8
    """Of these, of one address."""
    rate: Rate = _RATE
    """Of strangers."""
    patience: float = 8.0
    """Seconds that a stranger's request waits; a scraper waits for 10 by default."""
    patience_of_known: float = 2.0
    """Seconds that the others wait, before the last answer is good enough."""
    pause: float = 5.0
    """Seconds after a question about one of the others failed, in which none is asked."""


@dataclass(slots=True, eq=False)
class _Review:
    """One that is under way."""

    stranger: str | None
    """The address that one came from whom we do not know."""
    begun: bool = False
    """Whether it has its turn."""
    dropped: bool = False
    """Whether it made room for another one."""
    task: asyncio.Task[Verdict] = field(init=False)


class Reviews:
    """Decides on tokens by what the API server answers or has answered."""

    def __init__(
        self,
        reviewer: Reviewer,
        *,
        clock: Callable[[], float] = time.monotonic,
        answers: Answers | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.tally = Tally()
        self._reviewer = reviewer
        self._clock = clock
        self._answers = answers or Answers(clock)
        self._limits = limits = limits or Limits()
        self._bucket = Bucket(limits.rate, clock=clock)
        self._asking: dict[tuple[bytes, str], _Review] = {}
        self._strangers: Counter[str] = Counter()
        self._turn = asyncio.Semaphore(limits.at_once)
        self._turn_of_known = asyncio.Semaphore(limits.at_once)
        self._failed = float("-inf")

    async def verdict(self, token: str, path: str, peer: str) -> Verdict:
        """How the token stands with the path; ``peer`` is the address that it came from.

        Raises ``UnansweredError`` where that is not known and cannot be asked.
        """
        identity = self._answers.identity(token)
        if verdict := self._answers.verdict(identity, path):
            return verdict
        last = self._answers.last_resort(identity, path)
        if last and self._clock() - self._failed < self._limits.pause:
            return last
        try:
            return await self._asked(identity, token, path, None if last else peer)
        except UnansweredError:
            # Answered in the meantime, perhaps.
            if last := self._answers.last_resort(identity, path):
                return last
            raise

    async def _asked(self, identity: bytes, token: str, path: str, stranger: str | None) -> Verdict:
        """Together with all that ask the same; ``stranger`` is the address of one."""
        key = (identity, path)
        if key not in self._asking:
            if stranger is not None:
                self._admit(stranger)
            self._asking[key] = new = _Review(stranger)
            new.task = asyncio.create_task(self._ask(identity, token, path, new), name="review")
            new.task.add_done_callback(lambda _: self._done(key, new))
        review, limits = self._asking[key], self._limits
        seconds = limits.patience_of_known if stranger is None else limits.patience
        try:
            # Whoever goes away or waits no more, the others and the next ones have the answer.
            async with asyncio.timeout(seconds):
                return await asyncio.shield(review.task)
        except TimeoutError:
            raise UnansweredError(f"no answer of the API server in {seconds:g} s") from None
        except asyncio.CancelledError:
            if review.dropped and review.task.cancelled():
                raise UnansweredError(_CROWDED) from None
            raise

    def _admit(self, stranger: str) -> None:
        if self._strangers[stranger] >= self._limits.of_one or not self._has_room(stranger):
            raise UnansweredError(_CROWDED)
        self._strangers[stranger] += 1

    def _has_room(self, newcomer: str) -> bool:
        """Whether there is room, if need be that of the last one of the largest crowd."""
        if self._strangers.total() < self._limits.waiting:
            return True
        crowd = max(self._strangers, key=self._strangers.__getitem__)
        if self._strangers[crowd] <= self._strangers[newcomer] + 1:
            return False
        for key, review in reversed(self._asking.items()):
            if review.stranger == crowd and not review.begun:
                review.dropped = True
                self._forget(key, review)
                review.task.cancel()
                return True
        return False

    def _forget(self, key: tuple[bytes, str], review: _Review) -> None:
        del self._asking[key]
        if review.stranger is not None:
            self._strangers[review.stranger] -= 1
            if not self._strangers[review.stranger]:
                del self._strangers[review.stranger]

    def _done(self, key: tuple[bytes, str], review: _Review) -> None:
        if not review.dropped:
            self._forget(key, review)
        if not review.task.cancelled():
            review.task.exception()  # all that waited may have gone

    async def _ask(self, identity: bytes, token: str, path: str, review: _Review) -> Verdict:
        stranger = review.stranger is not None
        async with self._turn if stranger else self._turn_of_known:
            review.begun = True
            while stranger and (wait := self._bucket.take()):  # noqa: ASYNC110 - nobody tells of time
                await asyncio.sleep(wait)
            user = self._answers.user(identity)
            if user is None:
                asked = self._clock()
                user = await self._counted(Kind.TOKEN, self._reviewer.who(token), stranger=stranger)
                self._answers.take_user(identity, user, asked)
            if user is None:
                return Verdict(Standing.UNKNOWN)
            # Another token of this user may have brought it.
            if verdict := self._answers.verdict(identity, path):
                return verdict
            asked = self._clock()
            asking = self._reviewer.may(user, path)
            allowed = await self._counted(Kind.ACCESS, asking, stranger=stranger)
            self._answers.take_right(user, path, asked, allowed=allowed)
            # It knows now that this token gets in.
            if verdict := self._answers.verdict(identity, path):
                return verdict
        return Verdict(Standing.ALLOWED if allowed else Standing.DENIED, user.name)

    async def _counted(self, kind: Kind, asking: Awaitable[T], *, stranger: bool) -> T:
        try:
            answer = await asking
        except BaseException:
            # What strangers send must not keep others from being looked at again.
            if not stranger:
                self._failed = self._clock()
            self.tally.reviews[kind, Result.ERROR] += 1
            raise
        self._failed = float("-inf")
        self.tally.reviews[kind, Result.ALLOWED if answer else Result.DENIED] += 1
        return answer
