# SPDX-License-Identifier: Apache-2.0
"""Recorded events, in any form that kubectl or an API server gives them.

A list, an array, lines of a watch or events a line each, and JSON documents one after the
other, spread over lines as ``kubectl get events --watch -o json`` prints them. A byte order
mark before them is passed over.
"""

from __future__ import annotations

import codecs
import json
from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from exporter.events import EventObject, EventRecord, Ledger, read_event
from exporter.kube.frames import FrameReader, Status, Undecodable

_DECODER = json.JSONDecoder()
_READER = FrameReader(EventObject)
_ARRAY = msgspec.json.Decoder(list[msgspec.Raw])
Recorded = tuple[str, EventRecord, int]
"""Frame type, record, and how many bytes of the input are about done."""
_FOREVER_SECONDS = 1e12
# A hundred bytes each, at the most: a recording of so many is larger by far.
_LEDGER_LIMIT = 10_000_000


def recorded_ledger() -> Ledger:
    """A ledger that forgets nothing: what is recorded is all there is."""
    return Ledger(retention=_FOREVER_SECONDS, limit=_LEDGER_LIMIT)


class EventClock:
    """Seconds that pass with the events: what lies apart in them lies apart here."""

    now = 0.0

    def __call__(self) -> float:
        """The latest time that was told of."""
        return self.now


def records(data: bytes, problems: Counter[str]) -> Iterator[Recorded]:
    """All events in the input; what cannot be read is counted in ``problems`` by cause."""
    data = data.removeprefix(codecs.BOM_UTF8)
    items = _array(data)
    if items is not None:
        found = [one for item in items for one in _one(bytes(item), 0, problems)]
        if all(kind == "ADDED" for kind, _, _ in found):
            # Events out of a list, not the frames of a watch.
            found.sort(key=lambda one: one[1].occurred())
        yield from _placed(found, 0, len(data))
        return
    begin = 0
    for document, end in documents(data):
        page = _READER.page(document)
        if page is None or page.items is None:
            yield from _one(document, end, problems)
        else:
            yield from _listed(page.items, begin, end, problems)
        begin = end


def _array(data: bytes) -> Sequence[msgspec.Raw] | None:
    """The elements, where all of the input is one array; None where it is anything else."""
    if not data.lstrip().startswith(b"["):
        return None
    try:
        return _ARRAY.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None


def _listed(
    items: Sequence[msgspec.Raw], begin: int, end: int, problems: Counter[str]
) -> Iterator[Recorded]:
    """The events of a list that stands from ``begin`` to ``end``."""
    found: list[Recorded] = []
    for raw in items:
        item = _READER.item(raw)
        record = None if isinstance(item, Undecodable) else read_event(item)
        if record:
            found.append(("ADDED", record, 0))
        else:
            problems[item if isinstance(item, Undecodable) else Undecodable.UNNAMED] += 1
    # A list is sorted by name; pairs of events want time.
    found.sort(key=lambda one: one[1].occurred())
    yield from _placed(found, begin, end)


def _placed(found: Sequence[Recorded], begin: int, end: int) -> Iterator[Recorded]:
    """Each with its share of the way from ``begin`` to ``end``."""
    for number, (kind, record, _) in enumerate(found, 1):
        yield kind, record, begin + (end - begin) * number // len(found)


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


def documents(data: bytes) -> Iterator[tuple[bytes, int]]:
    """(JSON document, where it ends): a line each, unless the first line is none by itself."""
    lines = data.split(b"\n")
    first = next((line for line in lines if line.strip()), b"")
    if first.strip() == b"{" or first.lstrip().startswith(b"["):
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
