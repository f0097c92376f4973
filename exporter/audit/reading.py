# SPDX-License-Identifier: Apache-2.0
"""Bytes to records: bodies of the audit webhook, and lines of the audit log.

What cannot be read is counted by cause and passed over: one bad item takes no other along.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum

import msgspec

from exporter.audit.batches import PIECE_BYTES, items_of, pieces
from exporter.audit.mending import REFUSALS, mended
from exporter.audit.record import AuditRecord
from exporter.audit.wire import AuditEvent, StrictEvent, read_audit_event
from exporter.framing import MAX_LINE_BYTES, LineSplitter

# Items of no sense are short, and cost more than others.
_SLICE_ITEMS = 1_000
# Of a piece in which something is no event: each item is an object of 72 bytes then, and there can
# be as many as commas. In audit events of several MiB there are 40 000 a MiB.
_MOST_COMMAS = 1_000_000


class Undecodable(StrEnum):
    """Why a line or an item was passed over: a closed set, it is a label value."""

    SYNTAX = "syntax"
    """Not JSON."""
    SCHEMA = "schema"
    """JSON, and no audit event."""
    LEGACY = "legacy"
    """A line of ``--audit-log-format=legacy``, which lacks what is counted."""
    OVERLONG = "overlong"
    """A line beyond any size an API server writes."""
    TRUNCATED = "truncated"
    """The last line had no end."""


class UnreadableBatchError(Exception):
    """So many things that are no audit events that it can be no API server's."""


class _EventList(msgspec.Struct, gc=False):
    items: list[AuditEvent]


# Where an API server that lost its power goes on: behind half a line, on the same line. Within a
# string the quotes would be escaped, and within an object there would be more behind it.
_BEGINNING = b'{"kind":"Event","apiVersion":"audit.k8s.io/'
_LEGACY = b" AUDIT: id="
# After a truncation from outside the server's next write leaves a hole, which reads as NUL.
_BLANK = b"\0 \t\r"


