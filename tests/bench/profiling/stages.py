"""Where an event's time goes inside the exporter: run as a file, by the Python that has it.

Reads the frames of a watch from a file, in pieces as a transport brings them, and does more and
more of what the exporter does with them: what a step adds is its cost. Prints one JSON line,
microseconds an event by step. Nothing of the benchmark is imported: beside a compiled exporter
the sources must not be importable.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from exporter.events import EventObject, Ledger, read_event
from exporter.framing import LineSplitter
from exporter.kube.frames import FrameReader
from exporter.kube.listwatch import ListWatch
from exporter.kube.telemetry import Telemetry
from exporter.metrics.births import Births
from exporter.pipeline import Counting, Scope
from exporter.rules.loading import built_in, load
from exporter.rules.rulebook import RuleBook

_READ_BYTES = 64 * 1024
_EMPTY_LIST = (
    b'{"kind":"EventList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[]}'
)
_PAIRING = RuleBook.pairing
Take = Callable[[bytes], object]
"""Does with a piece of the stream what a step, and all before it, does."""


def framing() -> Take:
    """Lines."""
    return LineSplitter().feed


def decoding() -> Take:
    """Objects."""
    feed, reader = LineSplitter().feed, FrameReader(EventObject)
    return lambda data: reader.changes(feed(data))


def recording() -> Take:
    """Records."""
    feed, reader = LineSplitter().feed, FrameReader(EventObject)

    def take(data: bytes) -> None:
        for frame in reader.changes(feed(data)) or ():
            read_event(frame.object)

    return take


def _ledger() -> Ledger:
    ledger = Ledger(retention=7200.0, limit=1_000_000, seed=1)
    ledger.begin_list(server_time=time.time())
    ledger.publish_list(1, time.monotonic())
    return ledger


def remembering() -> Take:
    """New occurrences."""
    feed, reader, ledger = LineSplitter().feed, FrameReader(EventObject), _ledger()

    def take(data: bytes) -> None:
        for frame in reader.changes(feed(data)) or ():
            record = read_event(frame.object)
            if record is not None:
                ledger.changed(record)

    return take


def _counting(rules: Iterable[tuple[str, str]]) -> Take:
    feed, reader, ledger = LineSplitter().feed, FrameReader(EventObject), _ledger()
    book = load(list(rules), time.monotonic)
    occurred = Counting(book, Births(time.monotonic), series_limit=1_000_000).occurred

    def take(data: bytes) -> None:
        for frame in reader.changes(feed(data)) or ():
            record = read_event(frame.object)
            if record is not None:
                times = ledger.changed(record)
                if times:
                    occurred(record, times, now)

    now = time.time()
    return take


def counting() -> Take:
    """The families of every event, without a rule."""
    RuleBook.pairing = _PAIRING  # type: ignore[method-assign]
    return _counting(())


def ruling() -> Take:
    """The catalogue, as if no rule opened or closed a pair."""
    RuleBook.pairing = lambda _self, _rule: None  # type: ignore[method-assign, assignment]
    return _counting(built_in())


def pairing() -> Take:
    """The whole catalogue."""
    RuleBook.pairing = _PAIRING  # type: ignore[method-assign]
    return _counting(built_in())


def watching() -> Take:
    """All that is done between a transport's bytes and the counters."""
    RuleBook.pairing = _PAIRING  # type: ignore[method-assign]
    book = load(list(built_in()), time.monotonic)
    counted = Counting(book, Births(time.monotonic), series_limit=1_000_000)
    ledger = Ledger(retention=7200.0, limit=1_000_000, seed=1)
    scope = Scope(counted, ledger, monotonic=time.monotonic, wall=time.time)

    def note(_level: str, _message: str, _fields: dict[str, object]) -> None:
        pass

    protocol: ListWatch[Any] = ListWatch(
        FrameReader(EventObject),
        scope,
        Telemetry(scope=""),
        note=note,
        uniform=random.random,
        streaming=False,
    )
    protocol.next_request()
    protocol.accepted(time.monotonic(), time.time())
    protocol.page(_EMPTY_LIST, time.monotonic())
    protocol.next_request()
    protocol.accepted(time.monotonic(), time.time())
    feed = LineSplitter().feed
    return lambda data: protocol.block(feed(data), time.monotonic())


STEPS: dict[str, Callable[[], Take]] = {
    "framing": framing,
    "decoding": decoding,
    "record": recording,
    "ledger": remembering,
    "counting": counting,
    "rules": ruling,
    "pairs": pairing,
    "watch": watching,
}


def main() -> None:
    """Every step some times in turn; of each the least, for other processes only add to it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("frames", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    whole = arguments.frames.read_bytes()
    pieces = [whole[at : at + _READ_BYTES] for at in range(0, len(whole), _READ_BYTES)]
    events = whole.count(b"\n")
    took: dict[str, list[float]] = {name: [] for name in STEPS}
    gc.collect()
    gc.freeze()
    for _ in range(arguments.rounds):
        for name, made in STEPS.items():
            take = made()
            began = time.thread_time()
            for piece in pieces:
                take(piece)
            took[name].append((time.thread_time() - began) / events * 1e6)
    least = [min(each) for each in took.values()]
    added = [now - before for now, before in zip(least, [0.0, *least], strict=False)]
    print(json.dumps(dict(zip(took, added, strict=True))))


if __name__ == "__main__":
    main()
