# SPDX-License-Identifier: Apache-2.0
"""Runs the parts of the demo: starts them in order, watches them, and ends all that it started."""

from __future__ import annotations

import http.client
import os
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.demo.parts import Part

_START_SECONDS = 60.0
_STOP_SECONDS = 10.0
_LOOK_SECONDS = 0.1
_LAST_LINES = 15


class PartFailedError(Exception):
    """A part did not come up, or ended by itself; says which, and its last words."""


@dataclass(frozen=True, slots=True)
class _Running:
    part: Part
    process: subprocess.Popen[bytes]
    log: Path

    def check(self) -> None:
        code = self.process.poll()
        if code is not None:
            self.fail(f"ended by itself (exit code {code})")

    def fail(self, how: str) -> None:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        words = "".join(f"\n  {line}" for line in lines[-_LAST_LINES:])
        raise PartFailedError(f"{self.part.name} {how}; its last words:{words or ' none'}")


class Stack:
    """Use as ``with``: what was started ends with it, the last one first.

    `stopping` is set by whoever wants the demo to end; `folder` takes what the
    parts write, their logs first of all, and is removed by the caller.
    """

    def __init__(self, folder: Path, stopping: threading.Event) -> None:
        self._folder = folder
        self._stopping = stopping
        self._running: list[_Running] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for running in reversed(self._running):
            _end(running.process)

    def start(self, part: Part) -> bool:
        """Start it and wait until it works; False when the demo is to end before that.

        PartFailedError if it does not work within a minute, or another part dies meanwhile.
        """
        log = self._folder / f"{part.name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - the demo's own commands
                part.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # What a part that is killed leaves behind goes with the folder.
                env={**os.environ, "TMPDIR": str(self._folder), **part.environment},
                # A Ctrl-C reaches the demo alone, which then ends its parts in order.
                start_new_session=True,
            )
        running = _Running(part, process, log)
        self._running.append(running)
        deadline = time.monotonic() + _START_SECONDS
        while not self._stopping.is_set():
            self._check()
            if _answers(part):
                return True
            if time.monotonic() > deadline:
                running.fail(f"did not answer {part.health} in {_START_SECONDS:g} s")
            self._stopping.wait(_LOOK_SECONDS)
        return False

    def watch(self) -> None:
        """Wait until the demo is to end; PartFailedError when a part ends by itself."""
        while not self._stopping.wait(_LOOK_SECONDS):
            self._check()

    def _check(self) -> None:
        for running in self._running:
            running.check()


def _answers(part: Part) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", part.port, timeout=5)
    try:
        connection.request("GET", part.health)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
