# SPDX-License-Identifier: Apache-2.0
"""Work that is done once for all who ask for the same at the same time.

Strangers can ask for ever: how many of them wait for their turn is bounded, together and for each
address. Where all places are taken, who comes from elsewhere gets the last of the largest crowd.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class CrowdedError(Exception):
    """Too many wait already."""


@dataclass(slots=True, eq=False)
class Flight(Generic[T]):
    """Work under way."""

    peer: str | None
    """The address that a stranger came from; None where the one who asks is known."""
    begun: bool = False
    """Whether it has its turn, and makes room for nobody any more; the work says so."""
    dropped: bool = False
    """Whether it made room for another one."""
    task: asyncio.Task[T] = field(init=False)


class SingleFlight(Generic[K, T]):
    """At most ``waiting`` pieces of work for strangers, of these ``of_one`` for one address; those
    that have begun are among them.
    """

    def __init__(self, name: str, *, waiting: int, of_one: int) -> None:
        self.crowds: Counter[str] = Counter()
        """Work for strangers, by address."""
        self._name = name
        self._waiting = waiting
        self._of_one = of_one
        self._flights: dict[K, Flight[T]] = {}

    def __len__(self) -> int:
        return len(self._flights)

    async def result(
        self,
        key: K,
        work: Callable[[Flight[T]], Coroutine[Any, Any, T]],
        peer: str | None,
    ) -> T:
        """What the work for ``key`` comes to. Raises what it raises, and ``CrowdedError``.

        Whoever goes away or waits no more, the others and the next ones have the result.
        """
        if key not in self._flights:
            if peer is not None:
                self._admit(peer)
            self._flights[key] = new = Flight[T](peer)
            new.task = asyncio.create_task(work(new), name=self._name)
            new.task.add_done_callback(lambda _: self._done(key, new))
        flight = self._flights[key]
        try:
            return await asyncio.shield(flight.task)
        except asyncio.CancelledError:
            if flight.dropped and flight.task.cancelled():
                raise CrowdedError from None
            raise

    def _admit(self, peer: str) -> None:
        if self.crowds[peer] >= self._of_one or not self._has_room(peer):
            raise CrowdedError
        self.crowds[peer] += 1

    def _has_room(self, newcomer: str) -> bool:
        if self.crowds.total() < self._waiting:
            return True
        crowd = max(self.crowds, key=self.crowds.__getitem__)
        if self.crowds[crowd] <= self.crowds[newcomer] + 1:
            return False
        for key, flight in reversed(self._flights.items()):
            if flight.peer == crowd and not flight.begun:
                flight.dropped = True
                self._forget(key, flight)
                flight.task.cancel()
                return True
        return False

    def _forget(self, key: K, flight: Flight[T]) -> None:
        del self._flights[key]
        if flight.peer is not None:
            self.crowds[flight.peer] -= 1
            if not self.crowds[flight.peer]:
                del self.crowds[flight.peer]

    def _done(self, key: K, flight: Flight[T]) -> None:
        if not flight.dropped:
            self._forget(key, flight)
        if not flight.task.cancelled():
            flight.task.exception()  # all that waited may have gone
