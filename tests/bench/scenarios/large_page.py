"""Nobody waits for a page of 200 000 samples, nor for whoever reads his page slowly."""

from __future__ import annotations

import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.bench.poller import Polls
from tests.bench.scenarios.bench import Bench, Figures
from tests.bench.scenarios.scrapes import Grid
from tests.bench.subjects.server import ACCEPT, Server
from tests.bench.subjects.subject import Subject

_LABEL_SETS = 100_000
_SLOW_READ_BYTES = 1024
_SLOW_PAUSE_SECONDS = 0.25


def scrape_200k(bench: Bench, subject: Subject) -> Figures:
    """The longest wait of another request while such a page is made, all of it changed, and what
    it shows is committed to a checkpoint.

    Alone, and beside a client that takes 4 kB a second of a page of its own. Of ours alone: others
    have no /livez to ask, and are known to hold everything up.
    """
    if not subject.ours:
        return {}
    figures: Figures = {}
    kept = tempfile.mkdtemp(dir=bench.directory)
    subject = subject.with_flags("--checkpoint.path", f"{kept}/checkpoint")
    with bench.feeder() as feeder, bench.served(subject, feeder) as server:
        series = Grid(feeder, server, _LABEL_SETS)
        series.touch()
        with Polls(server.port, "/livez", bench.directory) as polls:
            figures["scrape_200k_first"] = server.scrape().seconds * 1e3
        figures["scrape_200k_stall_first"] = polls.longest * 1e3
        page = server.scrape()
        figures["scrape_200k_samples"] = page.samples()
        figures["scrape_200k_bytes"] = page.sent / 1e6
        for gzip in (False, True):
            series.touch()
            with Polls(server.port, "/livez", bench.directory) as polls:
                seconds = server.scrape(gzip=gzip).seconds
            how = "_gzip" if gzip else ""
            figures[f"scrape_200k_all{how}"] = seconds * 1e3
            figures[f"scrape_200k_stall{how}"] = polls.longest * 1e3
        with _slow_scraper(server):
            series.touch()
            with Polls(server.port, "/livez", bench.directory) as polls:
                beside = server.scrape().seconds * 1e3
        figures["scrape_200k_beside_slow"] = beside
        figures["scrape_200k_slow_stall"] = polls.longest * 1e3
        figures["scrape_200k_slow_ratio"] = beside / figures["scrape_200k_all"]
        server.counted(_LABEL_SETS * series.rounds)
    return figures


@contextmanager
def _slow_scraper(server: Server) -> Iterator[None]:
    """A client whose page is made, and who goes on to read it, slowly, until the block ends."""
    gone = threading.Event()
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", server.port))
        connection.sendall(
            f"GET {server.subject.metrics_path} HTTP/1.1\r\nHost: slow\r\nAccept: {ACCEPT}\r\n"
            "X-Prometheus-Scrape-Timeout-Seconds: 60\r\n\r\n".encode()
        )
        connection.recv(_SLOW_READ_BYTES)

        def read() -> None:
            while not gone.wait(_SLOW_PAUSE_SECONDS):
                connection.recv(_SLOW_READ_BYTES)

        reader = threading.Thread(target=read)
        reader.start()
        try:
            yield
        finally:
            gone.set()
            reader.join()
