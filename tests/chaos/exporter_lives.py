"""One exporter over several processes: each has the same port, flags and files."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.envtest.exporter_process import ExporterProcess
from tests.envtest.process import eventually

_ESTABLISHED, _CLOSE_WAIT = "01", "08"


class ExporterLives:
    """``start`` begins a life and ``kill`` ends it; its port is known after the first start."""

    def __init__(self, kubeconfig: Path | None, folder: Path, flags: tuple[str, ...]) -> None:
        folder.mkdir()
        self.port = 0
        self.lives = 0
        self._kubeconfig = kubeconfig
        self._folder = folder
        self._flags = flags
        self._exporter: ExporterProcess | None = None

    @property
    def now(self) -> ExporterProcess:
        """The life it is in."""
        assert self._exporter is not None
        return self._exporter

    def start(self) -> None:
        """A new process, that listens when this returns."""
        self.lives += 1
        self._exporter = ExporterProcess(
            self._kubeconfig,
            self._folder / f"life-{self.lives}.log",
            *("--log.level", "debug", "--web.listen-address", f"127.0.0.1:{self.port}"),
            *self._flags,
        )
        self.port = self._exporter.port

    def leads(self) -> bool:
        """Whether it says that it leads."""
        return "\nkube_event_metrics_leader 1\n" in self.now.get("/metrics")[1]

    def kill(self) -> None:
        """As the kernel does when memory is short."""
        self.now.process.stop(signal.SIGKILL)

    def check(self) -> None:
        """AssertionError if it ended by itself."""
        process = self.now.process
        assert process.exit_code is None, f"ended by itself: {process.output()[-2000:]}"

    def signal(self, number: signal.Signals) -> None:
        """Send it one."""
        os.kill(self.now.process.pid, number)

    def halt(self) -> None:
        """SIGSTOP; returns when every thread of it stands, until SIGCONT."""
        self.signal(signal.SIGSTOP)
        eventually(self._halted, "every thread stands")

    def in_flight(self) -> int:
        """Bytes that it has written and nobody has read: they arrive though it dies."""
        return sum(_in_flight(line.split(), self.port) for line in _connections())

    def _halted(self) -> bool:
        tasks = Path(f"/proc/{self.now.process.pid}/task")
        return all(
            (task / "stat").read_text().rpartition(")")[2].split()[0] == "T"
            for task in tasks.iterdir()
        )


def _connections() -> list[str]:
    return Path("/proc/net/tcp").read_text().splitlines()[1:]


def _in_flight(row: list[str], port: int) -> int:
    local, remote, state, (unsent, unread) = row[1], row[2], row[3], row[4].split(":")
    if state not in (_ESTABLISHED, _CLOSE_WAIT):
        return 0
    if int(local.partition(":")[2], 16) == port:
        return int(unsent, 16)
    return int(unread, 16) if int(remote.partition(":")[2], 16) == port else 0
