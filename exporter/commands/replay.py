# SPDX-License-Identifier: Apache-2.0
"""``replay``: recorded events to metrics on standard output.

Everything in the input is counted: there is no baseline, since nothing came before it.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, TextIO

from exporter.config import Config
from exporter.events import EventObject, EventRecord, Ledger, read_event
from exporter.kube.frames import FrameReader, Status, Undecodable
from exporter.metrics.births import Births, Scrapers
from exporter.metrics.page import Page
from exporter.metrics.text import Format
from exporter.pipeline import Counting
from exporter.rules.loading import built_in, load

_LEDGER_LIMIT = 10_000_000
_FOREVER_SECONDS = 1e12
_PROGRESS_BYTES = 8 * 1024 * 1024
_BAR = 40


def replay(config: Config, source: str) -> int:
    """Replay a file, or standard input for ``-``; 1 where nothing in it could be read."""
    try:
        data = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as error:
        print(f"kube-event-metrics: {error}", file=sys.stderr)
        return 1
    problems: Counter[str] = Counter()
    bar = _Progress(len(data), sys.stderr)
    text, read = replay_bytes(data, problems, bar, series_limit=config.series_limit)
    bar.finish()
    for cause, times in sorted(problems.items()):
        print(f"kube-event-metrics: passed over {times} ({cause})", file=sys.stderr)
    write(sys.stdout.buffer, text)
    return 0 if read or not problems else 1


def write(stream: BinaryIO, text: bytes) -> None:
    """All of it, at once."""
    stream.write(text)
    stream.flush()


def replay_bytes(
    data: bytes, problems: Counter[str], bar: _Progress | None = None, *, series_limit: int
) -> tuple[bytes, int]:
    """The exposition text of all events in ``data``, and how many were read.

    ``data`` is an Event list as ``kubectl get events -o json`` prints it, or lines of a watch,
    or an Event a line. What cannot be read is counted in ``problems`` by cause.
    """
    births = Births(time.monotonic)
    counting = Counting(load(built_in(), time.monotonic), births, series_limit=series_limit)
    ledger = Ledger(retention=_FOREVER_SECONDS, limit=_LEDGER_LIMIT)
    ledger.begin_list(server_time=0.0)
    ledger.publish_list(0, 0.0)
    read = 0
    for kind, record, position in _records(data, problems):
        read += 1
        if kind == "DELETED":
            ledger.ended(record, 0.0)
        else:
            times = ledger.changed(record)
            if times:
                counting.occurred(record, times)
        if bar and read % 1000 == 0:
            bar.at(position)
    page = Page(counting.families(), births, Scrapers(births, time.monotonic))
    parts, _ = page.render(Format.TEXT)
    return b"".join(parts), read


def _records(data: bytes, problems: Counter[str]) -> Iterator[tuple[str, EventRecord, int]]:
    """(frame type, record, bytes read) of everything in the input."""
    reader = FrameReader(EventObject)
    page = reader.page(data)
    if page is None or page.items is None:
        yield from _lines(reader, data, problems)
        return
    items = (_named(reader.item(raw), problems) for raw in page.items)
    # A list is sorted by name; pairs of events want time.
    for record in sorted(filter(None, items), key=EventRecord.occurred):
        yield "ADDED", record, len(data)


def _lines(
    reader: FrameReader[EventObject], data: bytes, problems: Counter[str]
) -> Iterator[tuple[str, EventRecord, int]]:
    position = 0
    for line in data.splitlines(keepends=True):
        position += len(line)
        if not line.strip():
            continue
        frame = reader.frame(line)
        if isinstance(frame, Undecodable):
            kind, item = "ADDED", reader.bare(line) or frame
        elif isinstance(frame.object, Status):
            if frame.type == "ERROR":
                problems[f"ERROR frame: {frame.object.message or frame.object.reason}"] += 1
            continue
        else:
            kind, item = frame.type, frame.object
        record = _named(item, problems)
        if record:
            yield kind, record, position


def _named(item: EventObject | Undecodable, problems: Counter[str]) -> EventRecord | None:
    record = None if isinstance(item, Undecodable) else read_event(item)
    if record is None:
        problems[item if isinstance(item, Undecodable) else Undecodable.UNNAMED] += 1
    return record


class _Progress:
    """A bar on a terminal, for input long enough to be waited for."""

    def __init__(self, total: int, stream: TextIO) -> None:
        self._total = total
        self._stream = stream
        self._shown = total >= _PROGRESS_BYTES and stream.isatty()
        self._filled = -1

    def at(self, position: int) -> None:
        filled = _BAR * position // self._total
        if self._shown and filled != self._filled:
            self._filled = filled
            bar = "#" * filled + "." * (_BAR - filled)
            self._stream.write(f"\rreplaying [{bar}] {100 * position // self._total:3d} %")
            self._stream.flush()

    def finish(self) -> None:
        if self._shown:
            self.at(self._total)
            self._stream.write("\n")
