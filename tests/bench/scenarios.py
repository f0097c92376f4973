"""What is measured: each scenario is one run of one subject, from process start to its end.

A scenario returns figures by key (see FIGURES in report.py). Every one first makes sure that what
it measured was right: occurrences counted against occurrences sent; a wrong count is an error.
"""

from __future__ import annotations

import socket
import statistics
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.bench.events import Load
from tests.bench.measure import FeederProcess, Server, Subject, served

REPEATS = 0.3
"""Share of streamed frames that are a repeat of an event sent before."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything: the full run, or the short one."""

    runs: int
    streamed: int
    streamed_alternative: int
    """Fewer: its cost per event is flat and ten times ours."""
    paced: int
    live: int
    scrapes: int
    short: bool


FULL = Size(3, 200_000, 40_000, 6_000, 100_000, 3, short=False)
SHORT = Size(1, 40_000, 10_000, 3_000, 100_000, 3, short=True)

Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Bench:
    """What every scenario needs: sizes, a directory for logs, and the processes to start."""

    size: Size
    directory: Path
    certificate: Path | None
    python: str
    """Of the environment in which our exporter is installed."""

    def feeder(self, *, tls: bool = False) -> FeederProcess:
        """A new feeder, over TLS where asked for."""
        return FeederProcess(self.directory, certificate=self.certificate if tls else None)

    def served(self, subject: Subject, feeder: FeederProcess) -> AbstractContextManager[Server]:
        """A running server whose first list is done and whose watch is open."""
        return served(subject, self.python, feeder, self.directory)


def cluster(namespaces: int, born: int | None = None) -> Load:
    """Pods living their lives, from now on."""
    return Load("cluster", namespaces, 1, born or time.time_ns())


