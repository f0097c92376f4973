"""Starts the processes of the benchmark and measures them from outside: /proc and HTTP.

Nothing here runs inside what is measured, and nothing asks it anything while it is measured,
except the polls of /readyz where time to ready is the question.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Literal, Self

Subject = Literal["ours", "alternative"]

ROOT = Path(__file__).resolve().parents[2]
TICK = 1.0 / os.sysconf("SC_CLK_TCK")
QUIET = 0.25
"""A process that used at most one tick of CPU in this many seconds has finished its work."""

ACCEPT = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
"""What Prometheus 3 sends."""


@dataclass(frozen=True, slots=True)
class Scrape:
    """One answer of /metrics: seconds from request to last byte, size as sent, and the body."""

    seconds: float
    sent: int
    body: bytes

    def samples(self, family: str = "") -> int:
        """How many samples the page has, of one name where one is given."""
        start = family.encode()
        return sum(
            line.startswith(start) and not line.startswith(b"#") and line != b""
            for line in self.body.split(b"\n")
        )

    def total(self, family: str) -> float:
        """The sum of one family's values over all label sets; exemplars are left out."""
        start = family.encode()
        return sum(
            float(line.rsplit(b"} ", 1)[1].split(b" ", 1)[0])
            for line in (raw.split(b" # ", 1)[0] for raw in self.body.split(b"\n"))
            if line.startswith(start) and b"} " in line
        )


class Process:
    """A child process and what the kernel says about it. A context manager: leaving ends it."""

    def __init__(
        self, command: list[str], log: Path, *, control: bool = False, cwd: Path = ROOT
    ) -> None:
        """Start ``command`` in a directory; its standard error goes to ``log``."""
        environment = {
            key: value
            for key, value in os.environ.items()
            if not key.upper().endswith("_PROXY") and not key.startswith("KUBE")
        }
        self.log = log
        self.started = time.monotonic()
        with log.open("wb") as sink:
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
        """CPU seconds so far, user and kernel, all threads (proc(5), stat fields 14 and 15)."""
        self.check_alive()
        stat = Path(f"/proc/{self.child.pid}/stat").read_text()
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * TICK

    def resident(self) -> float:
        """Resident memory in MB of 10**6 bytes (proc(5), VmRSS)."""
        for line in Path(f"/proc/{self.child.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024 / 1e6
        raise RuntimeError("no VmRSS: the process has ended")

    def settle(self, patience: float = 300.0) -> float:
        """Wait until the process has nothing left to do; the moment its work ended."""
        seen = [(time.monotonic(), self.cpu())]
        while seen[-1][0] - seen[0][0] < patience:
            time.sleep(0.01)
            seen.append((time.monotonic(), self.cpu()))
            now, spent = seen[-1]
            before = [cpu for at, cpu in seen if at <= now - QUIET]
            if before and spent - before[-1] <= TICK * 1.5:
                return next(at for at, cpu in seen if cpu >= before[-1] - TICK * 0.5)
        raise RuntimeError(f"still busy after {patience:.0f} s")


class FeederProcess(Process):
    """The feeder, and its control channel."""

    def __init__(self, directory: Path, *, certificate: Path | None = None) -> None:
        """Start it and write the kubeconfig that leads to it."""
        extra = ["--certificate", str(certificate)] if certificate else []
        command = [sys.executable, "-m", "tests.bench.feeder", *extra]
        super().__init__(command, directory / "feeder.log", control=True)
        self.port: int = self._read()["port"]
        self.kubeconfig = directory / "kubeconfig"
        server = f"{'https' if certificate else 'http'}://127.0.0.1:{self.port}"
        cluster: dict[str, Any] = {"server": server}
        if certificate:
            cluster["insecure-skip-tls-verify"] = True
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "bench",
            "clusters": [{"name": "bench", "cluster": cluster}],
            "contexts": [{"name": "bench", "context": {"cluster": "bench", "user": "bench"}}],
            "users": [{"name": "bench", "user": {"token": "none"}}],
        }
        self.kubeconfig.write_text(json.dumps(document))

    def _read(self) -> dict[str, Any]:
        assert self.child.stdout is not None
        line = self.child.stdout.readline()
        if not line:
            self.child.wait(5)
            self.check_alive()
        answer: dict[str, Any] = json.loads(line)
        return answer

    def do(self, command: str, **fields: Any) -> dict[str, Any]:
        """One command of feeder.py and its answer."""
        assert self.child.stdin is not None
        self.child.stdin.write(json.dumps({"do": command, **fields}).encode() + b"\n")
        self.child.stdin.flush()
        return self._read()


