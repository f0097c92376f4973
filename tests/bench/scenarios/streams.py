"""What an event costs: streamed as fast as it is read, and one by one at a steady pace."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from dataclasses import asdict

from tests.bench.feeding.feeder_process import FeederProcess
from tests.bench.scenarios.bench import REPEATS, Bench, Figures, cluster
from tests.bench.subjects.subject import Subject


def stream(bench: Bench, subject: Subject) -> Figures:
    """CPU per event and events per second, streamed as fast as the subject reads."""
    size = bench.size
    count = size.streamed if subject.ours else size.streamed_others
    with bench.feeder() as feeder, bench.served(subject, feeder) as server:
        feeder.do("prepare", load=asdict(cluster(20)), events=count, repeats=REPEATS)
        before = server.cpu()
        began = feeder.do("stream")["began"]
        ended = server.settle()
        spent = server.cpu() - before
        counted = server.counted(count)
        return {
            "stream_cpu": spent / count * 1e6,
            "stream_rate": count / (ended - began),
            "stream_busy": spent / (ended - began) * 100,
            "feeder_rate": count / _time_unread(feeder),
            **{f"stream_{key}": value for key, value in counted.items()},
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
        server.counted(count)
    return {"paced_cpu": spent / count * 1e6}
