"""One process that is measured, or helps to measure: started, watched from outside, and ended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
QUIET = 0.25
"""A process that used next to no CPU in this many seconds has finished its work."""
_IDLE_CPU = 0.015
"""That much, seconds: timers of an idle process use less."""


class Process:
    """A child process and what the kernel says about it. A context manager: leaving ends it."""

    def __init__(
        self, command: list[str], log: Path, *, control: bool = False, cwd: Path = ROOT
    ) -> None:
        """Start ``command`` in a directory; its standard error goes to ``log``.

        ``control`` keeps its standard input and output for us (``say``, ``heard``).
        """
        environment = {
            key: value
            for key, value in os.environ.items()
            if not key.upper().endswith("_PROXY") and not key.startswith("KUBE")
        }
        self.log = log
        with log.open("wb") as sink:
            self.started = time.monotonic()
            self.child = subprocess.Popen(
                command,
                cwd=cwd,
                env=environment,
                stdin=subprocess.PIPE if control else subprocess.DEVNULL,
                stdout=subprocess.PIPE if control else sink,
                stderr=sink,
            )

    def __enter__(self) -> Self:
        """The process itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it in order, or by force after five seconds."""
        self.child.terminate()
        try:
            self.child.wait(5)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        for pipe in (self.child.stdin, self.child.stdout):
            if pipe is not None:
                pipe.close()

    def check_alive(self) -> None:
        """RuntimeError with the end of its log, if the process has ended by itself."""
        if self.child.poll() is not None:
            end = " | ".join(self.log.read_text(errors="replace").splitlines()[-3:])
            raise RuntimeError(f"{self.log.stem} ended with {self.child.returncode}: {end[-500:]}")

    def cpu(self) -> float:
        """CPU seconds so far, user and kernel, of all its threads.

        By the clock of the process (clock_getcpuclockid(3)): /proc counts it in hundredths.
        """
        self.check_alive()
        return time.clock_gettime((~self.child.pid << 3) | 2)

    def kernel_cpu(self) -> float:
        """CPU seconds in the kernel so far, in hundredths (proc(5), stat field 15)."""
        stat = Path(f"/proc/{self.child.pid}/stat").read_text()
        return int(stat.rpartition(")")[2].split()[12]) / os.sysconf("SC_CLK_TCK")

    def resident(self) -> float:
        """Resident memory in MB of 10**6 bytes (proc(5), VmRSS)."""
        return self._memory("VmRSS:")

    def peak(self) -> float:
        """The most that was resident since the start or ``forget_peak``, MB (proc(5), VmHWM)."""
        return self._memory("VmHWM:")

    def forget_peak(self) -> None:
        """From now on ``peak`` is of what comes (proc(5), clear_refs)."""
        Path(f"/proc/{self.child.pid}/clear_refs").write_text("5")

    def _memory(self, line_start: str) -> float:
        for line in Path(f"/proc/{self.child.pid}/status").read_text().splitlines():
            if line.startswith(line_start):
                return int(line.split()[1]) * 1024 / 1e6
        raise RuntimeError(f"no {line_start} the process has ended")

    def settle(self, patience: float = 300.0) -> float:
        """Wait until the process has nothing left to do; the moment its work ended."""
        seen = [(time.monotonic(), self.cpu())]
        while seen[-1][0] - seen[0][0] < patience:
            time.sleep(0.01)
            seen.append((time.monotonic(), self.cpu()))
            now, spent = seen[-1]
            before = [cpu for at, cpu in seen if at <= now - QUIET]
            if before and spent - before[-1] <= _IDLE_CPU:
                return next(at for at, cpu in seen if cpu >= before[-1] - _IDLE_CPU / 3)
        raise RuntimeError(f"still busy after {patience:.0f} s")

    def say(self, document: dict[str, Any]) -> None:
        """One line of JSON to its standard input."""
        assert self.child.stdin is not None
        self.child.stdin.write(json.dumps(document).encode() + b"\n")
        self.child.stdin.flush()

    def heard(self) -> dict[str, Any]:
        """The next line of JSON from its standard output; RuntimeError if it ended instead."""
        assert self.child.stdout is not None
        line = self.child.stdout.readline()
        if not line:
            self.child.wait(5)
            self.check_alive()
        answer: dict[str, Any] = json.loads(line)
        return answer


def module(name: str, *arguments: str) -> list[str]:
    """The command that runs a module of the benchmark, with the Python that runs this."""
    return [sys.executable, "-m", f"tests.bench.{name}", *arguments]