class AuditReader:
    """Decodes audit events; ``undecodable`` says how many it could not, by cause."""

    def __init__(self) -> None:
        self.undecodable: dict[Undecodable, int] = dict.fromkeys(Undecodable, 0)
        self._event = msgspec.json.Decoder(AuditEvent)
        self._list = msgspec.json.Decoder(_EventList)
        self._strict = msgspec.json.Decoder(list[StrictEvent])
        self._raw = msgspec.json.Decoder(list[msgspec.Raw])

    def lines(self, block: bytes) -> list[AuditRecord]:
        """The records of whole lines: an event each, or an EventList as the webhook sends it."""
        records: list[AuditRecord] = []
        decode = self._event.decode
        for line in block.split(b"\n"):
            if not line:
                continue
            try:
                event = decode(line)
            except REFUSALS:
                records += self._odd_line(line)
                continue
            record = read_audit_event(event)
            if record is not None:
                records.append(record)
            elif event.items is not None:
                records += self._each(event.items)
            else:
                self.undecodable[Undecodable.SCHEMA] += 1
        return records

    def last(self, line: bytes) -> list[AuditRecord]:
        """The records of a line that may have been cut off."""
        if line.strip(_BLANK + b"\n") and self._decoded(line) is Undecodable.SYNTAX:
            self.passed_over(Undecodable.TRUNCATED)
            return []
        return self.lines(line)

    def slices(self, body: bytes) -> Iterator[list[AuditRecord]] | None:
        """The records of an EventList, which may be large, some milliseconds' worth at a time.

        None where it is none, or one that must be mended first (``mending``), which is for the
        caller: it takes long. Raises ``UnreadableBatchError`` in the middle of one that no API
        server has sent.
        """
        if len(body) <= PIECE_BYTES:
            try:
                return self._in_slices(self._list.decode(body).items)
            except REFUSALS:
                pass
        items = items_of(body)
        return None if items is None else self._slices(items)

    def _slices(self, items: memoryview) -> Iterator[list[AuditRecord]]:
        for slices in pieces(items, self._piece):
            yield from slices or ([],)

    def _piece(self, array: bytes) -> Iterator[list[AuditRecord]]:
        """Of at least as many bytes as ``PIECE_BYTES``, but for the last."""
        try:
            return self._in_slices(self._strict.decode(array))
        except msgspec.ValidationError:
            pass
        if array.count(b",") > _MOST_COMMAS:
            raise UnreadableBatchError
        return self._odd_slices(self._raw.decode(array))

    def _in_slices(self, events: Sequence[AuditEvent]) -> Iterator[list[AuditRecord]]:
        for start in range(0, len(events), _SLICE_ITEMS):
            yield self._records(events[start : start + _SLICE_ITEMS])

    def _odd_slices(self, items: Sequence[msgspec.Raw]) -> Iterator[list[AuditRecord]]:
        """One item, or more, is not as it should be."""
        for start in range(0, len(items), _SLICE_ITEMS):
            yield self._each(items[start : start + _SLICE_ITEMS])

    def passed_over(self, cause: Undecodable, times: int = 1) -> None:
        """Count what somebody else could not read."""
        self.undecodable[cause] += times

    def _each(self, items: Iterable[msgspec.Raw]) -> list[AuditRecord]:
        events = []
        for item in items:
            event = self._decoded(item)
            if isinstance(event, Undecodable):
                self.undecodable[event] += 1
            else:
                events.append(event)
        return self._records(events)

    def _records(self, events: Iterable[AuditEvent]) -> list[AuditRecord]:
        records = []
        for event in events:
            record = read_audit_event(event)
            if record is None:
                self.undecodable[Undecodable.SCHEMA] += 1
            else:
                records.append(record)
        return records

    def _odd_line(self, line: bytes) -> list[AuditRecord]:
        """What can be read of a line that is not one event; it counts once where not all can."""
        line = line.strip(_BLANK)
        if not line:
            return []
        whole = self._decoded(line)
        # Only what is no event as a whole: the beginning of another can be in a client's body.
        found = [whole]
        if isinstance(whole, Undecodable) and len(parts := _parts(line)) > 1:
            found = [self._decoded(part) for part in parts]
        problems = [each for each in found if isinstance(each, Undecodable)]
        if problems:
            self.undecodable[problems[0]] += 1
        events = [each for each in found if isinstance(each, AuditEvent)]
        records = []
        for event in events:
            records += self._records([event]) if event.items is None else self._each(event.items)
        return records

    def _decoded(self, text: bytes | msgspec.Raw) -> AuditEvent | Undecodable:
        try:
            return self._event.decode(text)
        except msgspec.ValidationError:
            return _cause(bytes(text), Undecodable.SCHEMA)
        except REFUSALS:
            pass
        whole = bytes(text)
        try:
            return self._event.decode(mended(whole))
        except msgspec.ValidationError:
            return Undecodable.SCHEMA
        except REFUSALS:
            return _cause(whole, Undecodable.SYNTAX)


def _cause(text: bytes, otherwise: Undecodable) -> Undecodable:
    # The time at its beginning may pass for a number.
    legacy = text[:1] != b"{" and _LEGACY in text[:256]
    return Undecodable.LEGACY if legacy else otherwise


def _parts(line: bytes) -> list[bytes]:
    """The events that may stand on one line, and what is before the first of them."""
    first, *others = line.split(_BEGINNING)
    return [part for part in (first, *(_BEGINNING + other for other in others)) if part]


class AuditLog:
    """A log that comes in pieces, which may be cut anywhere.

    Invariant: any way of cutting the same bytes gives the same records. A line of more than
    ``limit`` bytes is passed over.
    """

    def __init__(self, reader: AuditReader, limit: int = MAX_LINE_BYTES) -> None:
        self._reader = reader
        self._splitter = LineSplitter(limit)
        self._overlong = 0

    def feed(self, data: bytes) -> list[AuditRecord]:
        """The records of all lines that ``data`` completes."""
        block = self._splitter.feed(data)
        overlong = self._splitter.overlong
        if overlong != self._overlong:
            self._reader.passed_over(Undecodable.OVERLONG, overlong - self._overlong)
            self._overlong = overlong
        return self._reader.lines(block) if block else []

    def end(self) -> list[AuditRecord]:
        """There is no more, and nobody will end the last line: its records, if it is whole."""
        return self._reader.last(self._splitter.feed(b"\n")) if self._splitter.pending else []
