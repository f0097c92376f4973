# SPDX-License-Identifier: Apache-2.0
"""What the API server has answered, for as long as that holds. No token is kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from cachetools import TLRUCache

K = TypeVar("K", bound=Hashable)

# Of tokens that got in, of those that are somebody's and did not, and of nobody's, each: however
# many come without a right, no scraper is forgotten for them.
MOST = 512


class Standing(Enum):
    """How a token stands with a path."""

    ALLOWED = "allowed"
    UNKNOWN = "unknown"
    """It is nobody's."""
    DENIED = "denied"
    """Its user may not get the path."""


@dataclass(frozen=True, slots=True)
class User:
    """Whose a token is."""

    name: str
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """What else its authenticator tells of it, by key."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the answers come to."""

    standing: Standing
    user: str = ""
    """Its name, where there is one."""


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """Seconds from when it was asked."""

    yes: float = 60.0
    """A yes lets in without asking again."""
    unasked: float = 300.0
    """A yes lets in where the API server cannot be asked; longer than ``yes``."""
    no: float = 10.0
    """A no keeps out without asking again."""


class Answers:
    """Of tokens, which are known by their ``identity``, and of users and paths.

    ``clock`` gives seconds that do not go back.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        lifetimes: Lifetimes | None = None,
        most: int = MOST,
    ) -> None:
        self._clock = clock
        self._lifetimes = times = lifetimes or Lifetimes()
        # Whoever reads this process' memory later finds no token in it, and nothing to try some on.
        self._key = secrets.token_bytes(32)
        # Tokens that got in, and others that are somebody's: none of those goes for these.
        self._users = _users(most, times.unasked, clock)
        self._others = _users(most, times.unasked, clock)
        self._nobodys: TLRUCache[bytes, float] = _until(most, times.no, clock)
        self._allowed: TLRUCache[tuple[User, str], float] = _until(most, times.unasked, clock)
        self._denied: TLRUCache[tuple[User, str], float] = _until(most, times.no, clock)

    def identity(self, token: str) -> bytes:
        """The same for the same token."""
        return hmac.digest(self._key, token.encode("utf-8", "surrogateescape"), hashlib.sha256)

    def verdict(self, identity: bytes, path: str) -> Verdict | None:
        """By what was answered; None where the API server has to be asked."""
        if identity in self._nobodys:
            return Verdict(Standing.UNKNOWN)
        user = self.user(identity)
        verdict = self._of_user(user, path, self._lifetimes.yes) if user else None
        return self._noted(identity, verdict)

    def last_resort(self, identity: bytes, path: str) -> Verdict | None:
        """Where the API server cannot be asked: the verdict that lets in still, or None."""
        kept = self._kept(identity)
        verdict = self._of_user(kept[0], path, self._lifetimes.unasked) if kept else None
        verdict = self._noted(identity, verdict)
        return verdict if verdict and verdict.standing is Standing.ALLOWED else None

    def user(self, identity: bytes) -> User | None:
        """Whose the token is, where that need not be asked."""
        kept = self._kept(identity)
        return kept[0] if kept and self._clock() - kept[1] < self._lifetimes.yes else None

    def take_user(self, identity: bytes, user: User | None, asked: float) -> None:
        """The token is this user's, None for nobody's, when that was ``asked``."""
        if user is None:
            self._users.pop(identity, None)
            self._others.pop(identity, None)
            self._nobodys[identity] = asked
        else:
            self._nobodys.pop(identity, None)
            # Whose it is does not say yet that it gets in.
            (self._users if identity in self._users else self._others)[identity] = (user, asked)

    def take_right(self, user: User, path: str, asked: float, *, allowed: bool) -> None:
        """The user may get the path or not, when that was ``asked``."""
        (self._denied if allowed else self._allowed).pop((user, path), None)
        (self._allowed if allowed else self._denied)[user, path] = asked

    def _kept(self, identity: bytes) -> tuple[User, float] | None:
        return self._users.get(identity) or self._others.get(identity)

    def _noted(self, identity: bytes, verdict: Verdict | None) -> Verdict | None:
        """The same; a token that got in is among those that are not pushed out by others."""
        got_in = verdict is not None and verdict.standing is Standing.ALLOWED
        if got_in and (kept := self._others.pop(identity, None)):
            self._users[identity] = kept
        return verdict

    def _of_user(self, user: User, path: str, seconds: float) -> Verdict | None:
        if (user, path) in self._denied:
            return Verdict(Standing.DENIED, user.name)
        asked = self._allowed.get((user, path))
        if asked is None or self._clock() - asked >= seconds:
            return None
        return Verdict(Standing.ALLOWED, user.name)


def _users(
    most: int, seconds: float, clock: Callable[[], float]
) -> TLRUCache[bytes, tuple[User, float]]:
    """Whose tokens are, each for so long after it was asked."""
    return TLRUCache(most, lambda _token, kept, _now: kept[1] + seconds, timer=clock)


def _until(most: int, seconds: float, clock: Callable[[], float]) -> TLRUCache[K, float]:
    """Of as many as that, each for so long after its value."""
    return TLRUCache(most, lambda _key, asked, _now: asked + seconds, timer=clock)
