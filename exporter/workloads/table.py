# SPDX-License-Identifier: Apache-2.0
"""Who manages each object of one kind in one scope: bounded, and memory for the dead.

An entry is one int and its place in a dictionary, some hundred bytes; its value is shared by
all objects of one owner. What ended is kept in two generations instead of with a time each.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from typing import NamedTuple

# Below 2**60 an int takes 32 bytes. Of a million objects two meet with 4 in ten million.
_KEY = (1 << 60) - 1
_EVICTED_SHARE = 64
"""An overfull table drops its oldest 1/64 at once: dropping one by one would scan each time."""


class Owner(NamedTuple):
    """The controller of an object."""

    kind: str
    name: str
    followed: bool
    """Whether it is of a kind that is watched, so that what is above it can be known."""


NOBODY = Owner("", "", followed=False)
"""Of an object that is known and has no controller."""


def _key(namespace: str, name: str) -> int:
    """By name and not by uid.

    The eviction by a taint carries no uid, and the events of a static pod carry the kubelet's
    own instead of the API's. Who has the name of another has its workload too, but for pods
    that people make by hand.
    """
    return hash((namespace, name)) & _KEY


class Table:
    """The owners of the objects of one list/watch.

    ``retention`` is how long an object that ended is remembered at least, in seconds (at most
    twice as long); ``limit`` bounds the objects, the ended ones included.
    """

    def __init__(self, *, retention: float, limit: int) -> None:
        self.limit = limit
        self.evicted = 0
        """Objects forgotten for want of room."""
        self._retention = retention
        self._live: dict[int, Owner] = {}
        self._staged: dict[int, Owner] | None = None
        self._unlisted: set[int] = set()
        self._ended: dict[int, Owner] = {}
        self._ended_before: dict[int, Owner] = {}
        self._turned = float("-inf")

    def __len__(self) -> int:
        return len(self._live) + len(self._ended) + len(self._ended_before)

    def owner(self, namespace: str, name: str) -> Owner | None:
        """Who manages it, ``NOBODY`` where nobody does; None for an object never seen."""
        key = _key(namespace, name)
        found = self._live.get(key)  # by far the most: they are asked for with each event
        return found or self._ended.get(key) or self._ended_before.get(key)

    def owners(self) -> Iterator[Owner]:
        """The owner of each object, as often as it has objects."""
        kept = (self._live, self._staged or {}, self._ended, self._ended_before)
        return chain.from_iterable(entries.values() for entries in kept)

    def changed(self, namespace: str, name: str, owner: Owner) -> None:
        """It is there, and managed so."""
        key = _key(namespace, name)
        if key not in self._live:
            self._ended.pop(key, None)
            self._ended_before.pop(key, None)
        self._live[key] = owner
        self._make_room()

    def ended(self, namespace: str, name: str, owner: Owner) -> None:
        """It is gone, and is remembered: events about it can still come."""
        key = _key(namespace, name)
        self._live.pop(key, None)
        self._ended_before.pop(key, None)
        self._ended[key] = owner
        self._make_room()

    def begin_list(self) -> None:
        """A list starts; one already begun is dropped."""
        self._staged, self._unlisted = {}, set()

    def listed(self, namespace: str, name: str, owner: Owner) -> None:
        """One object of the list."""
        if self._staged is None:
            raise RuntimeError("listed() without begin_list()")
        key = _key(namespace, name)
        self._staged[key] = owner
        self._unlisted.discard(key)

    def unlisted(self, namespace: str, name: str, owner: Owner) -> None:
        """It was deleted before the list is complete: it has ended when that is published."""
        self.listed(namespace, name, owner)
        self._unlisted.add(_key(namespace, name))

    def abandon_list(self) -> None:
        """The list broke: nothing of it counts."""
        self._staged, self._unlisted = None, set()

    def publish_list(self) -> None:
        """The list is complete and takes the place of what was; what is not in it has ended."""
        staged, unlisted = self._staged, self._unlisted
        if staged is None:
            raise RuntimeError("publish_list() without begin_list()")
        self.abandon_list()
        gone = {key: owner for key, owner in self._live.items() if key not in staged}
        gone |= {key: staged.pop(key) for key in unlisted}
        for known in (self._ended, self._ended_before):
            for key in known.keys() & (staged.keys() | gone.keys()):
                del known[key]
        self._live = staged
        self._ended |= gone
        self._make_room()

    def forget(self, now: float) -> None:
        """Drop what ended long ago; to be called now and then.

        ``now`` is in seconds of any clock that does not go back.
        """
        if now - self._turned >= self._retention:
            self._turned = now
            self._ended, self._ended_before = {}, self._ended

    def _make_room(self) -> None:
        """What ended first goes first, then what was seen first."""
        before = len(self)
        if before <= self.limit:
            return
        share = max(before - self.limit, self.limit // _EVICTED_SHARE)
        for entries in (self._ended_before, self._ended, self._live):
            if len(self) > self.limit:
                for key in list(islice(entries, share)):
                    del entries[key]
        self.evicted += before - len(self)
