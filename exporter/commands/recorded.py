# SPDX-License-Identifier: Apache-2.0
"""Recorded events, in any form that kubectl or an API server gives them.

A list, lines of a watch or events a line each, and JSON documents one after the other,
spread over lines as ``kubectl get events --watch -o json`` prints them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

from exporter.events import EventObject, EventRecord, read_event
from exporter.kube.frames import FrameReader, Status, Undecodable

_DECODER = json.JSONDecoder()
_READER = FrameReader(EventObject)
Recorded = tuple[str, EventRecord, int]
"""Frame type, record, and how many bytes of the input are read."""


def records(data: bytes, problems: Counter[str]) -> Iterator[Recorded]:
    """All events in the input; what cannot be read is counted in ``problems`` by cause."""
    for document, position in _documents(data):
        page = _READER.page(document)
        if page is None or page.items is None:
            yield from _one(document, position, problems)
            continue
        items = []
        for raw in page.items:
            item = _READER.item(raw)
            record = None if isinstance(item, Undecodable) else read_event(item)
            if record:
                items.append(record)
            else:
                problems[item if isinstance(item, Undecodable) else Undecodable.UNNAMED] += 1
        # A list is sorted by name; pairs of events want time.
        for record in sorted(items, key=EventRecord.occurred):
            yield "ADDED", record, position


def _one(document: bytes, position: int, problems: Counter[str]) -> Iterator[Recorded]:
    """A frame of a watch, or an event without one."""
    frame = _READER.frame(document)
    if isinstance(frame, Undecodable):
        bare = _READER.bare(document)
        record = read_event(bare) if bare else None
        if record:
            yield "ADDED", record, position
        else:
            problems[frame] += 1
    elif isinstance(frame.object, Status):
        if frame.type == "ERROR":
            problems[f"ERROR frame: {frame.object.message or frame.object.reason}"] += 1
    else:
        record = read_event(frame.object)
        if record:
            yield frame.type, record, position
        else:
            problems[Undecodable.UNNAMED] += 1


def _documents(data: bytes) -> Iterator[tuple[bytes, int]]:
    """(JSON document, where it ends): a line each, unless the first line is none by itself."""
    lines = data.split(b"\n")
    first = next((line for line in lines if line.strip()), b"")
    if first.strip() in (b"{", b"["):
        yield from _spread(data)
        return
    position = 0
    for line in lines:
        position += len(line) + 1
        if line.strip():
            yield line, position


def _spread(data: bytes) -> Iterator[tuple[bytes, int]]:
    text = data.decode("utf-8", "replace")
    position = text.find("{")
    while position >= 0:
        try:
            _, end = _DECODER.raw_decode(text, position)
        except (ValueError, RecursionError):
            # Damaged: what follows begins with the next brace at the start of a line.
            end = text.find("\n{", position)
            end = len(text) if end < 0 else end
        yield text[position:end].encode("utf-8", "replace"), end
        position = text.find("{", end)
