"""A log that is read while things happen to it: the situations of a tailer."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.auditlog.telemetry import Gap
from tests.unit.auditlog.taped import Taped, entry


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Taped]:
    """One that was read up to its first line."""
    taped = Taped(tmp_path)
    taped.write(entry(0))
    taped.begin(None)
    taped.read()
    yield taped
    taped.end()


def test_the_old_file_is_read_to_its_end_and_then_the_next(log: Taped) -> None:
    log.write(entry(1))
    log.rotate(1)
    log.write(entry(2))
    assert log.read() == entry(1) + entry(2)
    assert log.gaps == []


def test_as_long_as_nothing_follows_a_renamed_file_is_read_on(log: Taped) -> None:
    """A server that never opens its log again writes to it for ever, whoever renames it."""
    log.rotate(1)
    log.path.touch()
    assert log.read() == b""
    log.write(entry(1), log.backup(1))
    assert log.read() == entry(1)
    log.path.unlink()
    log.write(entry(2), log.backup(1))
    assert log.read() == entry(2)
    assert log.last.absent


def test_several_rotations_between_two_looks_hide_nothing(log: Taped) -> None:
    """Though the file that was read is compressed by then."""
    log.write(entry(1))
    for minute in range(1, 5):
        log.rotate(minute)
        log.write(entry(1 + minute))
    log.pack(1)
    log.pack(3)
    assert log.read() == b"".join(map(entry, range(1, 6)))
    assert log.gaps == []


def test_a_backup_that_is_renamed_to_another_pattern_is_no_loss(log: Taped) -> None:
    log.write(entry(1))
    log.path.rename(log.path.with_name("audit.log.1"))
    log.write(entry(2))
    assert log.read() == entry(1) + entry(2)
    assert log.gaps == []


def test_a_file_that_is_deleted_while_it_is_open_is_read_to_its_end(log: Taped) -> None:
    """But whether there was another between it and the current one, nobody knows."""
    log.write(entry(1))
    log.path.unlink()
    assert log.read() == entry(1)
    log.write(entry(2))
    assert log.read() == entry(2)
    assert log.gaps == [Gap.ROTATED_AWAY]


def test_backups_that_were_to_come_and_are_deleted_are_each_told(log: Taped) -> None:
    log.end()
    for minute in range(1, 5):
        log.rotate(minute)
        log.write(entry(minute))
    log.restart()
    log.step()
    log.backup(2).unlink()
    log.backup(3).unlink()
    assert log.read() == entry(3) + entry(4)
    assert log.gaps == [Gap.ROTATED_AWAY] * 2


def test_a_truncated_file_is_read_from_its_beginning(log: Taped) -> None:
    os.truncate(log.path, 0)
    assert log.read() == b""
    log.write(entry(1))
    assert log.read() == entry(1)
    assert log.gaps == [Gap.TRUNCATED]


def test_a_truncation_is_seen_though_the_file_has_grown_beyond_it(log: Taped) -> None:
    os.truncate(log.path, 0)
    log.write(entry(1) + entry(2))
    assert log.read() == entry(1) + entry(2)
    assert log.gaps == [Gap.TRUNCATED]


def test_the_hole_of_a_server_that_writes_on_where_it_was_is_no_line(log: Taped) -> None:
    """It may be larger than any line; and the second hole is told from the first."""
    with log.path.open("r+b") as server:
        for number in range(1, 3):
            server.seek(number * 3_000_000)
            os.truncate(log.path, 0)
            server.write(entry(number))
            server.flush()
            assert log.read() == entry(number)
            assert log.gaps == number * [Gap.TRUNCATED]
    log.restart()
    assert log.read() == b""
    assert log.last.overlong == 0
    log.rotate(1)
    log.pack(1)
    log.write(entry(3))
    assert log.read() == entry(3)
    assert log.gaps == 2 * [Gap.TRUNCATED]


def test_a_copy_made_before_a_truncation_has_what_was_not_read(log: Taped) -> None:
    log.write(entry(1))
    shutil.copy(log.path, log.backup(1))
    os.truncate(log.path, 0)
    log.write(entry(2))
    assert log.read() == entry(1) + entry(2)
    assert log.gaps == []


def test_half_a_line_that_is_cut_off_is_told(log: Taped) -> None:
    """Though nothing of its file was taken."""
    log.rotate(1)
    log.write(b"half")
    log.read()
    os.truncate(log.path, 0)
    log.write(entry(1))
    assert log.read() == entry(1)
    assert log.gaps == [Gap.TRUNCATED]


def test_half_a_line_is_read_when_it_is_finished_or_its_file_is(log: Taped) -> None:
    log.write(entry(1) + entry(2)[:20])
    assert log.read() == entry(1)
    before = log.last.position
    log.write(entry(2)[20:40])
    assert log.read() == b""
    assert log.last.position == before
    log.write(entry(2)[40:] + b"half")
    assert log.read() == entry(2)
    log.rotate(1)
    log.write(entry(3))
    assert log.read() == b"half" + entry(3)
    assert log.taken[-2:] == [(b"half", True), (entry(3), False)]


@pytest.mark.parametrize("size", [50, 128 * 1024, 300_000, 1_100_000])
def test_a_line_of_any_length_comes_whole_or_is_counted(log: Taped, size: int) -> None:
    """Also at the end of a file, where it has no line break."""
    limit = 1_000_000
    log.write(entry(1, size) + entry(2) + entry(3, size)[:-1])
    log.rotate(1)
    log.write(entry(4))
    kept = size < limit
    first, third = (entry(1, size), entry(3, size)[:-1]) if kept else (b"", b"")
    overlong = 0
    taken = b""
    while not log.last.idle or not taken.endswith(entry(4)):
        log.last = log.step()
        taken += log.last.block
        overlong += log.last.overlong
    assert taken == first + entry(2) + third + entry(4)
    assert overlong == (0 if kept else 2)
    assert log.gaps == []


def test_a_damaged_backup_is_read_as_far_as_it_goes(log: Taped) -> None:
    log.end()
    log.write(b"".join(entry(number, number) for number in range(1, 500)))
    log.rotate(1)
    packed = log.pack(1)
    packed.write_bytes(packed.read_bytes()[:-100])
    log.write(entry(500))
    log.restart()
    taken = log.read()
    assert taken.startswith(entry(1, 1) + entry(2, 2))
    assert taken.endswith(entry(500))
    assert log.gaps == [Gap.TRUNCATED]


def test_a_link_or_directory_named_like_a_backup_is_none(log: Taped) -> None:
    log.backup(1).symlink_to("nowhere")
    log.backup(2).mkdir()
    log.rotate(3)
    log.write(entry(1))
    assert log.read() == entry(1)


def test_after_trouble_it_goes_on_where_it_was(log: Taped) -> None:
    log.write(entry(1))
    log.rotate(1)
    log.path.mkdir()
    assert log.read() == entry(1)
    assert log.last.trouble == "it is a directory and no file"
    log.path.rmdir()
    log.write(entry(2))
    assert log.read() == entry(2)
    assert log.gaps == []


def test_where_trouble_comes_before_a_line_is_taken_the_file_is_read_again(log: Taped) -> None:
    log.rotate(1)
    log.write(b"half", log.backup(2))
    assert log.read() == b""
    log.path.mkdir()
    assert log.read() == b""
    assert log.last.trouble
    log.path.rmdir()
    log.write(entry(1))
    assert log.read() == b"half" + entry(1)


def test_what_came_and_went_between_two_steps_is_told(log: Taped) -> None:
    """The next file was seen when the one before it was left, and never opened."""
    log.rotate(1)
    log.write(entry(1))
    while not log.step().rotations:
        pass
    log.rotate(2)
    log.write(entry(2))
    log.backup(1).unlink()
    log.backup(2).unlink()
    assert log.read() == entry(2)
    assert log.gaps == [Gap.ROTATED_AWAY]
