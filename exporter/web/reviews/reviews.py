# SPDX-License-Identifier: Apache-2.0
"""Asks who a token belongs to and what that user may, no more than is needed.

Strangers can send tokens of their own making for ever: how many of these are asked about at once,
in a second, and wait, is bounded. Whoever was let in a short while ago is not held up by them, and
who comes from elsewhere gets a place among them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from exporter.web.reviews.answers import Answers, Standing, User, Verdict
from exporter.web.reviews.tally import Kind, Result, Tally
from exporter.web.singleflight import CrowdedError, Flight, SingleFlight
from exporter.web.terms.rate import Bucket, Rate

T = TypeVar("T")
# An API server answers some 1 000 reviews a second; this much of it anybody may take.
_RATE = Rate(0.1, 20)


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
        self._asking: SingleFlight[tuple[bytes, str], Verdict] = SingleFlight(
            "review", waiting=limits.waiting, of_one=limits.of_one
        )
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
        limits = self._limits
        seconds = limits.patience_of_known if stranger is None else limits.patience
        try:
            async with asyncio.timeout(seconds):
                return await self._asking.result(
                    (identity, path),
                    lambda flight: self._ask(identity, token, path, flight),
                    stranger,
                )
        except TimeoutError:
            raise UnansweredError(f"no answer of the API server in {seconds:g} s") from None
        except CrowdedError:
            raise UnansweredError("too many tokens wait to be reviewed") from None

    async def _ask(
        self, identity: bytes, token: str, path: str, flight: Flight[Verdict]
    ) -> Verdict:
        stranger = flight.peer is not None
        async with self._turn if stranger else self._turn_of_known:
            flight.begun = True
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
