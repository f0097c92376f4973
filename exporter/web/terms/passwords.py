# SPDX-License-Identifier: Apache-2.0
"""Users and their passwords, which bcrypt makes costly to try.

Who asks learns nothing by how long it takes: an unknown user costs what a known one does, whatever
the cost of each one's own hash. What was tried once is known for a while, right or wrong.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping

import bcrypt
from cachetools import LRUCache

from exporter.web.singleflight import CrowdedError, Flight, SingleFlight

# A Prometheus or two, and the people who look. The wrong ones have a room of their own: however
# many come, none of the right ones is forgotten for them.
_KNOWN = 512
# At once, and of one address: each is some 100 ms of a processor, for which all others wait.
_WAITING, _OF_ONE = 64, 8
CHALLENGE = 'Basic realm="kube-event-metrics", charset="UTF-8"'
"""The header ``WWW-Authenticate`` for whoever has no valid one."""
# bcrypt looks at no more.
_PASSWORD_BYTES = 72


class BusyError(Exception):
    """Too many passwords wait to be tried."""


class Passwords:
    """Tries credentials, one at a time, in a thread; remembers how it went, and no password."""

    def __init__(self) -> None:
        self.tried = 0
        """How often bcrypt was asked."""
        self._key = secrets.token_bytes(32)
        self._right: LRUCache[bytes, bool] = LRUCache(_KNOWN)
        self._wrong: LRUCache[bytes, bool] = LRUCache(_KNOWN)
        self._trying: SingleFlight[bytes, bool] = SingleFlight(
            "password", waiting=_WAITING, of_one=_OF_ONE
        )
        self._turn = asyncio.Semaphore(1)

    async def fit(self, users: Mapping[str, str], authorization: str, peer: str) -> bool:
        """Whether it is the ``Authorization`` of one of the users, whose hashes these are.

        ``peer`` is the address that it came from. Raises ``BusyError``.
        """
        given = _credentials(authorization)
        if given is None:
            return False
        user, password = given
        hash_ = users.get(user, "")
        # A changed hash makes others of them.
        known = self._identity(user.encode("utf-8", "surrogateescape"), hash_.encode(), password)
        if known in self._right:
            return self._right[known]
        if known in self._wrong:
            return self._wrong[known]
        try:
            return await self._trying.result(
                known,
                lambda flight: self._try(known, _plan(users.values(), hash_), password, flight),
                peer,
            )
        except CrowdedError:
            raise BusyError from None

    async def _try(
        self, known: bytes, plan: list[tuple[bytes, bool]], password: bytes, flight: Flight[bool]
    ) -> bool:
        async with self._turn:
            flight.begun = True
            self.tried += 1
            fits = await asyncio.to_thread(_tried, plan, password)
        (self._right if fits else self._wrong)[known] = fits
        return fits

    def _identity(self, *parts: bytes) -> bytes:
        whole = b"".join(len(part).to_bytes(4) + part for part in parts)
        return hmac.digest(self._key, whole, hashlib.sha256)


def cost_of(hash_: str) -> int:
    """Of a bcrypt hash: each is twice the work of the one before."""
    return int(hash_[4:6])


def _plan(hashes: Iterable[str], own: str) -> list[tuple[bytes, bool]]:
    """The hashes to try, and whether it counts: together as much work as the costliest user's.

    2**n is 2**m and 2**m, 2**(m + 1) and so on up to 2**(n - 1).
    """
    most = max(map(cost_of, hashes))
    if not own:
        return [(_nobodys(most), False)]
    least = cost_of(own)
    return [(own.encode(), True), *((_nobodys(cost), False) for cost in range(least, most))]


def _nobodys(cost: int) -> bytes:
    """A hash that no password has."""
    salt = bcrypt.gensalt(cost)
    return salt + b"." * 31


def _tried(plan: Iterable[tuple[bytes, bool]], password: bytes) -> bool:
    fits = False
    for hash_, counts in plan:
        try:
            found = bcrypt.checkpw(password[:_PASSWORD_BYTES], hash_)
        except ValueError:  # older versions take no NUL
            found = False
        fits |= found and counts
    return fits


def _credentials(authorization: str) -> tuple[str, bytes] | None:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
    user, colon, password = decoded.partition(b":")
    return (user.decode("utf-8", "surrogateescape"), password) if colon else None
