"""Whatever is done to a log, and whenever its reader dies: each line is taken once, in order."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.auditlog.position import LogPosition
from exporter.auditlog.tape import Tape
from tests.property.log_writer import LogWriter

Step = tuple[str, int]
_LIMIT = 100_000
_ENOUGH = 10_000

lines = st.tuples(st.sampled_from(("line", "line", "half")), st.sampled_from((0, 50, 3_000, 9_000)))
reads = st.tuples(st.just("read"), st.integers(1, 6))
crashes = st.tuples(st.just("crash"), st.integers(0, 30))
packing = st.tuples(st.sampled_from(("pack half", "pack")), st.integers(0, 3))
ticks = st.tuples(st.just("tick"), st.integers(1, 5_000))
rotations = st.tuples(st.just("rotate for a line"), st.sampled_from((0, 3_000)))
odd_rotations = st.sampled_from((("rotate", 0), ("rotate", 1)))
kept_alive = lines | lines | reads | reads | packing | ticks | rotations | odd_rotations
kept = kept_alive | crashes
truncations = st.tuples(st.just("truncate"), st.integers(0, 3)) | st.just(("crash", 0))
set_back = st.tuples(st.just("set back"), st.sampled_from((97, 1_777, 100_003)))


class Reader:
    """Takes what a tape reads; goes on, after a crash, as if it had not taken the last of it."""

    def __init__(self, path: Path, at_once: int) -> None:
        self.taken: list[bytes] = []
        self.gaps = 0
        self._path = path
        self._at_once = at_once
        self._saved: list[tuple[LogPosition, int]] = []
        self._tape = self._begun(None)

    def read(self, steps: int) -> None:
        for _ in range(steps):
            step = self._tape.step()
            assert not step.trouble
            if step.last:
                self.taken.append(step.block)
            else:
                self.taken += step.block.splitlines(keepends=True)
            self.gaps += sum(times for _, times, _ in step.gaps)
            assert step.position
            self._saved.append((step.position, len(self.taken)))
            if step.idle:
                return
        assert steps < _ENOUGH

    def crash(self, back: int) -> None:
        self.close()
        del self._saved[max(1, len(self._saved) - back) :]
        position, taken = self._saved[-1]
        del self.taken[taken:]
        self._tape = self._begun(LogPosition.from_text(position.to_text()))

    def close(self) -> None:
        self._tape.close()

    def _begun(self, position: LogPosition | None) -> Tape:
        return Tape(self._path, position, limit=_LIMIT, at_once=self._at_once)


@contextmanager
def followed(
    before: list[Step], at_once: int, *, appending: bool
) -> Iterator[tuple[LogWriter, Reader]]:
    """A log to which things have happened ``before`` it is read for the first time."""
    with tempfile.TemporaryDirectory() as folder:
        writer = LogWriter(Path(folder), appending=appending)
        reader = Reader(writer.path, at_once)
        try:
            for step in before:
                happen(step, writer, reader)
            writer.written.clear()
            reader.read(_ENOUGH)
            assert reader.taken == []
            yield writer, reader
        finally:
            writer.close()
            reader.close()


def happen(step: Step, writer: LogWriter, reader: Reader) -> None:
    match step:
        case "line", padding:
            writer.line(padding)
        case "half", padding:
            writer.half(padding)
        case "rotate", begun:
            writer.rotate()
            if begun:
                writer.begin()
        case "rotate for a line", padding:
            writer.rotate()
            writer.line(padding)
        case "tick", milliseconds:
            writer.now += timedelta(milliseconds=milliseconds)
        case "set back", seconds:
            # A line is in the file, to tell from which time it is.
            if writer.lines_in_file:
                writer.now -= timedelta(seconds=seconds)
        case "pack half", which:
            writer.pack_half(which)
        case "pack", which:
            writer.pack(which)
        case "delete", _:
            writer.delete_oldest()
        case "truncate", unread:
            writer.line()
            reader.read(_ENOUGH)
            for _ in range(unread):
                writer.line()
            writer.truncate()
        case "read", steps:
            reader.read(steps)
        case "crash", back:
            reader.crash(back)


def happens(these: list[Step], writer: LogWriter, reader: Reader) -> None:
    """And at last a line, which makes all before it complete, and all of it is read."""
    for step in these:
        happen(step, writer, reader)
    writer.line()
    reader.read(_ENOUGH)


past = st.lists(lines | packing | rotations | odd_rotations, max_size=10)
pieces = st.sampled_from((64, 1_000, 128 * 1024))


@given(past, st.lists(kept, max_size=60), pieces)
@settings(deadline=None)
def test_what_is_kept_is_read_once(before: list[Step], these: list[Step], at_once: int) -> None:
    """Rotated, compressed, unfinished, read by whoever dies at any time: and no gap is told."""
    with followed(before, at_once, appending=True) as (writer, reader):
        happens(these, writer, reader)
        assert reader.taken == writer.written
        assert reader.gaps == 0


@given(past, st.lists(kept | st.just(("delete", 0)), max_size=60), pieces)
@settings(deadline=None)
def test_what_is_deleted_unread_is_told(
    before: list[Step], these: list[Step], at_once: int
) -> None:
    """All else is read once, and in order."""
    with followed([*before, ("line", 0)], at_once, appending=True) as (writer, reader):
        happens(these, writer, reader)
        assert_only_lost(writer, reader)


@given(past, st.lists(kept_alive | truncations, max_size=60), pieces, st.booleans())
@settings(deadline=None)
def test_what_is_cut_off_unread_is_told(
    before: list[Step], these: list[Step], at_once: int, appending: bool
) -> None:
    """By a reader that was at that file; whether the server leaves a hole in it or not."""
    with followed(before, at_once, appending=appending) as (writer, reader):
        happens(these, writer, reader)
        assert_only_lost(writer, reader)


def assert_only_lost(writer: LogWriter, reader: Reader) -> None:
    missing = set(writer.written) - set(reader.taken)
    assert reader.taken == [entry for entry in writer.written if entry not in missing]
    assert missing <= writer.lost
    assert reader.gaps or not missing


@given(
    past, st.lists(set_back | reads | lines | packing | ticks | rotations | crashes, max_size=60)
)
@settings(deadline=None)
def test_a_clock_that_is_set_back_hides_no_file(before: list[Step], these: list[Step]) -> None:
    """Names are out of order then, and so can be the times with which files begin. (A server
    rotates to write a line.)
    """
    with followed(before, 128 * 1024, appending=True) as (writer, reader):
        happens(these, writer, reader)
        assert reader.taken == writer.written
        assert reader.gaps == 0
