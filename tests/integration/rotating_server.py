"""A thread that writes an audit log as an API server does: line by line, rotated, compressed."""

from __future__ import annotations

import gzip
import os
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from tests.unit.audit.events import line


class RotatingServer(threading.Thread):
    """Writes ``count`` lines to ``path``; past ``most`` bytes a file is renamed, and compressed."""

    def __init__(self, path: Path, count: int, *, most: int) -> None:
        super().__init__(name="server")
        self.path = path
        self.lines: list[bytes] = []
        """Written, or being written."""
        self.rotations = 0
        self._count = count
        self._most = most
        self._now = datetime.now(UTC)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.join()

    def run(self) -> None:
        with ThreadPoolExecutor(1) as mill:
            file, size = self._opened(), 0
            for number in range(self._count):
                text = self._line(number)
                if size + len(text) > self._most:
                    # As lumberjack does it: closed, renamed, made anew; compressed later.
                    os.close(file)
                    backup = self._backup()
                    self.path.rename(backup)
                    file, size = self._opened(), 0
                    mill.submit(_compress, backup)
                    self.rotations += 1
                self.lines.append(text)
                size += os.write(file, text)
            os.close(file)

    def _opened(self) -> int:
        return os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)

    def _line(self, number: int) -> bytes:
        self._now += timedelta(milliseconds=1)
        stamp = self._now.isoformat(timespec="microseconds").replace("+00:00", "Z")
        return line(auditID=f"{number:08}", stageTimestamp=stamp, userAgent="x" * (number % 700))

    def _backup(self) -> Path:
        stamp = self._now.strftime("%Y-%m-%dT%H-%M-%S.") + f"{self._now.microsecond // 1000:03}"
        return self.path.with_name(f"{self.path.stem}-{stamp}{self.path.suffix}")


def _compress(backup: Path) -> None:
    with backup.open("rb") as plain, gzip.open(f"{backup}.gz", "wb", 1) as packed:
        shutil.copyfileobj(plain, packed)
    backup.unlink()
