"""Everything that can go wrong between the exporter and its API server, one thing after another."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NoReturn

from exporter.demo import ApiServer
from exporter.demo.faults import (
    Close,
    Duplicate,
    ErrorFrame,
    InitialBreak,
    Junk,
    ListGone,
    Reset,
    Stall,
    Status,
    Truncate,
)

_JUNK = (
    b"<html>bad gateway</html>",
    b"\x00\xff\xfe{",
    b'{"type":"MODIFIED","object":{"metadata":{"name":7}}}',
    b'{"type":"ADDED","object":',
    b"",
)
# The exporter's waits double with each failure until two minutes pass without one.
_FAILURES_WITHIN = 150.0
# A list that follows on a list within ten seconds is waited for as well.
_LIST_AGAIN = 11.0
_TAKEN_WITHIN = 15.0
_STEP = 0.02
_FIRST_LIST_BREAKS = 0.25


@dataclass(frozen=True, slots=True)
class _Kind:
    """One way to break; ``fails``: how often the exporter waits; ``lists``: it lists again."""

    act: Callable[[], Awaitable[None]]
    fails: int = 0
    lists: bool = False


class Breakage:
    """Breaks ``server`` for its ``watches`` readers as long as ``play`` runs.

    More than so many ``failures`` in the life of an exporter, and it would do nothing but wait.
    """

    def __init__(
        self, server: ApiServer, rng: random.Random, *, watches: int, failures: int
    ) -> None:
        self.done: Counter[str] = Counter()
        """What the server's own ``struck`` does not know."""
        self._server = server
        self._rng = rng
        self._watches = watches
        self._failures = failures
        self._failed: list[float] = []
        self._listed = float("-inf")
        self._gentle = [_Kind(self._close), _Kind(self._duplicate), _Kind(self._junk)]
        self._kinds = [
            *self._gentle,
            _Kind(self._end_by_410, lists=True),
            _Kind(self._refuse_with_410, lists=True),
            _Kind(self._compact, fails=1, lists=True),
            _Kind(self._break_list, fails=2, lists=True),
            _Kind(self._truncate, fails=1),
            _Kind(self._reset, fails=1),
            _Kind(self._stall, fails=1),
            _Kind(self._throttle, fails=1),
            _Kind(self._refuse, fails=1),
            _Kind(self._go_away, fails=1),
        ]

    def new_life(self) -> None:
        """A new exporter comes, which knows of no failures; its first list may fail."""
        self._failed.clear()
        self._listed = float("-inf")
        if self._rng.random() < _FIRST_LIST_BREAKS:
            self._failed.append(time.monotonic())
            self._break_next_list()

    async def play(self) -> NoReturn:
        """A moment of peace, a fault, and so on: all kinds in a random order, then in another."""
        deck: list[_Kind] = []
        while True:
            await asyncio.sleep(self._rng.uniform(0.2, 1.5))
            while self._server.open_watches != self._watches:  # noqa: ASYNC110 - another process
                await asyncio.sleep(_STEP)
            if not deck:
                deck = self._rng.sample(self._kinds, len(self._kinds))
            kind = next(filter(self._is_affordable, deck), None)
            if kind is None:
                kind = self._rng.choice(self._gentle)
            else:
                deck.remove(kind)
            await kind.act()
            now = time.monotonic()
            self._failed += [now] * kind.fails
            if kind.lists:
                self._listed = now

    def stop(self) -> None:
        """No later request breaks, once ``play`` is over."""
        self._server.watch_faults.clear()
        self._server.list_faults.clear()

    def _is_affordable(self, kind: _Kind) -> bool:
        now = time.monotonic()
        recent = [at for at in self._failed if now - at < _FAILURES_WITHIN]
        listed = kind.lists and now - self._listed < _LIST_AGAIN
        return not listed and (not kind.fails or len(recent) + kind.fails <= self._failures)

    async def _close(self) -> None:
        self._server.break_watches(Close())

    async def _duplicate(self) -> None:
        self._server.break_watches(Duplicate(self._rng.randint(1, 40)))

    async def _junk(self) -> None:
        self._server.break_watches(*(Junk(line) for line in self._rng.sample(_JUNK, 2)))

    async def _end_by_410(self) -> None:
        self._server.break_watches(ErrorFrame())

    async def _refuse_with_410(self) -> None:
        await self._answer_next_with(Status(410))

    async def _truncate(self) -> None:
        self._server.break_watches(Truncate())

    async def _reset(self) -> None:
        self._server.break_watches(Reset())

    async def _stall(self) -> None:
        """Half-open, until somebody on the way gives up."""
        self._server.break_watches(Stall())
        try:
            await asyncio.sleep(self._rng.uniform(0.5, 3.0))
        finally:
            self._server.drop_connections()

    async def _throttle(self) -> None:
        await self._answer_next_with(Status(429, retry_after=1))

    async def _refuse(self) -> None:
        await self._answer_next_with(Status(self._rng.choice((500, 502, 503, 504))))

    async def _compact(self) -> None:
        """What the exporter wants to resume from is compacted while it waits."""
        await self._answer_next_with(Status(503))
        self._server.store.compact()
        self.done["compaction"] += 1

    async def _go_away(self) -> None:
        await self._server.stop()
        try:
            await asyncio.sleep(self._rng.uniform(0.1, 1.0))
        finally:
            await self._server.start()
        self.done["server away"] += 1

    async def _break_list(self) -> None:
        self._break_next_list()
        self._server.break_watches(ErrorFrame())
        await self._taken()

    def _break_next_list(self) -> None:
        frames = self._rng.randrange(1, 300)
        if self._server.watch_list:
            self._server.on_watch(InitialBreak(frames))
        else:
            self._server.on_list(self._rng.choice((ListGone(2), Truncate(frames))))

    async def _answer_next_with(self, status: Status) -> None:
        self._server.on_watch(status)
        self._server.break_watches(Close())
        await self._taken()

    async def _taken(self) -> None:
        """Wait for the request that takes what is queued; it may never be made."""
        queues = (self._server.watch_faults, self._server.list_faults)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_TAKEN_WITHIN):
                while any(len(queue) for queue in queues):  # noqa: ASYNC110 - another process
                    await asyncio.sleep(_STEP)
        for queue in queues:
            queue.clear()
