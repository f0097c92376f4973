# SPDX-License-Identifier: Apache-2.0
"""``replay``: recorded events to metrics on standard output.

Everything in the input is counted, of the namespaces that are asked for: there is no baseline,
since nothing came before it.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from exporter.commands.progress import Progress
from exporter.commands.recorded import EventClock, recorded_ledger, records
from exporter.config import Config
from exporter.metrics.births import Births, Scrapers
from exporter.metrics.page import Page
from exporter.metrics.text import Format
from exporter.pipeline import Counting
from exporter.rules.loading import built_in, load, read
from exporter.rules.rulebook import RuleBook


def replay(config: Config, source: str) -> int:
    """Replay a file, or standard input for ``-``; 1 where nothing in it could be read.

    Raises ``RuleError``.
    """
    clock = EventClock()
    rules = load([*built_in(), *read(config.rule_files)], clock)
    try:
        data = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as error:
        print(f"kube-event-metrics: {error}", file=sys.stderr)
        return 1
    problems: Counter[str] = Counter()
    bar = Progress(len(data), sys.stderr)
    text, seen = replay_bytes(
        data,
        problems,
        bar,
        series_limit=config.series_limit,
        namespaces=config.namespaces,
        rules=rules,
        clock=clock,
    )
    bar.finish()
    for cause, times in sorted(problems.items()):
        print(f"kube-event-metrics: passed over {times} ({cause})", file=sys.stderr)
    write(sys.stdout.buffer, text)
    return 0 if seen or not problems else 1


def write(stream: BinaryIO, text: bytes) -> None:
    """All of it, at once."""
    stream.write(text)
    stream.flush()


def replay_bytes(
    data: bytes,
    problems: Counter[str],
    bar: Progress | None = None,
    *,
    series_limit: int,
    namespaces: Sequence[str] = (),
    rules: RuleBook | None = None,
    clock: EventClock | None = None,
) -> tuple[bytes, int]:
    """The exposition text of the events in ``data``, and how many were read.

    Counted are those in ``namespaces`` (of the Event object, as for a watch), without any all.
    What cannot be read is counted in ``problems`` by cause. Without ``rules``, which go by
    ``clock``, the built-in ones are in force.
    """
    births = Births(time.monotonic)
    clock = clock or EventClock()
    rules = rules or load(built_in(), clock)
    counting = Counting(rules, births, series_limit=series_limit)
    ledger = recorded_ledger()
    ledger.begin_list(server_time=0.0)
    ledger.publish_list(0, 0.0)
    seen = 0
    for kind, record, position in records(data, problems):
        seen += 1
        clock.now = max(clock.now, record.occurred())
        if not namespaces or record.namespace in namespaces:
            # Also what is first, or last, seen as DELETED: it shows what has occurred.
            times = ledger.changed(record)
            if times:
                counting.occurred(record, times)
            if kind == "DELETED":
                ledger.ended(record, 0.0)
        if bar and seen % 1000 == 0:
            bar.at(position)
    page = Page(
        counting.families(),
        births,
        Scrapers(births, time.monotonic),
        refresh=counting.refresh,
    )
    parts, _ = page.render(Format.TEXT)
    return b"".join(parts), seen
