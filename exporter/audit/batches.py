# SPDX-License-Identifier: Apache-2.0
"""A batch of the audit webhook in pieces, none of which takes long or much memory to decode.

It can have 64 MiB, of whatever its sender likes: a list of 32 million zeros would be as many
objects at once. So its items are looked at together only as bytes, and cut where one begins.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeVar

import msgspec

from exporter.audit.mending import REFUSALS

PIECE_BYTES = 1024 * 1024
# Where an item of an API server, or of its log, begins; then where any object does. In a string
# the quotes would be escaped. Within an item, where they can stand as well, a cut leaves a piece
# that is no JSON.
_BOUNDARIES = (
    re.compile(rb'\}\s*(,)\s*\{\s*"(?:level|kind|apiVersion|auditID)"\s*:'),
    re.compile(rb'\}\s*(,)\s*\{\s*"'),
)
T = TypeVar("T")


class _EventList(msgspec.Struct, gc=False):
    items: msgspec.Raw


_BRACKET = ord("[")
_LIST = msgspec.json.Decoder(_EventList)


def items_of(body: bytes) -> memoryview | None:
    """What stands between the brackets of an EventList's items.

    None where it is no EventList, or has what must be mended first (``mending``).
    """
    try:
        array = memoryview(_LIST.decode(body).items)
    except REFUSALS:
        return None
    return array[1:-1] if array[0] == _BRACKET else None


def pieces(items: memoryview, decode: Callable[[bytes], T]) -> Iterator[T | None]:
    """What ``decode`` makes of each piece; None where that took time and came to nothing.

    It is given the JSON of an array, and raises ``msgspec.DecodeError`` where it is none, which is
    so if it was cut within an item: then it is given a longer one.
    """
    start, size = 0, PIECE_BYTES
    while start < len(items):
        end, last = _end(items, start + size)
        try:
            made = decode(b"".join((b"[", items[start:end], b"]")))
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError:
            if last:
                raise
            size = 2 * (end - start)
            yield None
        else:
            yield made
            start, size = end + 1, PIECE_BYTES


def _end(items: memoryview, least: int) -> tuple[int, bool]:
    """Where a piece may end, not before ``least``; whether nothing is behind it."""
    if least < len(items):
        for boundary in _BOUNDARIES:
            found = boundary.search(items, least)
            if found:
                return found.start(1), False
    return len(items), True