def grid(label_sets: int) -> Load:
    """A chosen number of label sets: 50 reasons in as many namespaces as that takes.

    Ten minutes old, for a repeat moves its last occurrence by a second and none may be ahead.
    """
    return Load("grid", label_sets // 50, 50, time.time_ns() - 600 * 10**9)


def check_counted(server: Server, expected: int) -> None:
    """AssertionError unless a plain client is shown exactly the occurrences that were sent."""
    total = server.scrape(scraper=False).total("kube_events_total")
    assert total == expected, f"{server.subject} counted {total:.0f} of {expected} occurrences"


def stream(bench: Bench, subject: Subject) -> Figures:
    """CPU per event and events per second, streamed as fast as the subject reads."""
    size = bench.size
    count = size.streamed if subject == "ours" else size.streamed_alternative
    with bench.feeder() as feeder, bench.served(subject, feeder) as server:
        feeder.do("prepare", load=asdict(cluster(20)), events=count, repeats=REPEATS)
        before = server.cpu()
        began = feeder.do("stream")["began"]
        ended = server.settle()
        spent = server.cpu() - before
        check_counted(server, count)
        return {
            "stream_cpu": spent / count * 1e6,
            "stream_rate": count / (ended - began),
            "stream_busy": spent / (ended - began) * 100,
            "feeder_rate": count / _time_unread(feeder),
        }


def _time_unread(feeder: FeederProcess) -> float:
    """Seconds the feeder takes for the same stream when the client throws the bytes away."""
    done = threading.Event()

    def discard() -> None:
        with socket.create_connection(("127.0.0.1", feeder.port)) as connection:
            connection.sendall(b"GET /api/v1/events?watch=1 HTTP/1.1\r\nHost: feeder\r\n\r\n")
            connection.settimeout(0.1)
            while not done.is_set():
                with suppress(TimeoutError):
                    connection.recv(1 << 20)

    feeder.do("forget")
    reader = threading.Thread(target=discard)
    reader.start()
    times = feeder.do("stream")
    done.set()
    reader.join()
    return float(times["ended"] - times["began"])


def paced(bench: Bench, subject: Subject) -> Figures:
    """CPU per event when 1 000 a second arrive one by one, over TLS where that can be had."""
    count = bench.size.paced
    with bench.feeder(tls=True) as feeder, bench.served(subject, feeder) as server:
        feeder.do("prepare", load=asdict(cluster(20)), events=count, repeats=REPEATS, batch=1)
        before = server.cpu()
        feeder.do("stream", rate=1000)
        server.settle()
        spent = server.cpu() - before
        check_counted(server, count)
    return {"paced_cpu": spent / count * 1e6}


def memory(bench: Bench, subject: Subject) -> Figures:
    """Resident memory: at rest, and with 100 000 live events after several scrapes."""
    live = bench.size.live
    with bench.feeder() as feeder, bench.served(subject, feeder) as server:
        base = server.resident()
        feeder.do("prepare", load=asdict(cluster(MEMORY_NAMESPACES)), events=live)
        feeder.do("stream")
        server.settle()
        server.scrape()
        server.scrape(gzip=True)
        page = server.scrape()
        after = server.resident()
        check_counted(server, live)
    return {"memory_base": base, "memory_live": after, "memory_samples": page.samples()}


MEMORY_NAMESPACES = 135
"""So many that the page of the ``memory`` scenario has about 10 000 samples."""


def ready(bench: Bench, subject: Subject) -> Figures:
    """From process start, and from its first request, to ready for a list of 100 000 events."""
    figures: Figures = {}
    past = time.time_ns() - 1800 * 10**9
    for streamed in (False, True):
        if streamed and subject == "alternative":
            continue  # the informer knows no streamed list
        with bench.feeder() as feeder:
            load = asdict(cluster(300, past))
            feeder.do("fill", load=load, events=bench.size.live, streamed=streamed)
            with Server(subject, bench.python, feeder, bench.directory) as server:
                # The alternative has no readiness; its informer opens the watch when it has
                # handled the whole list, which is the same moment.
                if subject == "ours":
                    done = server.until_ready()
                    moments = feeder.do("wait_watch")
                else:
                    moments = feeder.do("wait_watch")
                    done = moments["watch_opened"]
                how = "streamed" if streamed else "list"
                assert moments["lists"] == 0 or not streamed, "the streamed list was not used"
                figures[f"ready_{how}_start"] = done - server.started
                figures[f"ready_{how}"] = done - moments["first_request"]
                server.settle()
                figures[f"ready_{how}_memory"] = server.resident()
    return figures


def scrape_10k(bench: Bench, subject: Subject) -> Figures:
    """Scrape time at about 10 000 samples."""
    return _scrapes(bench, subject, 5_000, "10k")


def scrape_100k(bench: Bench, subject: Subject) -> Figures:
    """Scrape time at about 100 000 samples."""
    return _scrapes(bench, subject, 50_000, "100k")


def _scrapes(bench: Bench, subject: Subject, label_sets: int, name: str) -> Figures:
    """Scrape times with nothing, 1 % and all of the series changed since the last scrape.

    Each label set makes two samples: a total and a last-seen time (the alternative: a total and
    prometheus_client's ``_created``). A figure is the median of several scrapes, but one of "all":
    that takes long to set up. The alternative always renders everything, so once will do for it.
    """
    load = grid(label_sets)
    figures: Figures = {}
    with bench.feeder() as feeder, bench.served(subject, feeder) as server:
        rounds = 0

        def touch(step: int) -> None:
            nonlocal rounds
            rounds += 1
            feeder.do("touch", load=asdict(load), events=label_sets, count=rounds, step=step)
            feeder.do("stream")
            server.settle()

        touch(1)
        figures[f"scrape_{name}_first"] = server.scrape().seconds * 1e3
        page = server.scrape()
        figures[f"scrape_{name}_samples"] = page.samples()
        figures[f"scrape_{name}_bytes"] = page.sent / 1e6
        families = page.samples("kube_events_total")
        assert families == label_sets, f"{families} of {label_sets} label sets are shown"
        for state, step in (("none", 0), ("some", 100), ("all", 1)):
            for gzip in (False, True):
                if gzip and state == "all" and subject == "alternative":
                    continue
                times = []
                once = subject == "alternative" or state == "all"
                for _ in range(1 if once else bench.size.scrapes):
                    if step:
                        touch(step)
                    times.append(server.scrape(gzip=gzip).seconds * 1e3)
                key = f"scrape_{name}_{state}{'_gzip' if gzip else ''}"
                figures[key] = statistics.median(times)
        if subject == "ours":
            touch(1)
            figures[f"scrape_{name}_stall"] = _longest_wait(server) * 1e3
            check_counted(server, label_sets * rounds)
    return figures


def _longest_wait(server: Server) -> float:
    """The longest anything else waited during one scrape with gzip: polls of /livez, in seconds."""
    scraping = threading.Thread(target=server.scrape, kwargs={"gzip": True})
    scraping.start()
    longest = 0.0
    while scraping.is_alive():
        longest = max(longest, server.wait_of("/livez"))
    scraping.join()
    return longest


def growth(bench: Bench, subject: Subject) -> Figures:
    """CPU per repeat with a thousand live events and with a million."""
    if subject == "alternative":
        return {}  # it would take gigabytes and minutes
    load = asdict(cluster(20))
    repeats, few, many, step = 100_000, 1_000, 1_000_000, 111_000
    figures: Figures = {}
    with bench.feeder() as feeder, bench.served(subject, feeder) as server:

        def cost(first: int, last: int) -> float:
            feeder.do("repeat", load=load, events=repeats, first=first, last=last)
            before = server.cpu()
            feeder.do("stream")
            server.settle()
            return (server.cpu() - before) / repeats * 1e6

        feeder.do("prepare", load=load, events=few)
        feeder.do("stream")
        server.settle()
        figures["growth_small"] = cost(0, few)
        for start in range(few, many, step):
            feeder.do("prepare", load=load, events=step, start=start)
            feeder.do("stream")
        server.settle()
        figures["growth_large"] = cost(few, many)
        figures["growth_memory"] = server.resident()
        check_counted(server, many + 2 * repeats)
    figures["growth_ratio"] = figures["growth_large"] / figures["growth_small"]
    return figures


SCENARIOS: dict[str, Callable[[Bench, Subject], Figures]] = {
    "stream": stream,
    "paced": paced,
    "memory": memory,
    "ready": ready,
    "scrape_10k": scrape_10k,
    "scrape_100k": scrape_100k,
    "growth": growth,
}
