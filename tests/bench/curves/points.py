"""What the curves are made of: one figure after the other as live events, series or rules grow."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.bench.curves.rules import write_rules
from tests.bench.feeding.events import Load
from tests.bench.feeding.feeder_process import FeederProcess
from tests.bench.scenarios.bench import Bench
from tests.bench.subjects.server import Server
from tests.bench.subjects.subject import Subject

_OLD_NANOSECONDS = 3 * 3600 * 10**9
"""So long ago that no repeat, each a second later than the last, is ahead of the clock."""
_TOUCHED = 100
"""One in so many series changes for a scrape after which most are as they were."""
_RULED_LABEL_SETS = 1000
_MOST_LIVE_OF_OTHERS = 100_000
"""They keep the objects: a million are gigabytes."""


@dataclass(frozen=True, slots=True)
class Extent:
    """Where the curves are measured, and how exactly."""

    live: Sequence[int]
    series: Sequence[int]
    rules: Sequence[int]
    repeats: int
    """Events of one measurement of their cost; a fifth of that for others than ours."""
    rounds: int
    """Measurements at each point, the median of which is kept."""


FULL = Extent(
    live=(1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000),
    series=(1_000, 3_000, 10_000, 30_000, 100_000, 200_000),
    rules=(10, 50, 100, 500, 1_000),
    repeats=50_000,
    rounds=3,
)
SHORT = Extent(live=(1_000, 3_000), series=(1_000, 3_000), rules=(10, 100), repeats=5_000, rounds=1)


@dataclass(frozen=True, slots=True)
class Point:
    """One row of the table. None is what was not measured."""

    subject: str
    against: str
    """What grows: live, series or rules."""
    size: int
    cpu: float
    """Microseconds an event, kernel included."""
    resident: float
    """MB."""
    scrape_all: float | None = None
    """Milliseconds of a scrape, every series changed."""
    scrape_some: float | None = None
    """The same, one in a hundred changed."""


def points(bench: Bench, subject: Subject, extent: Extent) -> Iterator[Point]:
    """All of one subject, each when it is measured; AssertionError where ours counted wrongly."""
    yield from _against_live(bench, subject, extent)
    yield from _against_series(bench, subject, extent)
    if subject.ours:
        yield from _against_rules(bench, subject, extent)


class _Measured:
    """A subject that is fed more and more events of one load."""

    def __init__(self, feeder: FeederProcess, server: Server, load: Load, extent: Extent) -> None:
        self.known = 0
        self._sent = 0
        self._feeder = feeder
        self._server = server
        self._load = asdict(load)
        self._rounds = extent.rounds
        self._repeats = extent.repeats if server.subject.ours else extent.repeats // 5

    def grow(self, events: int) -> None:
        """Until so many were sent; by 100 000, for the feeder builds them all before it sends."""
        while self.known < events:
            more = min(events - self.known, 100_000)
            self._feeder.do("prepare", load=self._load, events=more, start=self.known)
            self._stream(more)
            self.known += more

    def cost(self) -> float:
        """Microseconds of a repeat of any event that was sent, the median of some rounds."""
        costs = []
        for _ in range(self._rounds):
            self._feeder.do(
                "repeat", load=self._load, events=self._repeats, first=0, last=self.known
            )
            before = self._server.cpu()
            self._stream(self._repeats)
            costs.append((self._server.cpu() - before) / self._repeats * 1e6)
        return statistics.median(costs)

    def scrape(self, step: int) -> float:
        """Milliseconds of a scrape after one more occurrence of each ``step``-th event."""
        times = []
        for _ in range(self._rounds):
            touched = len(range(0, self.known, step))
            self._feeder.do("touch_again", load=self._load, events=self.known, step=step)
            self._stream(touched)
            times.append(self._server.scrape().seconds * 1e3)
        return statistics.median(times)

    def check(self) -> None:
        """AssertionError unless ours counted exactly what was sent."""
        self._server.counted(self._sent)

    def _stream(self, events: int) -> None:
        self._feeder.do("stream")
        self._server.settle()
        self._sent += events


def _against_live(bench: Bench, subject: Subject, extent: Extent) -> Iterator[Point]:
    load = Load("cluster", 20, 1, time.time_ns() - _OLD_NANOSECONDS)
    with bench.feeder() as feeder, bench.served(subject, feeder) as server:
        measured = _Measured(feeder, server, load, extent)
        for live in extent.live:
            if live > _MOST_LIVE_OF_OTHERS and not subject.ours:
                break
            measured.grow(live)
            yield Point(subject.name, "live", live, measured.cost(), server.resident())
        measured.check()


def _against_series(bench: Bench, subject: Subject, extent: Extent) -> Iterator[Point]:
    """Each event has a label set of its own, which makes two series."""
    namespaces = max(extent.series) // 100
    load = Load("grid", namespaces, 50, time.time_ns() - _OLD_NANOSECONDS)
    with bench.feeder() as feeder, bench.served(subject, feeder) as server:
        measured = _Measured(feeder, server, load, extent)
        for series in extent.series:
            measured.grow(series // 2)
            cost, resident = measured.cost(), server.resident()
            server.scrape()
            server.scrape()  # by now no birth is left to be shown
            every, some = measured.scrape(1), measured.scrape(_TOUCHED)
            yield Point(subject.name, "series", series, cost, resident, every, some)
        measured.check()


def _against_rules(bench: Bench, subject: Subject, extent: Extent) -> Iterator[Point]:
    """Rules beside the catalogue: each event is for one of them, whatever their number."""
    for rules in extent.rules:
        file = write_rules(Path(bench.directory, f"rules-{rules}.yaml"), rules)
        ruled = subject.with_flags("--rules.file", str(file))
        born = time.time_ns() - _OLD_NANOSECONDS
        load = Load("grid", _RULED_LABEL_SETS // rules, rules, born)
        with bench.feeder() as feeder, bench.served(ruled, feeder) as server:
            measured = _Measured(feeder, server, load, extent)
            measured.grow(_RULED_LABEL_SETS)
            yield Point(subject.name, "rules", rules, measured.cost(), server.resident())
            measured.check()
            told = server.scrape(scraper=False).total("kube_event_bench_total")
            sent = server.scrape(scraper=False).total("kube_events_total")
            assert told == sent, f"{rules} rules counted {told:.0f} of {sent:.0f} occurrences"
