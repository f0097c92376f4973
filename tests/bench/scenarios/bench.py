"""What all scenarios share: how much of everything, the loads, and the processes they start."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.feeding.events import Load
from tests.bench.feeding.feeder_process import FeederProcess
from tests.bench.subjects.server import Server, served
from tests.bench.subjects.subject import Subject

REPEATS = 0.3
"""Share of streamed frames that are a repeat of an event sent before."""

Figures = dict[str, float]
"""Value by key; what a key means stands in reporting/figures.py."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything: the full run, or the short one."""

    runs: int
    streamed: int
    streamed_others: int
    """Fewer: their cost per event is flat and ten times ours."""
    paced: int
    live: int
    scrapes: int
    written: int
    """Through a real API server."""
    marks: int
    """Events whose way is timed, of each stream."""
    starts: int
    audited: int
    """Lines of an audit log."""
    short: bool


FULL = Size(
    runs=3,
    streamed=200_000,
    streamed_others=40_000,
    paced=6_000,
    live=100_000,
    scrapes=3,
    written=8_000,
    marks=40,
    starts=3,
    audited=100_000,
    short=False,
)
SHORT = Size(
    runs=1,
    streamed=40_000,
    streamed_others=10_000,
    paced=3_000,
    live=100_000,
    scrapes=3,
    written=3_000,
    marks=10,
    starts=1,
    audited=40_000,
    short=True,
)


@dataclass(frozen=True, slots=True)
class Bench:
    """Sizes, a directory for logs, and the certificate of servers on loopback, if there is one."""

    size: Size
    directory: Path
    certificate: Path | None

    def feeder(self, *, tls: bool = False) -> FeederProcess:
        """A new feeder, over TLS where asked for."""
        return FeederProcess(self.directory, certificate=self.certificate if tls else None)

    def served(self, subject: Subject, feeder: FeederProcess) -> AbstractContextManager[Server]:
        """A running server whose first list is done and whose watch is open."""
        return served(subject, feeder, self.directory)


Scenario = Callable[[Bench, Subject], Figures]
"""One run of one subject, from process start to its end; {} where there is nothing to measure.

First it makes sure that what it measured was right: AssertionError where ours counted wrongly.
"""


def cluster(namespaces: int, born: int | None = None) -> Load:
    """Pods living their lives, from now on."""
    return Load("cluster", namespaces, 1, born or time.time_ns())


def grid(label_sets: int, reasons: int = 50) -> Load:
    """A chosen number of label sets: so many reasons in as many namespaces as that takes.

    Ten minutes old, for a repeat moves its last occurrence by a second and none may be ahead.
    """
    return Load("grid", label_sets // reasons, reasons, time.time_ns() - 600 * 10**9)


def make_certificate(directory: Path) -> Path | None:
    """A certificate for loopback, key and chain in one file; None without trustme."""
    try:
        import trustme
    except ImportError:
        return None
    path = directory / "server.pem"
    issued = trustme.CA().issue_cert("127.0.0.1", "localhost")
    issued.private_key_and_cert_chain_pem.write_to_path(str(path))
    return path
