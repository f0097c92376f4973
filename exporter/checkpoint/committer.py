# SPDX-License-Identifier: Apache-2.0
"""The committer: writes what was shown, one transaction after the other, off the event loop."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import NoReturn

from exporter.checkpoint.recorder import Recorder
from exporter.checkpoint.state import Cut
from exporter.checkpoint.store import CheckpointError, Store
from exporter.notes import Note


class Committer:
    """The witness of a page (``metrics.page``): what it shows to scrapers is written afterwards.

    One commit is under way at a time; what is shown meanwhile is written together by the next.
    """

    def __init__(self, recorder: Recorder, store: Store, note: Note) -> None:
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
        # A thread of its own: others may be busy for long.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")

    def showing(self, seen: int) -> Cut:
        """The state that a page shows."""
        return self._recorder.cut(seen)

    def shown(self, cut: Cut) -> None:
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

    async def close(self) -> None:
        """Write what is due and give the file back."""
        if self._writing:
            await self._writing
        await self._commit()
        await asyncio.get_running_loop().run_in_executor(self._thread, self._store.close)
        self._thread.shutdown()

    async def _commit(self) -> None:
        cut = self._recorder.take_due()
        if cut is not None:
            # Whoever is cancelled meanwhile, the write goes on, and its end is heard of.
            self._writing = asyncio.ensure_future(self._write(cut))
            await asyncio.shield(self._writing)

    async def _write(self, cut: Cut) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, self._store.commit, cut)
        except CheckpointError as error:
            self.failures += 1
            self._recorder.put_back(cut)  # the next scrape tries again
            if not self.failing:
                self.failing = True
                self._note("error", "checkpoint not written", {"reason": str(error)})
            return
        self._note("debug", "checkpoint committed", {"cut": cut.number})
        if self.failing:
            self.failing = False
            self._note("info", "checkpoint written again", {})
        self.commits += 1
        self.last_commit = time.time()
