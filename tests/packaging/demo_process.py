"""The demo as a process of a test, on free ports."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.envtest.process import ServerProcess, eventually

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("exporter", "alertmanager", "prometheus", "grafana")
ANY_PORTS = [word for name in PARTS for word in (f"--{name}-port", "0")]
# What would make it another demo, or lead past loopback.
_FOREIGN = re.compile(r"(?i)kube|.*_proxy$|make")


class DemoProcess:
    """`command` is run in the checkout; `path` is where it finds programs."""

    def __init__(
        self, command: Sequence[str], folder: Path, path: str = os.environ["PATH"]
    ) -> None:
        environment = {k: v for k, v in os.environ.items() if not _FOREIGN.match(k)}
        self.folder = folder / "tmp"
        self.folder.mkdir()
        self.process = ServerProcess(
            ["env", "-C", str(ROOT), *command],
            folder / "demo.log",
            {**environment, "PATH": path, "HOME": str(folder), "TMPDIR": str(self.folder)},
        )
        self._seen: set[int] = set()

    def row(self, name: str) -> list[str]:
        """The columns of the line about a part, once it is there."""
        pattern = re.compile(rf"^  {name} .*$", re.MULTILINE)
        line = self.process.wait_for(lambda: pattern.search(self.process.output()), name, 60)
        return re.split(r" {2,}", line[0].strip())

    def get(self, name: str, path: str) -> Any:
        """The JSON that a part answers, at the address that was printed."""
        connection = http.client.HTTPConnection(urlsplit(self.row(name)[1]).netloc, timeout=10)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            body = response.read()
            assert response.status == 200, body
            return json.loads(body)
        finally:
            connection.close()

    def started(self) -> dict[str, int]:
        """The process ids of its parts, by the name of the program."""
        return {_program(pid): pid for pid in self._descendants()}

    def signal(self, number: signal.Signals) -> None:
        """To the demo itself, where `make` runs it."""
        below = [pid for pid in self._descendants() if "deploy.demo" in _command(pid)]
        os.kill(below[0] if below else self.process.pid, number)

    def exit_code(self) -> int:
        """Once it has ended, and nothing of it is left: no process, no file."""
        eventually(lambda: self.process.exit_code is not None, "the demo ends", within=60)
        assert [pid for pid in self._seen if _alive(pid)] == []
        assert list(self.folder.iterdir()) == []
        return self.process.stop()

    def kill(self) -> None:
        """However the test went: the demo, and what is left of its parts."""
        self._descendants()
        self.process.stop()
        for pid in filter(_alive, self._seen):
            os.kill(pid, signal.SIGKILL)

    def _descendants(self) -> list[int]:
        found = [self.process.pid]
        for pid in found:
            found += _children(pid)
        self._seen |= set(found[1:])
        return found[1:]


def _processes() -> Iterator[tuple[int, str, int]]:
    """Id, state and parent of each."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
        except OSError:  # it has ended just now
            continue
        yield int(stat.parent.name), state, int(parent)


def _children(pid: int) -> list[int]:
    return [child for child, _, parent in _processes() if parent == pid]


def _alive(pid: int) -> bool:
    return any(found == pid and state != "Z" for found, state, _ in _processes())


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def _program(pid: int) -> str:
    words = _command(pid).split()
    return "exporter" if words[1:3] == ["-m", "exporter"] else Path(words[0]).name if words else ""
