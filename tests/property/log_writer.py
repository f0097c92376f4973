"""Writes an audit log as an API server does, and does to it what happens to logs."""

from __future__ import annotations

import gzip
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path


class LogWriter:
    """The log ``audit.log`` in ``folder``; all that was ever written is in ``written``.

    An entry of ``written`` is a whole line, or the half of one with which a file ended.
    """

    def __init__(self, folder: Path, *, appending: bool = True) -> None:
        self.path = folder / "audit.log"
        self.written: list[bytes] = []
        self.lost: set[bytes] = set()
        """What was deleted or cut off; somebody may have read it before."""
        self.now = datetime(2026, 11, 22, 12, tzinfo=UTC)
        self._flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if appending else 0)
        self._file = -1
        self._half = self._rest = b""
        self._in_file: list[bytes] = []
        self._backups: list[tuple[Path, list[bytes]]] = []
        self._number = 0

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    @property
    def lines_in_file(self) -> int:
        """Of the current file."""
        return len(self._in_file)

    def line(self, padding: int = 0) -> None:
        """A line, or the end of one that was begun."""
        rest = self._rest or self._text(padding)
        self._write(rest)
        self._finished(self._half + rest)
        self._half = self._rest = b""

    def half(self, padding: int = 0) -> None:
        """The beginning of a line."""
        if not self._half:
            text = self._text(padding)
            self._half, self._rest = text[: len(text) // 2], text[len(text) // 2 :]
            self._write(self._half)

    def begin(self) -> None:
        """Make the current file, with nothing in it, where there is none."""
        if self._file < 0:
            self._file = os.open(self.path, self._flags, 0o600)

    def rotate(self) -> None:
        """Rename the current file; the next line makes another. What is half a line stays so."""
        if self._file < 0:
            return
        self.close()
        if self._half:
            self._finished(self._half)
            self._half = self._rest = b""
        while self._backup_path().exists() or self._packed(self._backup_path()).exists():
            self.now += timedelta(milliseconds=1)
        backup = self._backup_path()
        self.path.rename(backup)
        self._backups.append((backup, self._in_file))
        self._in_file = []

    def pack_half(self, which: int) -> None:
        """Begin to compress a backup: both files are there, one is unfinished."""
        if plain := self._plain(which):
            whole = gzip.compress(plain.read_bytes())
            self._packed(plain).write_bytes(whole[: len(whole) // 2])

    def pack(self, which: int) -> None:
        """Compress a backup."""
        if plain := self._plain(which):
            with gzip.open(self._packed(plain), "wb") as packed:
                packed.write(plain.read_bytes())
            plain.unlink()

    def truncate(self) -> None:
        """Somebody else cuts the current file off; we write on where we were."""
        if self._file >= 0:
            os.truncate(self.path, 0)
            self.lost.update(self._in_file)
            self._in_file = []
            self._half = self._rest = b""

    def delete_oldest(self) -> None:
        if self._backups:
            backup, lines = self._backups.pop(0)
            backup.unlink(missing_ok=True)
            self._packed(backup).unlink(missing_ok=True)
            self.lost.update(lines)

    def _text(self, padding: int) -> bytes:
        self._number += 1
        stamp = self.now.isoformat(timespec="microseconds").replace("+00:00", "Z")
        # The time is behind what clients choose, as on the wire.
        begin = f'{{"kind":"Event","auditID":"{self._number:06}","x":"{"x" * padding}'
        self.now += timedelta(seconds=61.237, microseconds=10_003 * self._number)
        return f'{begin}","stageTimestamp":"{stamp}"}}\n'.encode()

    def _write(self, data: bytes) -> None:
        self.begin()
        os.write(self._file, data)

    def _finished(self, entry: bytes) -> None:
        self.written.append(entry)
        self._in_file.append(entry)

    def _backup_path(self) -> Path:
        stamp = self.now.strftime("%Y-%m-%dT%H-%M-%S.") + f"{self.now.microsecond // 1000:03}"
        return self.path.with_name(f"audit-{stamp}.log")

    def _packed(self, plain: Path) -> Path:
        return plain.with_name(plain.name + ".gz")

    def _plain(self, which: int) -> Path | None:
        there = [backup for backup, _ in self._backups if backup.exists()]
        return there[which % len(there)] if there else None
