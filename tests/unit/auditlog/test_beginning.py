"""Where reading begins: the first time, and at a position whose file may be another by now."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.auditlog.position import ORIGIN
from exporter.auditlog.telemetry import Gap
from tests.unit.auditlog.taped import Taped, entry


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Taped]:
    taped = Taped(tmp_path)
    yield taped
    taped.end()


def test_the_first_time_it_begins_at_the_end(log: Taped) -> None:
    log.write(entry(1), log.backup(1))
    log.write(entry(2) + entry(3))
    log.begin(None)
    assert log.read() == b""
    log.write(entry(4))
    assert log.read() == entry(4)
    assert log.gaps == []


def test_half_a_line_at_that_end_is_read_whole(log: Taped) -> None:
    """Behind a line break far away, too; and where nothing else is in the file."""
    log.write(entry(1) + entry(2, 200_000)[:150_000])
    log.begin(None)
    assert log.read() == b""
    log.write(entry(2, 200_000)[150_000:])
    assert log.read() == entry(2, 200_000)
    log.rotate(1)
    log.write(entry(3)[:9])
    log.begin(None)
    assert log.read() == b""
    log.restart()
    log.write(entry(3)[9:])
    assert log.read() == entry(3)


def test_where_nothing_was_written_yet_all_that_comes_is_read(log: Taped) -> None:
    """By another process, too, and after rotations."""
    log.begin(None)
    assert log.read() == b""
    assert log.last.position == ORIGIN
    assert log.last.absent
    log.restart()
    log.write(entry(1))
    log.rotate(1)
    log.write(entry(2))
    assert log.read() == entry(1) + entry(2)


@pytest.mark.parametrize("packed", [False, True])
def test_of_backups_nothing_is_read_the_first_time(log: Taped, packed: bool) -> None:
    """And what comes after them is read by another process, too."""
    log.write(entry(1), log.backup(1))
    log.write(entry(2), log.backup(2))
    if packed:
        log.pack(2)
    log.begin(None)
    assert log.read() == b""
    log.restart()
    log.write(entry(3))
    assert log.read() == entry(3)
    assert log.gaps == []


def test_a_damaged_backup_does_not_keep_it_from_beginning(log: Taped) -> None:
    log.write(entry(1), log.backup(1))
    log.write(entry(2), log.backup(2))
    packed = log.pack(2)
    packed.write_bytes(packed.read_bytes()[:20])
    log.begin(None)
    assert log.read() == b""
    log.write(entry(3))
    assert log.read() == entry(3)


def test_another_file_of_the_same_inode_is_not_taken_for_the_one_that_was_read(log: Taped) -> None:
    """A file system gives the number of a deleted file to the next one."""
    log.write(entry(1) + entry(2))
    log.begin(None)
    log.read()
    log.end()
    log.write(entry(3))
    shutil.copy(log.path, log.backup(1))
    with log.path.open("r+b") as same:
        same.truncate()
        same.write(entry(4) + entry(5) + entry(6))
    log.restart()
    assert log.read() == entry(3) + entry(4) + entry(5) + entry(6)


def test_what_was_written_while_nobody_read_is_read_through_all_backups(log: Taped) -> None:
    """Plain, compressed, and half compressed ones."""
    log.write(entry(1) + entry(2))
    log.begin(None)
    log.read()
    log.write(entry(3))
    for minute in range(1, 5):
        log.rotate(minute)
        log.write(entry(3 + minute))
    log.pack(1)
    log.pack(3)
    log.write(b"unfinished", log.backup(4).with_name(log.backup(4).name + ".gz"))
    log.restart()
    assert log.read() == b"".join(map(entry, range(3, 8)))
    assert log.last.measured
    assert log.last.measured.backlog == 0


def test_how_much_is_unread_is_known_at_once(log: Taped) -> None:
    """Of compressed files, too."""
    log.write(entry(1))
    log.begin(None)
    log.read()
    log.end()
    log.write(entry(2))
    log.rotate(1)
    log.write(entry(3))
    log.rotate(2)
    log.pack(2)
    log.write(entry(4))
    log.restart()
    measured = log.step().measured
    assert measured
    assert measured.backlog == len(entry(2) + entry(3) + entry(4))
    log.read()


def test_a_file_that_is_gone_is_told_and_the_next_is_read(log: Taped) -> None:
    """The next left: not those that were read before it."""
    log.write(entry(1), log.backup(1))
    log.write(entry(2))
    log.begin(None)
    log.read()
    log.end()
    log.write(entry(3), log.backup(3))
    log.path.unlink()
    log.write(entry(4))
    log.restart()
    assert log.read() == entry(3) + entry(4)
    assert log.gaps == [Gap.ROTATED_AWAY]
    log.restart()
    assert log.read() == b""
    assert log.gaps == [Gap.ROTATED_AWAY]


def test_a_file_that_lost_its_end_is_read_on_from_there(log: Taped) -> None:
    """After a power cut: what is left of it was read, and is not read again."""
    log.write(entry(1, 4_000) + entry(2) + entry(3))
    log.begin(None)
    log.read()
    log.end()
    os.truncate(log.path, len(entry(1, 4_000) + entry(2)) + 10)
    log.restart()
    assert log.read() == b""
    log.write(entry(4))
    assert log.read() == entry(3)[:10] + entry(4)
    assert log.gaps == [Gap.TRUNCATED]
