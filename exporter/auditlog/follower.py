# SPDX-License-Identifier: Apache-2.0
"""Follows an audit log for ever: through rotations, truncations, absences, from any position."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Generic, NoReturn, TypeVar

from exporter.auditlog.position import LogPosition
from exporter.auditlog.tape import Step, Tape
from exporter.auditlog.telemetry import LogTelemetry
from exporter.auditlog.wakeups import GATHER_SECONDS, POLL_SECONDS, Wakeups
from exporter.framing import MAX_LINE_BYTES
from exporter.notes import Note

R = TypeVar("R")
Read = Callable[[bytes, bool], R]
"""Makes of (block, last) what is taken: of whole lines, or, where last, of what a finished file has
behind its last line break. Called in a thread, for a client can make a line that takes long."""
Take = Callable[[R], None]
"""Takes it. Called on the event loop; when it returns, the position is behind the block."""


class LogFollower(Generic[R]):
    """Follows the log at ``path`` and has each line read and taken once, in order.

    Whoever keeps ``position`` together with what came of the lines, and begins with it again, has
    neither lost nor doubled a line; where that cannot be, ``telemetry.gaps`` counts it. A line of
    more than ``limit`` bytes is passed over. All that may block is done in a thread.
    """

    def __init__(
        self,
        path: Path,
        read: Read[R],
        take: Take[R],
        *,
        note: Note,
        limit: int = MAX_LINE_BYTES,
        poll: float = POLL_SECONDS,
        gather: float = GATHER_SECONDS,
    ) -> None:
        self.telemetry = LogTelemetry()
        self._path = path
        self._read = read
        self._take = take
        self._note = note
        self._of: dict[str, object] = {"path": str(path)}
        self._limit = limit
        self._poll = poll
        self._gather = gather
        self._position: LogPosition | None = None
        self._trouble: str | None = None
        self._absent = False
        self._polled_because = ""

    @property
    def position(self) -> LogPosition | None:
        """Behind all that was taken; None as long as the log was never seen."""
        return self._position

    def begin(self, position: LogPosition | None) -> None:
        """Where ``run`` goes on: an earlier position; None for the end of the log as it is then."""
        self._position = position

    async def run(self) -> NoReturn:
        """Read and wait, for ever. Cancellation ends it, and what ``read`` or ``take`` raises."""
        loop = asyncio.get_running_loop()
        # One alone: what is open is never closed while it is being read.
        thread = ThreadPoolExecutor(1, thread_name_prefix="auditlog")
        tape = Tape(self._path, self._position, limit=self._limit)
        wakeups = Wakeups(self._path, poll=self._poll, gather=self._gather)
        try:
            while True:
                step, found = await loop.run_in_executor(thread, self._step, tape)
                self._apply(step, found)
                if not step.idle:
                    continue
                if not wakeups.watching:
                    self._polled(await loop.run_in_executor(thread, wakeups.watch))
                    if wakeups.watching:
                        continue  # what came before it is told by nobody
                await wakeups.wait()
        finally:
            thread.submit(tape.close)
            closed = loop.run_in_executor(thread, wakeups.close)
            thread.shutdown(wait=False)
            await closed

    def _step(self, tape: Tape) -> tuple[Step, Sequence[R]]:
        step = tape.step()
        return step, [self._read(step.block, step.last)] if step.block else []

    def _apply(self, step: Step, found: Sequence[R]) -> None:
        """All of a step happens here, and at once."""
        for each in found:
            self._take(each)
        self._position = step.position
        telemetry = self.telemetry
        if step.measured:
            telemetry.position_bytes = step.measured.at
            telemetry.size_bytes = step.measured.size
            telemetry.backlog_bytes = step.measured.backlog
        telemetry.bytes += step.read
        telemetry.rotations += step.rotations
        telemetry.overlong += step.overlong
        for gap, times, reason in step.gaps:
            telemetry.gaps[gap] += times
            fields = {"cause": gap.value, "reason": reason}
            self._note("warning", "audit log: lines may be lost", {**self._of, **fields})
        if step.idle or step.read:
            self._seen(step)

    def _seen(self, step: Step) -> None:
        """Whether the log can be read; said when it changes."""
        # For a moment in each rotation there is no file: that is no news.
        still_absent = self._absent and step.absent
        if step.absent and not still_absent:
            self._absent = True
            return
        self._absent = step.absent
        trouble = "there is no such file" if step.absent else step.trouble
        if trouble == self._trouble:
            return
        if trouble:
            self.telemetry.reason = trouble
            self._note("error", "audit log cannot be read", {**self._of, "reason": trouble})
        elif self._trouble:
            self._note("info", "audit log can be read again", self._of)
        else:
            at = {"position": self.telemetry.position_bytes, "size": self.telemetry.size_bytes}
            self._note("info", "audit log is read", {**self._of, **at})
        self.telemetry.readable = not trouble
        self._trouble = trouble

    def _polled(self, reason: str) -> None:
        """Said once for each reason; where there is no directory, more has been said."""
        if reason and reason != self._polled_because and self.telemetry.readable:
            fields = {**self._of, "reason": reason}
            self._note("info", "audit log is looked at every few seconds", fields)
            self._polled_because = reason
