# SPDX-License-Identifier: Apache-2.0
"""What there is of a log at one moment: its current file, opened, and its backups.

Blocking: for a thread.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from exporter.auditlog.files import Identity, LogFile, identity_of, opened
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
    identities: Mapping[Backup, Identity]
    """Of the backups, which are in the order of their names."""

    @property
    def backups(self) -> Sequence[Backup]:
        """In the order of their names."""
        return tuple(self.identities)

    def close(self) -> None:
        """Give the current file back, where nobody took it."""
        if self.current:
            self.current.close()


class LogDirectory:
    """Where the file ``path`` and its backups are."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._family = Family(path.name)

    def look(self) -> Look:
        """A moment that was: no rotation happened between listing and opening.

        Raises ``OSError`` where it may not be seen, ``UnsettledError`` where it never settles.
        """
        for _ in range(_TRIES):
            current = self._current()
            try:
                # A listing can miss a file that is renamed, or a compressed one that was made
                # when the listing had begun and replaced the plain one before it ended.
                backups = self._backups()
                again = self._backups()
                settled = self.is_current(current) and backups == again
            except BaseException:
                if current:
                    current.close()
                raise
            look = Look(current, current.size() if current else 0, current is None, backups)
            if settled:
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
        try:
            return opened(self.path.with_name(backup.name), compressed=backup.compressed)
        except FileNotFoundError as error:
            raise UnsettledError from error

    def size(self, backup: Backup) -> int:
        """Of its content."""
        with closing(self.open(backup)) as file:
            return file.size()

    def _current(self) -> LogFile | None:
        try:
            return opened(self.path)
        except FileNotFoundError:
            return None

    def _backups(self) -> dict[Backup, Identity]:
        try:
            names = os.listdir(self.path.parent)  # noqa: PTH208 - names, not paths
        except FileNotFoundError:
            return {}
        found: dict[Backup, Identity] = {}
        for backup in self._family.backups(names):
            try:
                looked_at = self.path.with_name(backup.name).stat()
            except FileNotFoundError:
                continue
            if stat.S_ISREG(looked_at.st_mode):
                found[backup] = identity_of(looked_at)
        return found
