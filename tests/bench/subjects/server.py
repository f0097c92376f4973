"""A running subject: its process, and what is asked of it over HTTP."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from tests.bench.feeding.feeder_process import FeederProcess
from tests.bench.processes import ROOT, Process
from tests.bench.subjects.subject import Subject

ACCEPT = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
"""What Prometheus 3 sends."""
_PAGE_BYTES = 1 << 27
_POLL_SECONDS = 0.005


@dataclass(frozen=True, slots=True)
class Scrape:
    """One answer of /metrics: seconds from request to last byte, size as sent, and the body."""

    seconds: float
    sent: int
    body: bytes
    """Empty where it came compressed."""

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


class Server(Process):
    """A subject with its HTTP endpoint on a free port of 127.0.0.1."""

    def __init__(self, subject: Subject, kubeconfig: Path, directory: Path) -> None:
        """Start it against whom the kubeconfig names."""
        self.subject = subject
        # Read into, so that no allocation is measured.
        self._page = memoryview(bytearray(_PAGE_BYTES))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        command = subject.started_with(kubeconfig, self.port)
        log = directory / f"{re.sub(r'[^a-z0-9]+', '-', subject.name.lower())}.log"
        super().__init__(command, log, cwd=ROOT if subject.in_checkout else directory)

    def status(self, path: str) -> int:
        """The HTTP status of one GET on a new connection; the body is read and dropped."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=120)) as connection:
            connection.request("GET", path)
            response = connection.getresponse()
            response.read()
            return response.status

    def until(self, path: str, patience: float = 120.0) -> float:
        """Ask every few milliseconds until the answer is 200; the moment it was."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            self.check_alive()
            try:
                if self.status(path) == 200:
                    return time.monotonic()
            except OSError:
                pass
            time.sleep(_POLL_SECONDS)
        raise RuntimeError(f"{path} did not answer 200 in {patience:.0f} s")

    def until_listed(self, feeder: FeederProcess) -> float:
        """Wait for the end of the first list: what the subject says, else its opening the watch."""
        if self.subject.ready_path:
            return self.until(self.subject.ready_path)
        opened: float = feeder.do("wait_watch")["watch_opened"]
        self.check_alive()
        assert opened, f"{self.subject.name} opened no watch"
        return opened

    def scrape(self, *, gzip: bool = False, scraper: bool = True) -> Scrape:
        """One scrape as Prometheus 3 does it; ``scraper=False``: as curl does it."""
        headers = {"Accept": ACCEPT, "X-Prometheus-Scrape-Timeout-Seconds": "10"}
        if not scraper:
            headers = {"Accept": "text/plain"}
        headers["Accept-Encoding"] = "gzip" if gzip else "identity"
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=120)) as connection:
            began = time.perf_counter()
            connection.request("GET", self.subject.metrics_path, headers=headers)
            response = connection.getresponse()
            length = 0
            while taken := response.readinto(self._page[length:]):
                length += taken
            seconds = time.perf_counter() - began
        encoding = response.getheader("Content-Encoding", "")
        if response.status != 200:
            raise RuntimeError(f"{self.subject.metrics_path} answered {response.status}")
        if self.subject.ours and (encoding == "gzip") != gzip:
            raise RuntimeError(f"gzip {gzip} was asked for, the encoding is {encoding!r}")
        return Scrape(seconds, length, b"" if encoding else bytes(self._page[:length]))

    def counted(self, expected: int) -> dict[str, float]:
        """What share of the occurrences sent it shows, in percent: {} where no family tells.

        AssertionError where that is ours and not all of them, and no more.
        """
        return counted(self.scrape(scraper=False), expected, exactly=self.subject.ours)


def counted(page: Scrape, expected: int, *, exactly: bool) -> dict[str, float]:
    """As ``Server.counted``, of a page; ``exactly``: by whom nothing else is forgiven."""
    total = page.total("kube_events_total")
    if exactly:
        assert total == expected, f"counted {total:.0f} of {expected} occurrences"
    return {"counted": 100 * total / expected} if total and expected else {}


@contextmanager
def served(subject: Subject, feeder: FeederProcess, directory: Path) -> Iterator[Server]:
    """A running server whose first list is done and whose watch is open."""
    feeder.do("forget")
    with Server(subject, feeder.kubeconfig, directory) as server:
        server.until_listed(feeder)
        feeder.do("wait_watch")
        server.settle()
        yield server
