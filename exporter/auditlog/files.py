# SPDX-License-Identifier: Apache-2.0
"""Open files of a log, plain and compressed: bytes at a place in them, whatever their name is now.

Blocking: for a thread. All raise ``OSError``.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import stat
import zlib
from io import FileIO
from pathlib import Path

from exporter.auditlog.succession import first_stamp

# A line of some kind of event ends within it; the longest recorded one has 3.3 MB.
_MOST_STAMP_BYTES = 8 * 1024 * 1024
_PIECE_BYTES = 64 * 1024

Identity = tuple[int, int]
"""Device and inode: tells files apart while one of them is open."""


class DamagedError(Exception):
    """A compressed file cannot be read on from here."""


class LogFile:
    """A plain file."""

    compressed = False

    def __init__(self, descriptor: int) -> None:
        self.identity = identity_of(os.fstat(descriptor))
        self._descriptor = descriptor

    def read(self, at: int, size: int) -> bytes:
        """Up to ``size`` bytes from ``at`` on; fewer at the end only."""
        return os.pread(self._descriptor, size, at)

    def size(self) -> int:
        """Bytes of its content."""
        return os.fstat(self._descriptor).st_size

    def deleted(self) -> bool:
        """Whether it has no name any more."""
        return os.fstat(self._descriptor).st_nlink == 0

    def close(self) -> None:
        """Give it back."""
        with contextlib.suppress(OSError):  # a network may not answer; it is closed all the same
            os.close(self._descriptor)

    def content(self) -> int:
        """Where it begins, behind the NUL bytes that a truncation from outside leaves."""
        at = 0
        while data := self.read(at, _PIECE_BYTES):
            at += len(data)
            if stripped := data.lstrip(b"\0"):
                return at - len(stripped)
        return at

    def head(self, length: int) -> bytes:
        """The first bytes of its content, fewer where there are fewer; none where it is damaged."""
        try:
            return self.read(self.content(), length)
        except DamagedError:
            return b""

    def stamp(self) -> str:
        """The stage time of its first line that has one; ``""`` for none."""
        with contextlib.suppress(DamagedError):
            at, size = self.content(), _PIECE_BYTES
            while size <= _MOST_STAMP_BYTES:
                data = self.read(at, size)
                if stamp := first_stamp(data[: data.rfind(b"\n") + 1]):
                    return stamp
                if len(data) < size:
                    break
                size *= 4
        return ""

    def after_last_line(self) -> int:
        """The byte behind its last line break; 0 where it has none."""
        end = self.size()
        while end > 0:
            begin = max(0, end - _PIECE_BYTES)
            if found := self.read(begin, end - begin).rfind(b"\n") + 1:
                return begin + found
            end = begin
        return 0


class CompressedFile(LogFile):
    """One compressed by gzip. Reading on is cheap, going back is not."""

    compressed = True

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor)
        self._packed = FileIO(descriptor, closefd=False)
        self._content = gzip.GzipFile(fileobj=self._packed)

    def read(self, at: int, size: int) -> bytes:  # noqa: D102
        try:
            self._content.seek(at)
            return self._content.read(size)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise DamagedError(str(error)) from error

    def close(self) -> None:  # noqa: D102
        self._content.close()
        self._packed.close()
        super().close()

    def size(self) -> int:
        """As its last bytes say, which is cheap and may be wrong: modulo 4 GiB (RFC 1952)."""
        end = os.fstat(self._descriptor).st_size
        return int.from_bytes(os.pread(self._descriptor, 4, max(0, end - 4)), "little")


def opened(path: Path, *, compressed: bool = False) -> LogFile:
    """The file at ``path``, which must be one that has an end."""
    # Without O_NONBLOCK a FIFO would be waited for.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise OSError(f"it is {_kind(mode)} and no file")
        return CompressedFile(descriptor) if compressed else LogFile(descriptor)
    except BaseException:
        os.close(descriptor)
        raise


def identity_of(found: os.stat_result) -> Identity:
    """Of a file that is looked at by name."""
    return found.st_dev, found.st_ino


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a directory"
    return "a FIFO" if stat.S_ISFIFO(mode) else "a device"
