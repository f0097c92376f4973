"""The cluster of a chaos run: writers over a store, and an API server that shows it and breaks."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import Callable
from typing import NoReturn

from exporter.demo import ApiServer
from tests.chaos.breakage import Breakage
from tests.chaos.sight import Sight
from tests.chaos.store import TalliedStore
from tests.chaos.truth import Counts, Truth, since
from tests.chaos.writers import Writers

END = "ChaosIsOver"
"""The reason of the last event of a run."""

_STEP = 0.02
"""Seconds between two bursts of writes."""
_PAST = 300
_COMPACTION = 30.0
"""Seconds of history that are kept at least; etcd's are five minutes."""


class ChaosCluster:
    """Everything here runs on one event loop; ``begin`` and ``end`` are the run.

    ``rate`` is in acts a second, each of which is an occurrence or a few; ``namespace_seconds``
    how long it takes until there is a new namespace; ``ttl`` the events', in seconds; ``watches``
    the number of readers; ``failures`` how often one is made to wait in its life, where it is
    ``breaking`` at all; ``pages`` how many pages each scraper has got at least.
    """

    def __init__(
        self,
        seed: int,
        *,
        rate: float,
        namespace_seconds: float,
        ttl: float,
        watches: int,
        failures: int,
        breaking: bool,
        limited: bool,
        pages: Callable[[], int],
    ) -> None:
        self.truth = Truth()
        self.store = TalliedStore(ttl=ttl)
        streamed = random.Random(f"{seed} lists").random() < 0.5
        self.server = ApiServer(self.store, watch_list=streamed)
        faults = random.Random(f"{seed} faults")
        self.breakage = Breakage(self.server, faults, watches=watches, failures=failures)
        self._sight = Sight(self.server, pages, watches=watches)
        self._breaking = breaking
        self._ttl = ttl
        self._rate = rate
        self._namespace_seconds = namespace_seconds
        self._rng = random.Random(f"{seed} writers")
        self._writers = Writers(self.store, self._rng, self.truth, time.time(), limited=limited)
        self._before: Counts = self.truth.counts()
        self._occurred_before = 0
        self._tasks: list[asyncio.Task[NoReturn]] = []

    async def start(self) -> None:
        """Serve what happened before anybody looked."""
        self._writers.past(time.time(), _PAST)
        await self.server.start()

    async def stop(self) -> None:
        """Serve nothing any more."""
        await self._rest()
        await self.server.stop()

    def begin(self) -> None:
        """What is written from now on counts."""
        self._before = self.truth.counts()
        self._occurred_before = self.truth.occurrences
        self._tasks = [asyncio.create_task(self._write(), name="writers")]
        if self._breaking:
            self._tasks.append(asyncio.create_task(self.breakage.play(), name="breakage"))

    async def end(self) -> None:
        """Nothing is written and nothing breaks from now on, but for one last event."""
        await self._rest()
        self.breakage.stop()
        self._writers.say(time.time(), END)

    def reader_died(self) -> None:
        """An exporter was killed; the next one comes."""
        self._sight.lose()
        self.breakage.new_life()

    def occurred(self) -> int:
        """Occurrences since the begin. Raises what a part of the cluster died of."""
        for task in self._tasks:
            if task.done() and not task.cancelled():
                task.result()
        return self.truth.occurrences - self._occurred_before

    def counts(self) -> Counts:
        """What has occurred since the begin, by metric and label set."""
        return since(self._before, self.truth.counts())

    def faults(self) -> Counter[str]:
        """What went wrong, by kind."""
        return self.server.struck + self.breakage.done

    async def _rest(self) -> None:
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._tasks = []

    async def _write(self) -> NoReturn:
        began = compacted = written = time.time()
        revision, acts, namespaces = self.store.revision, 0.0, 1
        while True:
            await asyncio.sleep(_STEP)
            now = time.time()
            self._sight.look(written)
            if now - began >= namespaces * self._namespace_seconds:
                namespaces += 1
                self._writers.objects.open_namespace()
            acts += self._rng.expovariate(1.0) * (now - written) * self._rate
            written = now
            while acts >= 1:
                acts -= 1
                self._writers.write(now)
            self._writers.tick(now, self._sight.until)
            self.store.expire(min(now, self._sight.until + self._ttl))
            if now - compacted >= _COMPACTION:
                self.store.compact(revision)
                compacted, revision = now, self.store.revision
