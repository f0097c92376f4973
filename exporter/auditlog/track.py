# SPDX-License-Identifier: Apache-2.0
"""One file of a log, read on: its bytes cut into whole lines, and the position behind them.

Blocking: for a thread.
"""

from __future__ import annotations

from exporter.auditlog.files import LogFile
from exporter.auditlog.position import HEAD_BYTES, LogPosition, digest
from exporter.auditlog.succession import Backup, first_stamp
from exporter.framing import LineSplitter


class TruncatedError(Exception):
    """The file does not hold any more what was read of it."""


class Track:
    """Reads ``file`` from the byte ``at`` on, where a line begins.

    ``backup`` says which file of the log it is, None as long as it is the current one. Lines of
    more than ``limit`` bytes are passed over. ``since`` is the stage time of its first line, where
    that is known.
    """

    def __init__(
        self,
        file: LogFile,
        backup: Backup | None,
        *,
        limit: int,
        at: int = 0,
        since: str = "",
    ) -> None:
        self.file = file
        self.backup = backup
        self.complete = False
        """Whether another file follows: nobody writes to this one any more."""
        self._splitter = LineSplitter(limit)
        self._read = at
        self._unended = 0
        """Bytes of a line that has no end yet."""
        self._start = min(file.content(), at) if at else 0
        self._head = file.read(self._start, min(HEAD_BYTES, at - self._start)) if at else b""
        self._since = since or (file.stamp() if at else "")

    @property
    def taken(self) -> int:
        """The byte behind the last whole line that was read."""
        return self._read - self._unended

    @property
    def head(self) -> bytes:
        """The first bytes of what was read."""
        return self._head

    @property
    def overlong(self) -> int:
        """Lines over the limit, passed over."""
        return self._splitter.overlong

    def position(self) -> LogPosition | None:
        """Behind ``taken``; None as long as nothing of this file was taken, to know it by."""
        size = min(len(self._head), self.taken - self._start)
        if size <= 0:
            return None
        return LogPosition(digest(self._head[:size]), size, self.taken, self._since)

    def advance(self, most: int) -> tuple[int, bytes]:
        """How many bytes were read, up to ``most``, 0 at the end; and the lines they complete.

        Raises ``TruncatedError``, and ``DamagedError`` for a compressed file.
        """
        data = self.file.read(self._read, most)
        # Afterwards: what is still there now was there while we read.
        if not self._intact(self._read + len(data)):
            raise TruncatedError
        at, size = self._read, len(data)
        self._read += size
        if not self._splitter.pending:
            # A hole of 100 MB is no line.
            data = data.lstrip(b"\0")
            at = self._read - len(data)
        if not self._head:
            self._start = at
        if len(self._head) < HEAD_BYTES and at == self._start + len(self._head):
            self._head += data[: HEAD_BYTES - len(self._head)]
        end = data.rfind(b"\n") + 1
        self._unended = len(data) - end if end else self._unended + len(data)
        block = self._splitter.feed(data)
        if block and not self._since:
            self._since = first_stamp(block)
        return size, block

    def last(self) -> bytes:
        """What is behind the last line break of a file that nobody writes to any more."""
        self._unended = 0
        return self._splitter.feed(b"\n")[:-1] if self._splitter.pending else b""

    def unread(self) -> int:
        """Bytes behind ``taken``, as far as is known."""
        return max(0, self.file.size() - self.taken)

    def _intact(self, end: int) -> bool:
        if self.file.compressed:
            return True
        same = self.file.read(self._start, len(self._head)) == self._head
        return same and self.file.size() >= end
