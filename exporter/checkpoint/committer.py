# SPDX-License-Identifier: Apache-2.0
"""The committer: writes what was shown, one transaction after the other, off the event loop."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, NoReturn, Protocol, TypeVar

from exporter.checkpoint.database import CheckpointError
from exporter.notes import Note


class Numbered(Protocol):
    """A moment, which its number tells from others."""

    @property
    def number(self) -> int:
        """Rises."""


M = TypeVar("M", bound=Numbered)
C = TypeVar("C", bound=Numbered)
C_contra = TypeVar("C_contra", contravariant=True)


class Keeper(Protocol[M, C]):
    """Knows what is to be written: ``Recorder`` of events, ``Increments`` of audit events."""

    def cut(self, seen: int) -> M:
        """The moment of a page that shows the values of births up to ``seen``."""

    def shown(self, moment: M, /) -> None:
        """It was sent."""

    def take_due(self) -> C | None:
        """What is to be written, if there is anything."""

    def put_back(self, cut: C, /) -> None:
        """It could not be written."""


class File(Protocol[C_contra]):
    """Where it is written: one open file."""

    def commit(self, cut: C_contra, /) -> None:
        """Raises ``CheckpointError``."""

    def size(self) -> int:
        """Bytes."""

    def close(self) -> None:
        """Give it back."""


class Committer(Generic[M, C]):
    """The witness of a page (``metrics.page``): what it shows to scrapers is written afterwards.

    One commit is under way at a time; what is shown meanwhile is written together by the next, and
    so is what ``save`` asks for.
    """

    def __init__(self, recorder: Keeper[M, C], store: File[C], note: Note) -> None:
        self.commits = 0
        self.failures = 0
        self.last_commit = 0.0
        """Unix seconds; 0.0 for never."""
        self._recorder = recorder
        self._store = store
        self._note = note
        self._shown = asyncio.Event()
        self.failing = False
        """Whether what was shown last could not be written."""
        self._writing: asyncio.Future[None] | None = None
        self._turn = asyncio.Lock()
        self._asking: list[asyncio.Future[bool]] = []
        # A thread of its own: others may be busy for long.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")

    def showing(self, seen: int) -> M:
        """The state that a page shows."""
        return self._recorder.cut(seen)

    def shown(self, cut: M) -> None:
        """It was sent."""
        self._note("debug", "page sent", {"cut": cut.number})
        self._recorder.shown(cut)
        self._shown.set()

    def size(self) -> int:
        """Bytes of the file."""
        return self._store.size()

    async def run(self) -> NoReturn:
        """Write whatever is due, for ever."""
        while True:
            await self._shown.wait()
            self._shown.clear()
            await self._commit()

    async def save(self) -> bool:
        """Write what there is at this moment; whether it could be written.

        Who asks while a write is under way is served by the next one, together with all others.
        """
        asking: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._asking.append(asking)
        async with self._turn:
            if not asking.done():
                await self._write_due()
        return await asking

    async def close(self) -> None:
        """Write what is due and give the file back."""
        if self._writing:
            await self._writing
        await self._commit()
        await asyncio.get_running_loop().run_in_executor(self._thread, self._store.close)
        self._thread.shutdown()

    async def _commit(self) -> None:
        async with self._turn:
            await self._write_due()

    async def _write_due(self) -> None:
        asking, self._asking = self._asking, []
        cut = self._recorder.take_due()
        if cut is None:
            _answer(asking, saved=True)
            return
        # Whoever is cancelled meanwhile, the write goes on, and its end is heard of.
        self._writing = asyncio.ensure_future(self._write(cut, asking))
        await asyncio.shield(self._writing)

    async def _write(self, cut: C, asking: list[asyncio.Future[bool]]) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, self._store.commit, cut)
        except CheckpointError as error:
            self.failures += 1
            self._recorder.put_back(cut)  # the next scrape tries again
            if not self.failing:
                self.failing = True
                self._note("error", "checkpoint not written", {"reason": str(error)})
            _answer(asking, saved=False)
            return
        except BaseException:
            # Nobody else would tell those who wait, and none of it would be written any more.
            self._recorder.put_back(cut)
            _answer(asking, saved=False)
            raise
        self._note("debug", "checkpoint committed", {"cut": cut.number})
        if self.failing:
            self.failing = False
            self._note("info", "checkpoint written again", {})
        self.commits += 1
        self.last_commit = time.time()
        _answer(asking, saved=True)


def _answer(asking: list[asyncio.Future[bool]], *, saved: bool) -> None:
    for future in asking:
        if not future.done():
            future.set_result(saved)
