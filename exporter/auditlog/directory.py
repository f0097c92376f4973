# SPDX-License-Identifier: Apache-2.0
"""What there is of a log at one moment: its current file, opened, and its backups.

Blocking: for a thread.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from exporter.auditlog.files import LogFile, identity_of, opened
from exporter.auditlog.succession import Backup, Family

# Each costs microseconds; a rotation takes at least as long as it takes to write a file.
_TRIES = 20


class UnsettledError(Exception):
    """Files come and go faster than we can look."""


@dataclass(slots=True)
class Look:
    """One moment."""

    current: LogFile | None
    """None where there is none, or somebody took it."""
    size: int
    """Its bytes; 0 for none."""
    absent: bool
    """Whether there is none."""
    backups: Sequence[Backup]
    """In the order of their names."""

    def __contains__(self, backup: Backup) -> bool:
        """Whether it is still there, compressed meanwhile or not."""
        return any(each.rotated == backup.rotated for each in self.backups)

    def close(self) -> None:
        """Give the current file back, where nobody took it."""
        if self.current:
            self.current.close()


class LogDirectory:
    """Where the file ``path`` and its backups are."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._family = Family(path.name)
        self._stamps: dict[str, str] = {}
        self._sizes: dict[str, int] = {}

    def look(self) -> Look:
        """A moment that was: no rotation happened between listing and opening.

        Raises ``OSError`` where it may not be seen, ``UnsettledError`` where it never settles.
        """
        for _ in range(_TRIES):
            current = self._current()
            try:
                # Twice: a listing can miss a file that is renamed, or a compressed one that was
                # made when the listing had begun and replaced the plain one before it ended.
                backups = self._backups()
                again = self._backups()
                settled = self.is_current(current) and backups == again
                size = current.size() if current else 0
            except BaseException:
                if current:
                    current.close()
                raise
            look = Look(current, size, current is None, backups)
            if settled:
                self._forget_all_but(backups)
                return look
            look.close()
        raise UnsettledError

    def is_current(self, file: LogFile | None) -> bool:
        """Whether ``path`` is this file; None: whether there is none."""
        try:
            found = identity_of(self.path.stat())
        except FileNotFoundError:
            return file is None
        return file is not None and file.identity == found

    def open(self, backup: Backup) -> LogFile:
        """A backup; ``UnsettledError`` where it has gone meanwhile, or was compressed."""
        with _still_there():
            return opened(self._place(backup), compressed=backup.compressed)

    def is_file(self, backup: Backup, file: LogFile) -> bool:
        """Whether a backup is this open file, under another name."""
        with _still_there():
            return identity_of(self._place(backup).stat()) == file.identity

    def stamp(self, backup: Backup) -> str:
        """The stage time that it begins with, which is read once; ``""`` for none."""
        if known := self._stamps.get(backup.rotated):
            return known
        with closing(self.open(backup)) as file:
            self._stamps[backup.rotated] = stamp = file.stamp()
            return stamp

    def size(self, backup: Backup) -> int:
        """Of its content, looked at once."""
        if (known := self._sizes.get(backup.rotated)) is not None:
            return known
        with closing(self.open(backup)) as file:
            self._sizes[backup.rotated] = size = file.size()
            return size

    def _forget_all_but(self, backups: Sequence[Backup]) -> None:
        there = {backup.rotated for backup in backups}
        for known in (self._stamps, self._sizes):
            for rotated in known.keys() - there:
                del known[rotated]

    def _place(self, backup: Backup) -> Path:
        return self.path.with_name(backup.name)

    def _current(self) -> LogFile | None:
        try:
            return opened(self.path)
        except FileNotFoundError:
            return None

    def _backups(self) -> list[Backup]:
        try:
            with os.scandir(self.path.parent) as listing:
                names = [entry.name for entry in listing if entry.is_file()]
        except FileNotFoundError:
            return []
        return self._family.backups(names)


@contextmanager
def _still_there() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise UnsettledError from error
