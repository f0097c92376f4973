"""An exporter as the player has it: a process that is told, measured, killed and begun again."""

from __future__ import annotations

import contextlib
import fcntl
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from tests.plateau.figures import Figures
from tests.plateau.orders import AnyOrder, Begin, Measured, give

_ROOT = Path(__file__).resolve().parents[2]
_PIPE_BYTES = 1 << 20
"""So that the player need not wait for each order to be read."""
_FIGURES = msgspec.json.Decoder(Figures)


class Subject:
    """The processes of one exporter, one after the other. A context manager: leaving ends it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lives = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def alive(self) -> bool:
        """Whether there is a process."""
        return self._process is not None

    def begin(self, order: Begin) -> None:
        """Start a process, which is this from now on."""
        self.lives += 1
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.plateau.exporter_process"],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdin is not None
        fcntl.fcntl(self._process.stdin.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self.tell(order)

    def tell(self, order: AnyOrder) -> None:
        """Give it an order, where it is alive; ``RuntimeError`` if it died of an earlier one."""
        if self._process is None:
            return
        assert self._process.stdin is not None
        try:
            give(self._process.stdin, order)
        except BrokenPipeError:
            raise RuntimeError(f"the {self.name} exporter died: see its error above") from None

    def measure(self, now: float) -> Figures | None:
        """Its figures once it has done all that it was told; None while it is dead."""
        if self._process is None:
            return None
        self.tell(Measured(now))
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the {self.name} exporter died: see its error above")
        return _FIGURES.decode(line)

    def kill(self) -> None:
        """SIGKILL: without a word."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.kill()
