"""A look at a log's directory while files come and go: it is of one moment."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from exporter.auditlog.directory import LogDirectory, UnsettledError
from tests.unit.auditlog.taped import Taped, entry


@pytest.fixture
def log(tmp_path: Path) -> Taped:
    taped = Taped(tmp_path)
    taped.write(entry(1), taped.backup(1))
    taped.write(entry(2))
    return taped


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Have something happen in the middle of each listing: when it is made and not yet given."""

    def in_the_middle(of_it: Callable[[], object]) -> None:
        scandir = os.scandir

        @contextmanager
        def slow(path: Path) -> Iterator[list[os.DirEntry[str]]]:
            with scandir(path) as listing:
                found = list(listing)
            of_it()
            yield found

        monkeypatch.setattr(os, "scandir", slow)

    return in_the_middle


def once(happen: Callable[..., object], *arguments: Any) -> Callable[[], object]:
    left = [happen]
    return lambda: left.pop()(*arguments) if left else None


def names(log: Taped) -> tuple[list[str], int]:
    """Of the backups; and the size of the current file."""
    with closing(LogDirectory(log.path).look()) as look:
        return [backup.name for backup in look.backups], look.size


def test_a_rotation_meanwhile_hides_no_file(
    log: Taped, meanwhile: Callable[[Callable[[], object]], None]
) -> None:
    """Neither the one that was current nor the one that is."""

    def rotate() -> None:
        log.rotate(2)
        log.write(entry(3) + entry(4))

    meanwhile(once(rotate))
    assert names(log) == (
        [log.backup(1).name, log.backup(2).name],
        len(entry(3) + entry(4)),
    )


def test_a_file_that_is_compressed_meanwhile_is_there(
    log: Taped, meanwhile: Callable[[Callable[[], object]], None]
) -> None:
    meanwhile(once(log.pack, 1))
    assert names(log) == ([log.backup(1).name + ".gz"], len(entry(2)))


def test_a_log_that_appears_or_goes_away_meanwhile(
    log: Taped, meanwhile: Callable[[Callable[[], object]], None]
) -> None:
    meanwhile(once(log.rotate, 2))
    assert names(log) == ([log.backup(1).name, log.backup(2).name], 0)
    meanwhile(once(log.write, entry(3)))
    assert names(log) == ([log.backup(1).name, log.backup(2).name], len(entry(3)))


def test_what_never_settles_is_no_endless_loop(
    log: Taped, meanwhile: Callable[[Callable[[], object]], None]
) -> None:
    minutes = iter(range(2, 60))

    def rotate() -> None:
        log.rotate(next(minutes))
        log.write(entry(3))

    meanwhile(rotate)
    with pytest.raises(UnsettledError):
        LogDirectory(log.path).look()


def test_a_backup_that_is_compressed_after_the_look_is_looked_for_again(log: Taped) -> None:
    directory = LogDirectory(log.path)
    with closing(directory.look()) as look:
        log.pack(1)
        (backup,) = look.backups
        with pytest.raises(UnsettledError):
            directory.open(backup)
