"""How long an event is on its way: from its write to the watch until a page shows it."""

from __future__ import annotations

import statistics
import threading
import time
from dataclasses import asdict
from typing import Self

from tests.bench.scenarios.bench import REPEATS, Bench, Figures, cluster
from tests.bench.subjects.server import Server
from tests.bench.subjects.subject import Subject

_PACE = 1000
_QUIET_PACE = 4
"""Events a second where little happens: some come alone, some within another's wait."""
_LOOK_SECONDS = 0.005
_PATIENCE_SECONDS = 5.0


def latency(bench: Bench, subject: Subject) -> Figures:
    """At an API server's own pace, and in a quiet stream; over TLS where that can be had.

    Found by asking for the page every few milliseconds, so that a figure is up to 5 ms and the
    making of a page too large, which is what a scrape adds, too.
    """
    marks = bench.size.marks
    figures: Figures = {}
    for name, pace, between in (("paced", _PACE, _PACE // 10), ("quiet", _QUIET_PACE, 0)):
        with bench.feeder(tls=True) as feeder, bench.served(subject, feeder) as server:
            load = asdict(cluster(20))
            events = marks * between
            feeder.do("prepare", load=load, events=events, repeats=REPEATS, batch=1, marks=marks)
            with _Looking(server, marks) as looking:
                written = feeder.do("stream", rate=pace)["marked"]
            server.counted(events + marks)
        # The first one of a stream is met while the paces of both sides are yet to be found.
        waits = [shown - wrote for shown, wrote in zip(looking.shown, written, strict=True)][1:]
        figures[f"latency_{name}"] = statistics.median(waits) * 1e3
        figures[f"latency_{name}_max"] = max(waits) * 1e3
    return figures


class _Looking:
    """Looks at the page while the block runs, and until all marks are on it: when each was."""

    def __init__(self, server: Server, marks: int) -> None:
        self.shown = [0.0] * marks
        self._server = server
        self._hidden = dict(enumerate(b'reason="Reason%03d"' % mark for mark in range(marks)))
        self._deadline: float | None = None
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._deadline = time.monotonic() + _PATIENCE_SECONDS
        self._thread.join()
        if self._failure:
            raise self._failure
        assert not self._hidden, f"{len(self._hidden)} events were never shown"

    def _look(self) -> None:
        try:
            while self._hidden and not (self._deadline and time.monotonic() > self._deadline):
                # As no scraper does: at its true value at once.
                page = self._server.scrape(scraper=False).body
                now = time.monotonic()
                for mark in [m for m, text in self._hidden.items() if text in page]:
                    self.shown[mark] = now
                    del self._hidden[mark]
                time.sleep(_LOOK_SECONDS)
        except (OSError, RuntimeError) as error:
            self._failure = error
