# SPDX-License-Identifier: Apache-2.0
"""``replay --audit``: audit events to metrics on standard output.

Lines of an audit log and bodies of an audit webhook, mixed as they like, and read piece by piece:
an audit log is large. Everything is counted, and what comes twice once.
"""

from __future__ import annotations

import codecs
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from exporter.audit import AuditLog, AuditReader, AuditRecord, Identities
from exporter.commands.progress import Progress
from exporter.commands.recorded import documents
from exporter.commands.replay import write
from exporter.config import Config
from exporter.metrics.births import Births, Scrapers
from exporter.metrics.page import Page
from exporter.metrics.text import Format
from exporter.pipeline import AuditCounting
from exporter.rules.audit.rulebook import AuditRules
from exporter.rules.loading import built_in, load, read

_PIECE_BYTES = 256 * 1024
# 80 bytes each at the most, of events that are ten times larger: a recording is all there is.
_SOURCE = "log"
_MOST_IDENTITIES = 20_000_000


def replay_audit(config: Config, source: str) -> int:
    """Replay a file, or standard input for ``-``; 1 where nothing in it could be read.

    Raises ``RuleError``.
    """
    rules = load([*built_in(), *read(config.rule_files)], time.monotonic).audit
    problems: Counter[str] = Counter()

    def replayed(pieces: Iterable[bytes]) -> tuple[bytes, int]:
        return replay_pieces(
            pieces,
            problems,
            series_limit=config.series_limit,
            rules=rules,
            user_labels=config.audit_user_labels,
        )

    try:
        if source == "-":
            text, seen = replayed(_pieces(sys.stdin.buffer))
        else:
            path = Path(source)
            bar = Progress(path.stat().st_size, sys.stderr)
            with path.open("rb") as stream:
                text, seen = replayed(_pieces(stream, bar))
            bar.finish()
    except OSError as error:
        print(f"kube-event-metrics: {error}", file=sys.stderr)
        return 1
    for cause, times in sorted(problems.items()):
        print(f"kube-event-metrics: passed over {times} ({cause})", file=sys.stderr)
    write(sys.stdout.buffer, text)
    return 0 if seen or not problems else 1


def replay_pieces(
    pieces: Iterable[bytes],
    problems: Counter[str],
    *,
    series_limit: int,
    rules: AuditRules | None = None,
    user_labels: bool = False,
) -> tuple[bytes, int]:
    """The exposition text of the audit events in ``pieces``, and how many were read.

    What is not counted is in ``problems`` by cause: what cannot be read, and what came before.
    Without ``rules`` the built-in ones are in force.
    """
    reader = AuditReader()
    births = Births(time.monotonic)
    counting = AuditCounting(
        births,
        Identities((_SOURCE,), limit=_MOST_IDENTITIES),
        series_limit=series_limit,
        rules=rules or load(built_in(), time.monotonic).audit,
        user_labels=user_labels,
    )
    seen = 0
    for records in _read(pieces, reader):
        seen += len(records)
        for record in records:
            counting.reached(record, _SOURCE)
    problems.update({str(cause): n for cause, n in reader.undecodable.items() if n})
    if counting.duplicates:
        problems["duplicate"] += counting.duplicates[_SOURCE]
    page = Page(counting.families(), births, Scrapers(births, time.monotonic))
    parts, _ = page.render(Format.TEXT)
    return b"".join(parts), seen


def _read(pieces: Iterable[bytes], reader: AuditReader) -> Iterator[list[AuditRecord]]:
    """The records, some at a time."""
    rest = iter(pieces)
    begin = next(rest, b"").removeprefix(codecs.BOM_UTF8)
    if _is_spread(begin):
        for document, _ in documents(begin + b"".join(rest)):
            # Between the tokens of JSON a line break is a blank, and within them there is none.
            yield reader.lines(document.replace(b"\n", b" "))
        return
    log = AuditLog(reader)
    yield log.feed(begin)
    for piece in rest:
        yield log.feed(piece)
    yield log.end()


def _is_spread(begin: bytes) -> bool:
    """Whether documents go over lines, as jq prints them, or stand in an array."""
    first = next((line.strip() for line in begin.split(b"\n") if line.strip()), b"")
    return first == b"{" or first.startswith(b"[")


def _pieces(stream: BinaryIO, bar: Progress | None = None) -> Iterator[bytes]:
    position = 0
    while piece := stream.read(_PIECE_BYTES):
        yield piece
        position += len(piece)
        if bar:
            bar.at(position)