class Server(Process):
    """The exporter or the alternative, with its HTTP endpoint."""

    def __init__(
        self, subject: Subject, python: str, feeder: FeederProcess, directory: Path
    ) -> None:
        """Start it against the feeder, on a free port; ours as ``python`` has it installed."""
        self.subject = subject
        self._page = memoryview(bytearray(1 << 26))  # read into, so that no allocation is measured
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        if subject == "ours":
            command = [python, "-m", "exporter", "run", "--kubeconfig", str(feeder.kubeconfig)]
            command += ["--web.listen-address", f"127.0.0.1:{self.port}"]
            command += ["--series.limit", "1000000"]
        else:
            command = [sys.executable, "-m", "tests.bench.alternative"]
            command += ["--kubeconfig", str(feeder.kubeconfig), "--port", str(self.port)]
        # Ours runs away from the checkout, whose sources would be imported in its place.
        cwd = directory if subject == "ours" else ROOT
        super().__init__(command, directory / f"{subject}.log", cwd=cwd)

    def status(self, path: str) -> int:
        """The HTTP status of one GET on a new connection; the body is read and dropped."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=120)) as connection:
            connection.request("GET", path)
            response = connection.getresponse()
            response.read()
            return response.status

    def until_ready(self, patience: float = 120.0) -> float:
        """Poll /readyz every 10 ms until it answers 200; the moment it did."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            self.check_alive()
            try:
                if self.status("/readyz") == 200:
                    return time.monotonic()
            except OSError:
                pass
            time.sleep(0.01)
        raise RuntimeError(f"not ready after {patience:.0f} s")

    def wait_of(self, path: str) -> float:
        """Seconds until a small page is answered."""
        began = time.perf_counter()
        self.status(path)
        return time.perf_counter() - began

    def scrape(self, *, gzip: bool = False, scraper: bool = True) -> Scrape:
        """One scrape as Prometheus 3 does it; ``scraper=False``: as curl does it."""
        headers = {"Accept": ACCEPT, "X-Prometheus-Scrape-Timeout-Seconds": "10"}
        if not scraper:
            headers = {"Accept": "text/plain"}
        headers["Accept-Encoding"] = "gzip" if gzip else "identity"
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=120)) as connection:
            began = time.perf_counter()
            connection.request("GET", "/metrics", headers=headers)
            response = connection.getresponse()
            length = 0
            while taken := response.readinto(self._page[length:]):
                length += taken
            seconds = time.perf_counter() - began
        encoding = response.getheader("Content-Encoding", "")
        if response.status != 200 or (encoding == "gzip") != gzip:
            raise RuntimeError(f"/metrics answered {response.status}, encoding {encoding!r}")
        return Scrape(seconds, length, b"" if gzip else bytes(self._page[:length]))


def installed(python: str, directory: Path) -> str:
    """Which exporter ``python`` has: its version, whether it is compiled, and where it lies."""
    script = (
        "from exporter import __path__ as p; from exporter.version import COMPILED as c, VERSION; "
        "print(VERSION + ',', 'compiled' if c else 'pure Python', 'in', *p)"
    )
    done = subprocess.run(
        [python, "-c", script], cwd=directory, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@contextmanager
def served(
    subject: Subject, python: str, feeder: FeederProcess, directory: Path
) -> Iterator[Server]:
    """A running server whose first list is done and whose watch is open."""
    feeder.do("forget")
    with Server(subject, python, feeder, directory) as server:
        if subject == "ours":
            server.until_ready()
        feeder.do("wait_watch")
        server.settle()
        yield server
