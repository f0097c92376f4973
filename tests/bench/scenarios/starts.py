"""What a start takes: the process itself, and the first list of many events."""

from __future__ import annotations

import statistics
import time
from dataclasses import asdict

from tests.bench.poller import Polls
from tests.bench.scenarios.bench import Bench, Figures, cluster
from tests.bench.subjects.server import Server
from tests.bench.subjects.subject import Subject

_SMALL_CLUSTER = 500
"""Live events of a cluster that is at rest."""


def startup(bench: Bench, subject: Subject) -> Figures:
    """From process start to the answer of the first scrape after the first list of a small cluster.

    A figure is the median of several starts; the first one, which reads the program from disk, is
    not among them.
    """
    times = []
    for _ in range(1 + bench.size.starts):
        with bench.feeder() as feeder:
            load = asdict(cluster(20, time.time_ns() - 1800 * 10**9))
            feeder.do("fill", load=load, events=_SMALL_CLUSTER, streamed=False)
            with Server(subject, feeder.kubeconfig, bench.directory) as server:
                server.until_listed(feeder)
                # Who lets the watch tell when it has listed may not listen yet.
                server.until(subject.metrics_path)
                times.append(time.monotonic() - server.started)
    return {"startup": statistics.median(times[1:])}


def ready(bench: Bench, subject: Subject) -> Figures:
    """From process start, and from its first request, to ready for a list of 100 000 events.

    And how much more than what stays in memory it took: a list that is read page by page leaves
    no high-water mark.
    """
    figures: Figures = {}
    past = time.time_ns() - 1800 * 10**9
    for streamed in (False, True):
        if streamed and subject.slow:
            continue
        how = "streamed" if streamed else "list"
        with bench.feeder() as feeder:
            load = asdict(cluster(300, past))
            sent = feeder.do("fill", load=load, events=bench.size.live, streamed=streamed)
            with Server(subject, feeder.kubeconfig, bench.directory) as server:
                done = server.until_listed(feeder)
                moments = feeder.do("wait_watch")
                if streamed and moments["lists"]:
                    assert not subject.ours, "the streamed list was not used"
                    continue
                server.settle()
                settled, peak = server.resident(), server.peak()
                figures[f"ready_{how}_start"] = done - server.started
                figures[f"ready_{how}"] = done - moments["first_request"]
                figures[f"ready_{how}_memory"] = settled
                figures[f"ready_{how}_peak"] = peak - settled
                if not streamed:
                    figures["ready_list_bytes"] = sent["bytes"] / 1e6
                if subject.ours:
                    server.counted(0)  # what a first list shows is none of ours
    if subject.ours:
        figures["ready_list_stall"] = _held_up(bench, subject, past) * 1e3
    return figures


def _held_up(bench: Bench, subject: Subject, past: int) -> float:
    """The longest that /livez waited while such a list was read, in seconds: a start of its own,
    for polls cost time.
    """
    with bench.feeder() as feeder:
        load = asdict(cluster(300, past))
        feeder.do("fill", load=load, events=bench.size.live, streamed=False)
        with Server(subject, feeder.kubeconfig, bench.directory) as server:
            server.until("/livez")
            with Polls(server.port, "/livez", bench.directory) as polls:
                server.until_listed(feeder)
            return polls.longest
