# SPDX-License-Identifier: Apache-2.0
"""Where to begin in a log: at a position, or for the first time.

Blocking: for a thread. Raises ``OSError``, and ``UnsettledError`` where a backup has just gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass

from exporter.auditlog.directory import LogDirectory, Look
from exporter.auditlog.files import DamagedError, LogFile
from exporter.auditlog.position import ORIGIN, LogPosition, digest
from exporter.auditlog.succession import Backup, in_order, later_than
from exporter.auditlog.track import Track


@dataclass(frozen=True, slots=True)
class Place:
    """Where reading goes on."""

    passed: Sequence[Backup]
    """What is behind it, and what is being read."""
    track: Track | None = None
    """None: with the first file that is not passed."""
    position: LogPosition | None = None
    """None: it cannot be told anew, the one before stays."""
    behind: Backup | None = None
    """The file before the one that comes next, where it is that of the position."""
    shortened: bool = False
    """Whether the end of the file is missing that had been read, and perhaps more."""


def ordered(
    directory: LogDirectory, backups: Sequence[Backup], current: LogFile | None
) -> list[Backup]:
    """As they were written. To know that, all are looked into, unless there is one alone."""
    if len(backups) < 2:
        return list(backups)
    stamps = _stamps(directory, backups)
    return in_order(backups, stamps, current.stamp() if current else "")


def begin(directory: LogDirectory, look: Look, limit: int) -> Place:
    """For the first time: whatever is there counts as read, but for a line that has no end yet."""
    if look.current and (at := look.current.after_last_line()):
        track = Track(look.current, None, limit=limit, at=at)
        look.current = None
        return Place(look.backups, track, track.position())
    # The first line to come will be the first of its file, behind all the files that there are.
    for backup in reversed(ordered(directory, look.backups, look.current)):
        with closing(directory.open(backup)) as file, suppress(DamagedError):
            track = Track(file, backup, limit=limit, at=file.size())
            if position := track.position():
                return Place(look.backups, None, position, behind=backup)
    return Place(look.backups, None, ORIGIN)


def locate(directory: LogDirectory, look: Look, position: LogPosition, limit: int) -> Place | None:
    """Where a position is by now; None where its file is gone."""
    if not position.head_bytes:
        return Place(())
    if look.current and _is_of(position, look.current):
        place = _resumed(look.current, None, position, look.backups, limit)
        look.current = None
        return place
    backups = ordered(directory, look.backups, look.current)
    for index, backup in reversed([*enumerate(backups, start=1)]):
        with ExitStack() as unused:
            file = unused.enter_context(closing(directory.open(backup)))
            if _is_of(position, file):
                place = _resumed(file, backup, position, backups[:index], limit)
                unused.pop_all()
                return place
    return None


def without(directory: LogDirectory, look: Look, position: LogPosition) -> Place:
    """Where to go on when the position's file is gone: behind all that do not begin after it."""
    later = later_than(position.since, look.backups, _stamps(directory, look.backups))
    return Place([backup for backup in look.backups if backup not in later])


def _resumed(
    file: LogFile,
    backup: Backup | None,
    position: LogPosition,
    passed: Sequence[Backup],
    limit: int,
) -> Place:
    # A server that lost its power: what was read may never have reached the disk.
    shortened = not file.compressed and file.size() < position.offset
    at = file.after_last_line() if shortened else position.offset
    track = Track(file, backup, limit=limit, at=at, since=position.since)
    return Place(passed, track, track.position() if shortened else position, shortened=shortened)


def _is_of(position: LogPosition, file: LogFile) -> bool:
    return digest(file.head(position.head_bytes)) == position.head


def _stamps(directory: LogDirectory, backups: Sequence[Backup]) -> dict[str, str]:
    return {backup.rotated: directory.stamp(backup) for backup in backups}
