# SPDX-License-Identifier: Apache-2.0
"""The files of a log as one tape: read on from a position, from one file to the next.

A file is read to its end, and left only when another one follows that has bytes: until then the
server may write to it, whatever its name is. Blocking: for a thread, which alone uses it.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from exporter.auditlog.directory import LogDirectory, Look, UnsettledError
from exporter.auditlog.files import DamagedError
from exporter.auditlog.finding import Place, begin, locate, ordered, without
from exporter.auditlog.position import LogPosition
from exporter.auditlog.succession import Backup, Succession
from exporter.auditlog.telemetry import Gap
from exporter.auditlog.track import Track, TruncatedError

# With what is held of a line, a block stays below twice of it.
READ_BYTES = 128 * 1024


@dataclass(frozen=True, slots=True)
class Measures:
    """Bytes."""

    at: int
    """In the file that is read."""
    size: int
    """Of the current file."""
    backlog: int
    """Unread, as far as is known."""


@dataclass(slots=True)
class Step:
    """What came of one step: nothing of it has happened before somebody takes it."""

    block: bytes = b""
    """Whole lines; where ``last``, the rest of a file that does not end with a line break."""
    last: bool = False
    position: LogPosition | None = None
    """Behind the block."""
    idle: bool = False
    """There is no more for now."""
    trouble: str = ""
    """Why the log cannot be read."""
    absent: bool = False
    """There is no current file, as for a moment in each rotation."""
    read: int = 0
    overlong: int = 0
    rotations: int = 0
    gaps: list[tuple[Gap, int, str]] = field(default_factory=list)
    """Cause, how often, what happened."""
    measured: Measures | None = None


# The oldest are deleted first. While the file that we know is there, or one that comes after it
# was listed, we know what came next.
_OUT_OF_SIGHT = (
    Gap.ROTATED_AWAY,
    1,
    "the file that was read last is deleted, and perhaps others that came after it",
)


class Tape:
    """Reads the log at ``path``, from ``position``; from its end where that is None.

    At most ``at_once`` bytes a step. Lines of more than ``limit`` bytes are passed over.
    """

    def __init__(
        self, path: Path, position: LogPosition | None, *, limit: int, at_once: int = READ_BYTES
    ) -> None:
        self._directory = LogDirectory(path)
        self._position = position
        self._limit = limit
        self._at_once = at_once
        self._succession = Succession()
        self._track: Track | None = None
        self._overlong = 0
        """Of the track, counted."""
        self._located = False
        """Or where we are is known by the position alone."""
        self._cut_off = False
        """Whether that is because its file was truncated before our eyes."""
        self._behind: Backup | None = None
        """The one before that which is read, or is to be read next."""
        self._size = 0
        self._later = 0
        """Bytes of the files behind that of the track."""

    def step(self) -> Step:
        """Read a block, or find out what to read next."""
        step = Step()
        try:
            self._step(step)
            step.measured = self._measures()
        except UnsettledError:
            pass  # the next step looks again
        except OSError as error:
            self._let_go()
            step.idle = True
            step.trouble = error.strerror or str(error)
        step.position = self._position
        return step

    def close(self) -> None:
        """Give back what is open."""
        track, self._track = self._track, None
        if track:
            track.file.close()

    def _step(self, step: Step) -> None:
        track = self._track
        if track is None:
            self._find(step)
            return
        try:
            step.read, step.block = track.advance(self._at_once)
        except TruncatedError:
            self._truncated(step)
            return
        except DamagedError as error:
            step.gaps.append((Gap.TRUNCATED, 1, f"a compressed backup is damaged: {error}"))
            self._leave(track, step)
            return
        self._follow(track, step)
        if track.complete and not step.read:
            self._leave(track, step)
        elif not track.complete and step.read < self._at_once:
            self._at_the_end(track, step)

    def _measures(self) -> Measures:
        track = self._track
        at = track.taken if track else self._position.offset if self._position else 0
        return Measures(at, self._size, self._later + (track.unread() if track else 0))

    def _follow(self, track: Track, step: Step) -> None:
        """The position is behind what the track took."""
        step.overlong += track.overlong - self._overlong
        self._overlong = track.overlong
        self._position = track.position() or self._position

    def _at_the_end(self, track: Track, step: Step) -> None:
        """Of what there is now. Does another file follow, or will there be more of this one?"""
        if track.backup is None and self._directory.is_current(track.file):
            self._size, self._later = track.file.size(), 0
            step.idle = True
            return
        if track.backup and self._succession.expecting:
            self._behind = track.backup
            track.complete = True
            return
        with closing(self._directory.look()) as look:
            known = self._succession.expecting
            there = self._recognised(look, track)
            self._listed(look, step)
            is_current = look.current is not None and look.current.identity == track.file.identity
            later = self._succession.later(look.backups)
            # If so we read once more: it may have been written to since we came to its end.
            track.complete = bool(later) or (look.size > 0 and not is_current)
            if track.complete and not there and not known and track.file.deleted():
                step.gaps.append(_OUT_OF_SIGHT)
            self._behind = track.backup if there else None
            step.idle = not track.complete
            step.absent = step.idle and look.absent
            self._later = self._ahead(look)

    def _recognised(self, look: Look, track: Track) -> bool:
        """Whether the file has a name in the log, whatever it is now."""
        if track.backup is None:
            for backup in self._succession.later(look.backups):
                if self._same(backup, track):
                    track.backup = backup
                    self._succession.passed(backup.rotated)
                    return True
            return look.current is not None and look.current.identity == track.file.identity
        return track.backup in look

    def _same(self, backup: Backup, track: Track) -> bool:
        if not backup.compressed:
            return self._directory.is_file(backup, track.file)
        if not track.head:
            return False
        with closing(self._directory.open(backup)) as file:
            return file.head(len(track.head)) == track.head

    def _leave(self, track: Track, step: Step) -> None:
        """Nobody writes to it any more."""
        step.block = track.last()
        step.last = bool(step.block)
        self._follow(track, step)
        step.rotations = 1
        self.close()

    def _truncated(self, step: Step) -> None:
        self._let_go()
        if self._located:
            reason = "the file was truncated before a line of it was taken"
            step.gaps.append((Gap.TRUNCATED, 1, reason))
        else:
            # Perhaps it was moved by copying: the copy has all of it.
            self._cut_off = True

    def _let_go(self) -> None:
        """Of the file that is read; what was taken of it, the position knows."""
        if self._track and self._track.position():
            self._located = False
        elif self._track and self._track.backup:
            self._succession.to_come(self._track.backup.rotated)
        self.close()

    def _find(self, step: Step) -> None:
        """What to read next."""
        with closing(self._directory.look()) as look:
            if not self._located:
                self._locate(look, step)
            known = self._succession.expecting
            self._listed(look, step)
            if self._track is None:
                if self._behind and self._behind not in look and not known:
                    step.gaps.append(_OUT_OF_SIGHT)
                    self._behind = None
                self._open_next(look)
            self._later = self._ahead(look)
            step.idle = self._track is None
            step.absent = step.idle and look.absent

    def _locate(self, look: Look, step: Step) -> None:
        if self._position is None:
            place = begin(self._directory, look, self._limit)
        else:
            found = locate(self._directory, look, self._position, self._limit)
            place = found or self._gone(look, self._position, step)
        if place.shortened:
            step.gaps.append((Gap.TRUNCATED, 1, "the end of the file is missing, which was read"))
        self._adopt(place.track)
        self._behind = place.behind
        for backup in place.passed:
            self._succession.passed(backup.rotated)
        self._position = place.position or self._position
        self._located, self._cut_off = True, False

    def _gone(self, look: Look, position: LogPosition, step: Step) -> Place:
        if self._cut_off:
            # What is behind us we have seen ourselves.
            step.gaps.append((Gap.TRUNCATED, 1, "the file was truncated"))
            return Place(())
        place = without(self._directory, look, position)
        reason = "the file that was read last is gone, and what was not read of it"
        step.gaps.append((Gap.ROTATED_AWAY, 1, reason))
        return place

    def _open_next(self, look: Look) -> None:
        to_come = self._succession.later(look.backups)
        later = ordered(self._directory, to_come, look.current)
        if later:
            file = self._directory.open(later[0])
            self._succession.passed(later[0].rotated)
            self._adopt(Track(file, later[0], limit=self._limit))
        elif look.current and look.size:
            self._adopt(Track(look.current, None, limit=self._limit))
            look.current = None

    def _adopt(self, track: Track | None) -> None:
        self._track = track
        self._overlong = 0

    def _listed(self, look: Look, step: Step) -> None:
        self._size = look.size
        if gone := self._succession.listed(look.backups):
            reason = "backups were deleted before they were read"
            step.gaps.append((Gap.ROTATED_AWAY, gone, reason))

    def _ahead(self, look: Look) -> int:
        """Bytes of the files behind that which is read."""
        later = self._succession.later(look.backups)
        reading_current = self._track is not None and self._track.backup is None
        current = 0 if reading_current else look.size
        return current + sum(self._directory.size(backup) for backup in later)
