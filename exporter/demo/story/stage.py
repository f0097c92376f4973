# SPDX-License-Identifier: Apache-2.0
"""The story's time: scenes are generators, and the stage resumes each when its moment has come.

A scene yields the seconds it wants to wait; when it goes on, `now` says the time. Sans-I/O: the
stage has no clock, `advance` tells it how late it is.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Generator
from itertools import count

from exporter.demo.story.cluster import Cluster

Scene = Generator[float, None, None]
_Playable = Generator[float, None, object]  # also one that returns something to others


class Stage:
    """Plays scenes in order of time.

    `liveliness` above 1 shortens the pauses between incidents, not what happens in them.
    """

    def __init__(self, cluster: Cluster, *, liveliness: float = 1.0) -> None:
        self.cluster = cluster
        self.rng: random.Random = cluster.rng
        self._liveliness = liveliness
        self._order = count()  # what was due first goes first, also at the same moment
        self._waiting: list[tuple[float, int, _Playable]] = []

    @property
    def now(self) -> float:
        """The story's time, in seconds since 1970."""
        return self.cluster.now

    def play(self, scene: _Playable) -> None:
        """Begin a scene; it runs beside all others, up to its first wait at once."""
        self._continue(scene)

    def recur(self, mean: float, scene: Callable[[], Scene]) -> Scene:
        """A scene again and again, with pauses of about `mean` seconds before each time."""
        while True:
            yield self.pause(mean)
            yield from scene()

    def advance(self, now: float) -> float:
        """Let time pass until `now`: everything that was due by then has happened.

        How many seconds later something is due next; infinity if nothing ever will be.
        """
        while self._waiting and self._waiting[0][0] <= now:
            due, _, scene = heapq.heappop(self._waiting)
            self.cluster.now = due
            self._continue(scene)
        self.cluster.now = max(self.now, now)
        return self._waiting[0][0] - self.now if self._waiting else float("inf")

    def pause(self, mean: float) -> float:
        """A random time of about `mean` seconds between incidents."""
        return min(self.rng.expovariate(1 / mean), 4 * mean) / self._liveliness

    def between(self, low: float, high: float) -> float:
        """A random time from `low` to `high` seconds, within an incident."""
        return self.rng.uniform(low, high)

    def _continue(self, scene: _Playable) -> None:
        try:
            delay = next(scene)
        except StopIteration:
            return
        heapq.heappush(self._waiting, (self.now + max(delay, 1e-6), next(self._order), scene))
