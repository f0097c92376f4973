"""SIGKILL at any moment but one: between the last byte of a page and the commit of its state.

That window, of milliseconds, is the only one that is not promised. The exporter logs ``page sent``
and ``checkpoint committed`` or ``handover written``; it is halted first, and if it stands in the
window it goes on.
"""

from __future__ import annotations

import asyncio
import random
import re
import signal
import threading
import time
from collections.abc import Sequence

from tests.chaos.exporter_lives import ExporterLives
from tests.chaos.scrape_line import ScrapeLine
from tests.envtest.process import eventually
from tests.loop_thread import LoopThread

_SENT = re.compile(r'msg="page sent" cut=(\d+)')
COMMITTED = "checkpoint committed"
HANDED_OVER = "handover written"
_LOGGED_WITHIN = 1.0
"""Seconds after which a page's line is in the log, if it ever will be."""
_TRIES = 100
_PAGE_SECONDS = 0.01
"""About as long as a page takes."""
_ASKED = 0.4
"""The share of kills in a page that may come before its first byte."""
_PATIENCE = 30.0


class Killer:
    """Kills one exporter, to which ``lines`` are all ways.

    ``settles`` is what it logs when a page's state is kept, ``""`` where none is.
    """

    def __init__(
        self,
        exporter: ExporterLives,
        lines: Sequence[ScrapeLine],
        loop: LoopThread,
        rng: random.Random,
        *,
        settles: str,
    ) -> None:
        self.kills = 0
        self.in_page = 0
        """Kills in the middle of a page."""
        self.put_off = 0
        """Times that it stood in the window, and went on."""
        self._exporter = exporter
        self._lines = lines
        self._loop = loop
        self._rng = rng
        self._settles = settles
        self._settled = re.compile(rf'msg="{settles}" cut=(\d+)')
        self._pages = 0

    def kill(self, *, in_page: bool) -> None:
        """Now, or in the middle of the next page."""
        for _ in range(_TRIES):
            if in_page:
                self._halt_in_page()
            self._exporter.halt()
            # What the kernel has of a page arrives in any case: let it, before asking.
            eventually(lambda: not self._exporter.in_flight(), "all that was written is read")
            if self._is_certain():
                self.in_page += self._loop.ask(lambda: any(line.in_page for line in self._lines))
                self._exporter.kill()
                self.kills += 1
                return
            self.put_off += 1
            self._exporter.signal(signal.SIGCONT)
            eventually(self._is_certain, "the page's state is committed")
        raise AssertionError(f"it stood in the window {_TRIES} times in a row")

    def next_life(self) -> None:
        """A new life begins now: its log is empty."""
        self._pages = self._whole_pages()

    def leads(self) -> None:
        """It has begun to lead: pages that it sent before are in no log."""
        logged = len(_SENT.findall(self._exporter.now.process.output()))
        self._pages = self._whole_pages() - logged

    def _halt_in_page(self) -> None:
        """It stands some moment after it was asked for a page, or when a part of that has come.

        The line halts it, because a thread that is told comes too late.
        """
        line, rng = self._rng.choice(self._lines), self._rng
        asked = rng.random() < _ASKED
        share, later = (0.0, rng.uniform(0, _PAGE_SECONDS)) if asked else (rng.random(), 0.0)
        halted = threading.Event()

        def halt() -> None:
            self._exporter.signal(signal.SIGSTOP)
            halted.set()

        def reached() -> None:
            if later:
                asyncio.get_running_loop().call_later(later, halt)
            else:
                halt()

        def wait() -> None:
            line.renew()
            line.once(share, reached)

        self._loop.ask(wait)
        assert halted.wait(_PATIENCE), "nobody asked for a page"

    def _whole_pages(self) -> int:
        return self._loop.ask(lambda: sum(line.pages for line in self._lines))

    def _is_certain(self) -> bool:
        """Whether each page that arrived is known to be kept, or known not to count."""
        if not self._settles:
            return True
        log = self._exporter.now.process.output()
        sent, settled = _SENT.findall(log), self._settled.findall(log)
        if sent and sent[-1] not in settled:
            return False
        # Its last byte is written before its line is.
        unlogged = self._whole_pages() - self._pages > len(sent)
        age = time.monotonic() - max(line.last_page for line in self._lines)
        return not unlogged or age > _LOGGED_WITHIN
