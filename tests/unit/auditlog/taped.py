"""A log whose files are made by hand, and a tape that reads it."""

from __future__ import annotations

import gzip
from pathlib import Path

from exporter.auditlog.position import LogPosition
from exporter.auditlog.tape import Step, Tape
from exporter.auditlog.telemetry import Gap
from tests.unit.audit.events import line

_ENOUGH = 1_000


def entry(number: int, length: int = 0) -> bytes:
    """A line; later ones have later times."""
    stamp = f"2026-11-22T11:{number // 60:02}:{number % 60:02}.000001Z"
    return line(auditID=f"{number}", stageTimestamp=stamp, userAgent=length * "x")


class Taped:
    """The log ``audit.log`` in ``folder``, and what was read of it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "audit.log"
        self.taken: list[tuple[bytes, bool]] = []
        self.gaps: list[Gap] = []
        self.last = Step()
        self._tape: Tape | None = None

    def backup(self, minute: int) -> Path:
        return self.path.with_name(f"audit-2026-11-22T12-{minute:02}-00.000.log")

    def write(self, data: bytes, path: Path | None = None) -> None:
        with (path or self.path).open("ab") as file:
            file.write(data)

    def rotate(self, minute: int) -> None:
        self.path.rename(self.backup(minute))

    def pack(self, minute: int) -> Path:
        plain = self.backup(minute)
        packed = plain.with_name(plain.name + ".gz")
        packed.write_bytes(gzip.compress(plain.read_bytes()))
        plain.unlink()
        return packed

    def begin(self, position: LogPosition | None, *, limit: int = 1_000_000) -> None:
        self.end()
        self._tape = Tape(self.path, position, limit=limit)

    def end(self) -> None:
        if self._tape:
            self._tape.close()

    def step(self) -> Step:
        assert self._tape
        return self._tape.step()

    def read(self) -> bytes:
        """Go on until there is no more for now; what was taken."""
        assert self._tape
        before = len(self.taken)
        for _ in range(_ENOUGH):
            self.last = step = self._tape.step()
            if step.block:
                self.taken.append((step.block, step.last))
            for gap, times, _ in step.gaps:
                self.gaps += times * [gap]
            if step.idle:
                return b"".join(block for block, _ in self.taken[before:])
        raise AssertionError("it never comes to rest")

    def restart(self) -> None:
        """Another process goes on."""
        self.begin(self.last.position)
