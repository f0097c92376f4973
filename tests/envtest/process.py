# SPDX-License-Identifier: Apache-2.0
"""One server that a test starts, watches and ends."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

_POLL_INTERVAL = 0.05


def eventually(condition: Callable[[], T | None], what: str, *, within: float = 30.0) -> T:
    """The first true answer of `condition`, asked again for at most `within` seconds.

    AssertionError with `what` and the last answer when there was none.
    """
    deadline = time.monotonic() + within
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within:g} s: {what} (last: {answer!r})")
        time.sleep(_POLL_INTERVAL)


class ServerProcess:
    """A child process with its output in a file; ended by its own id and nothing else."""

    def __init__(
        self, command: Sequence[str], log: Path, env: Mapping[str, str] | None = None
    ) -> None:
        """Start `command`; both its outputs are appended to `log`."""
        self.name = log.stem
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=env
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative: the signal that ended it."""
        return self._process.poll()

    def output(self) -> str:
        """All it has written so far."""
        return self.log.read_text(errors="replace")

    def wait_for(self, condition: Callable[[], T | None], what: str, within: float) -> T:
        """As `eventually`, but a process that ends fails at once, with its last words."""

        def ready_or_dead() -> T | None:
            if self.exit_code is not None:
                raise AssertionError(f"{self.name} ended by itself: {self.exit_code}")
            return condition()

        try:
            return eventually(ready_or_dead, f"{self.name}: {what}", within=within)
        except AssertionError as error:
            error.add_note(self._last_words())
            raise

    def stop(self, sig: signal.Signals = signal.SIGTERM, within: float = 10.0) -> int:
        """Send `sig`, wait, and return the exit code; after `within` seconds it is killed."""
        if self._process.poll() is None:
            self._process.send_signal(sig)
        try:
            return self._process.wait(within)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def _last_words(self) -> str:
        return "\n".join(self.output().splitlines()[-25:])
