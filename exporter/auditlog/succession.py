# SPDX-License-Identifier: Apache-2.0
"""Which file of a log follows which: backups by their names and first lines, the current one last.

The API server rotates by rename, to ``NAME-2026-11-22T13-08-47.739.log``, the UTC time of the
rotation, and compresses later, to the same with ``.gz`` (lumberjack 2.2.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import msgspec

from exporter.audit.mending import REFUSALS

_ROTATED = r"(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d\.\d{3})"
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", re.ASCII)
# Requests that end at the same time are written in any order.
_JITTER = timedelta(milliseconds=100)


@dataclass(frozen=True, slots=True)
class Backup:
    """A file that was the current one before."""

    rotated: str
    """When: RFC 3339 without its zone. It is kept in the name when the file is compressed."""
    name: str
    compressed: bool


class Family:
    """Knows the backups of the file ``name`` by their names."""

    def __init__(self, name: str) -> None:
        stem, dot, extension = name.rpartition(".")
        if not dot:
            stem, extension = name, ""
        self._pattern = re.compile(
            re.escape(stem + "-") + _ROTATED + re.escape(dot + extension) + r"(\.gz)?", re.ASCII
        )

    def backups(self, names: Iterable[str]) -> list[Backup]:
        """Those among the names of a directory, by the time of their rotation.

        Beside a plain file its compressed one is unfinished: it is left out.
        """
        found: dict[str, Backup] = {}
        for name in names:
            match = self._pattern.fullmatch(name)
            if match is None:
                continue
            rotated = f"{match[1]}T{match[2]}:{match[3]}:{match[4]}"
            backup = Backup(rotated, name, match[5] is not None)
            if _is_time(rotated) and not (backup.compressed and rotated in found):
                found[rotated] = backup
        return [found[rotated] for rotated in sorted(found)]


def in_order(
    backups: Sequence[Backup], stamps: Mapping[str, str], current: str = ""
) -> list[Backup]:
    """Backups in the order in which they were written. They come by name.

    ``stamps`` are the stage times with which they begin, by ``rotated``, ``current`` is that of the
    current file; ``""`` where it is not known. Where names and beginnings disagree a clock was set
    back. Then neither can be trusted, but that a file begins when the one before it was rotated.
    """
    begins = _begins(backups, stamps)
    ends = {backup: _time(backup.rotated) for backup in backups}
    following = [begins[backup] for backup in backups[1:]]
    if current:
        following.append(_time(current))
    forwards = all(begins[one] <= begins[other] for one, other in pairwise(backups))
    if forwards and all(begins[each] <= ends[each] + _JITTER for each in backups):
        return list(backups)
    if all(
        abs(ends[one] - begin) <= _JITTER for one, begin in zip(backups, following, strict=False)
    ):
        return list(backups)
    return _linked(begins, ends, _time(current) if current else None)


def later_than(since: str, backups: Sequence[Backup], stamps: Mapping[str, str]) -> list[Backup]:
    """Those that begin after a file did that began at ``since``; all where that is not known.

    A file without a whole line is later if it ended later: none of its lines can count twice.
    """
    if not since:
        return list(backups)
    return [each for each in backups if _time(stamps[each.rotated] or each.rotated) > _time(since)]


def _begins(backups: Sequence[Backup], stamps: Mapping[str, str]) -> dict[Backup, datetime]:
    """Where a file has no whole line, it begins when the one before it ends."""
    begins: dict[Backup, datetime] = {}
    before = ""
    for backup in backups:
        stamp = stamps.get(backup.rotated, "")
        begins[backup] = _time(stamp or before or backup.rotated)
        before = max(backup.rotated, stamp or before)
    return begins


def _linked(
    begins: Mapping[Backup, datetime], ends: dict[Backup, datetime], current: datetime | None
) -> list[Backup]:
    """From the last to the first: before each the one whose end is nearest to its beginning."""

    def nearest(begin: datetime) -> Backup:
        return min(ends, key=lambda each: abs(ends[each] - begin))

    def loneliest() -> Backup:
        return max(ends, key=lambda each: min(abs(ends[each] - b) for b in begins.values()))

    reverse = [nearest(current) if current else loneliest()]
    while len(ends) > 1:
        del ends[reverse[-1]]
        reverse.append(nearest(begins[reverse[-1]]))
    return reverse[::-1]


class Succession:
    """Which backups are behind the reader, and which are known to come.

    By name, not by time: of a backup that appears while the log is followed it is certain that it
    is later, whatever the clock did. Names are kept for ever: one for each file, which has 100 MB.
    """

    def __init__(self, passed: Iterable[str] = ()) -> None:
        self._passed = set(passed)
        self._expected: set[str] = set()

    @property
    def expecting(self) -> bool:
        """Whether a backup was still to come when last listed."""
        return bool(self._expected)

    def passed(self, rotated: str) -> None:
        """It has been read, or is being read."""
        self._passed.add(rotated)
        self._expected.discard(rotated)

    def to_come(self, rotated: str) -> None:
        """Nothing was taken of it after all."""
        self._passed.discard(rotated)
        self._expected.add(rotated)

    def listed(self, backups: Iterable[Backup]) -> int:
        """What there is now; how many are gone that were to come."""
        there = {backup.rotated for backup in backups}
        gone = len(self._expected - there)
        self._expected = there - self._passed
        return gone

    def later(self, backups: Iterable[Backup]) -> list[Backup]:
        """Those that are to come, by name."""
        return [backup for backup in backups if backup.rotated not in self._passed]


class _Stamped(msgspec.Struct, gc=False):
    stage_timestamp: str = msgspec.field(default="", name="stageTimestamp")


_decoder = msgspec.json.Decoder(_Stamped)


def first_stamp(lines: bytes) -> str:
    """The stage time of the first line that has one, comparable as text; ``""`` for none."""
    for line in lines.split(b"\n"):
        try:
            stamp = _decoder.decode(line.lstrip(b"\0")).stage_timestamp
        except REFUSALS:
            continue
        # Without the Z, or a whole second would be later than its fractions.
        if _STAMP.fullmatch(stamp) and _is_time(stamp[:-1]):
            return stamp[:-1]
    return ""


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _is_time(text: str) -> bool:
    try:
        _time(text)
    except ValueError:
        return False
    return True
