# SPDX-License-Identifier: Apache-2.0
"""A place in the audit log, as a checkpoint keeps it: which file, and the byte in it.

A file is known by its head: names change with a rotation, inodes are given again, and a backup
may be compressed by the time it is looked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Annotated, Self

import msgspec

HEAD_BYTES = 4096
"""A line has its auditID in the first 120 bytes, and mostly ends within a thousand."""
# What a checkpoint may ask for: other versions can have other heads.
_MOST_HEAD_BYTES = 1024 * 1024
_DIGEST_BYTES = 16

_Count = Annotated[int, msgspec.Meta(ge=0)]


@dataclass(frozen=True, slots=True)
class LogPosition:
    """Behind the last line that was taken.

    NUL bytes before the first line, which a truncation from outside leaves, are no part of the
    head. A young file has a head of few bytes, all of them taken: whatever comes behind them, they
    stay as they are.
    """

    head: str
    """The digest of the head."""
    head_bytes: Annotated[int, msgspec.Meta(ge=0, le=_MOST_HEAD_BYTES)]
    """0 at the beginning of a log of which there was no line yet."""
    offset: _Count
    """Bytes of the uncompressed file."""
    since: str = ""
    """The stage time of the file's first line, which says what is later where the file is gone;
    ``""`` where it has none."""

    def to_text(self) -> str:
        """One line of JSON."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_text(cls, text: str) -> Self:
        """What ``to_text`` gave; ``ValueError`` for anything else."""
        try:
            position = msgspec.json.decode(text, type=cls)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            raise ValueError(f"{text[:200]!r} is no position: {error}") from error
        if position.head_bytes > position.offset:
            raise ValueError(f"{text[:200]!r} is no position: its head was not read")
        if position.since:
            datetime.fromisoformat(position.since)
        return position


def digest(head: bytes) -> str:
    """Of the head of a file: one that a client, who chooses much of a line, cannot bring about."""
    return blake2b(head, digest_size=_DIGEST_BYTES).hexdigest()


ORIGIN = LogPosition(digest(b""), 0, 0)
"""Before the first line of the first file."""
