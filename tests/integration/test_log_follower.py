"""The follower of the audit log, on real files, beside a server that writes them."""

from __future__ import annotations

import asyncio
import gzip
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from exporter.auditlog import wakeups
from tests.integration.followed_log import FollowedLog
from tests.integration.rotating_server import RotatingServer
from tests.integration.watched_cluster import until
from tests.unit.audit.events import line

# Beyond the patience of any test: who wakes earlier was woken.
_NEVER = 3_600.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.log"


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def size(path: Path) -> int:
    return path.stat().st_size


def rotate(path: Path, second: int = 47) -> Path:
    backup = path.with_name(f"audit-2026-11-22T13-08-{second}.739.log")
    path.rename(backup)
    return backup


def compress(backup: Path) -> None:
    backup.with_name(backup.name + ".gz").write_bytes(gzip.compress(backup.read_bytes()))
    backup.unlink()


async def test_each_line_is_taken_once_however_often_the_log_is_rotated(path: Path) -> None:
    async with FollowedLog(path) as log:
        await until(lambda: log.follower.position, "a first look")
        with RotatingServer(path, 20_000, most=300_000) as server:
            await until(lambda: not server.is_alive(), "the server's end")
        await until(lambda: len(log.taken) >= len(b"".join(server.lines)), "all lines")
        assert log.taken == b"".join(server.lines)
        telemetry = log.follower.telemetry
        assert telemetry.rotations == server.rotations > 20
        assert telemetry.bytes == len(log.taken)
        assert telemetry.backlog_bytes == 0
        assert telemetry.position_bytes == telemetry.size_bytes == size(path)
        assert set(telemetry.gaps.values()) == {0}
        assert "audit log: lines may be lost" not in log.said()


async def test_who_begins_where_another_saved_its_position_takes_what_came_since(
    path: Path,
) -> None:
    """Though it took more before it died, and the log was rotated many times meanwhile."""
    async with FollowedLog(path) as log:
        await until(lambda: log.follower.position, "a first look")
        position = log.follower.position
    taken = b""
    deaths = 0
    with RotatingServer(path, 8_000, most=100_000) as server:
        while server.is_alive() or taken != b"".join(server.lines):
            async with FollowedLog(path, position) as log:
                rest = len(b"".join(server.lines)) - len(taken)
                await until(lambda: len(log.taken) >= min(rest, 500_000), "some lines")  # noqa: B023
                position = log.follower.position
                taken += log.taken
                saved = len(log.blocks)
                rotations = server.rotations
                await until(
                    lambda: (
                        not server.is_alive()
                        or (len(log.blocks) > saved and server.rotations > rotations + 2)  # noqa: B023
                    ),
                    "lines that it takes in vain",
                )
                deaths += 1
                assert set(log.follower.telemetry.gaps.values()) == {0}
    assert deaths > 5


async def test_blocks_are_small_unless_a_line_is_long(path: Path) -> None:
    """A line of megabytes comes whole; one over the limit is passed over and counted."""
    long = line(auditID="long", requestURI="/" + 3_000_000 * "x")
    short = [line(auditID=str(number)) for number in range(2_000)]
    append(path, b"")
    async with FollowedLog(path, limit=4_000_000) as log:
        await until(lambda: log.follower.position, "a first look")
        append(path, b"".join(short) + 5_000_000 * b"x" + b"\n" + long + b"".join(short))
        whole = b"".join((*short, long, *short))
        await until(lambda: len(log.taken) >= len(whole), "all but one")
        assert log.taken == whole
        assert log.follower.telemetry.overlong == 1
        sizes = sorted(len(block) for block, _ in log.blocks)
        assert len(long) <= sizes[-1] < len(long) + 256 * 1024
        assert sizes[-2] <= 256 * 1024


async def test_the_kernel_tells_of_lines_and_rotations(path: Path) -> None:
    """Whoever would look by himself once an hour takes them at once."""
    append(path, line(auditID="old"))
    async with FollowedLog(path, poll=_NEVER) as log:
        await until(lambda: "inotify" in "".join(log.open_files()), "a watch")
        expected = b""
        for number in range(3):
            expected += line(auditID=str(number))
            append(path, line(auditID=str(number)))
            await until(lambda: log.taken == expected, "a line")  # noqa: B023
            rotate(path, 10 + number)
        assert log.taken == expected


async def test_where_the_kernel_tells_nothing_the_log_is_looked_at(tmp_path: Path) -> None:
    """A link shows it: what is written to its target is told to nobody who watches the link."""
    target, path = tmp_path / "elsewhere" / "audit.log", tmp_path / "log" / "audit.log"
    target.parent.mkdir()
    path.parent.mkdir()
    target.touch()
    path.symlink_to(target)
    async with FollowedLog(path) as log:
        await until(lambda: log.readable, "a first look")
        append(target, line())
        await until(lambda: log.taken == line(), "the line")


async def test_a_system_without_inotify_is_no_hindrance(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wakeups, "sys", SimpleNamespace(platform="darwin"))
    append(path, line(auditID="old"))
    async with FollowedLog(path) as log:
        await until(lambda: len(log.notes) == 2, "notes")
        assert log.notes[1] == (
            "info",
            "audit log is looked at every few seconds",
            {"path": str(path), "reason": "this system has no inotify"},
        )
        append(path, line())
        await until(lambda: log.taken == line(), "the line")
        rotate(path)
        append(path, line(auditID="new"))
        await until(lambda: log.taken == line() + line(auditID="new"), "the next file")
        assert len(log.notes) == 2


async def test_a_log_that_is_not_there_is_waited_for(tmp_path: Path) -> None:
    """With its directory; and when both go away, that is told, and they are waited for again."""
    path = tmp_path / "audit" / "audit.log"
    async with FollowedLog(path) as log:
        for number in range(1, 3):
            await until(lambda: log.follower.telemetry.reason and not log.readable, "absence")
            path.parent.mkdir()
            append(path, number * line())
            await until(lambda: log.readable, "a log that can be read")
            path.unlink()
            path.parent.rmdir()
        await until(lambda: not log.readable, "absence again")
        assert log.taken == 3 * line()
        assert log.said().count("audit log cannot be read") == 3
        assert log.notes[0] == (
            "error",
            "audit log cannot be read",
            {"path": str(path), "reason": "there is no such file"},
        )


def permit(path: Path, mode: int) -> None:
    path.chmod(mode)


def directory(path: Path) -> None:
    path.mkdir()


def fifo(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize(("made", "kind"), [(directory, "a directory"), (fifo, "a FIFO")])
async def test_what_is_no_file_is_no_end(
    path: Path, made: Callable[[Path], None], kind: str
) -> None:
    """Neither is it waited for in vain: it is told what is wrong, and looked at again."""
    made(path)
    async with FollowedLog(path) as log:
        await until(lambda: log.notes, "a note")
        reason = f"it is {kind} and no file"
        assert log.notes == [
            ("error", "audit log cannot be read", {"path": str(path), "reason": reason})
        ]
        assert log.follower.telemetry.reason == reason
        rotate(path)
        append(path, line(auditID="old"))
        await until(lambda: log.readable, "a log that can be read")
        append(path, line())
        await until(lambda: log.taken == line(), "the line")


async def test_a_log_that_may_not_be_read_is_tried_again(path: Path) -> None:
    append(path, line(auditID="old"))
    permit(path, 0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    async with FollowedLog(path) as log:
        await until(lambda: log.follower.telemetry.reason == "Permission denied", "a refusal")
        assert log.follower.position is None
        permit(path, 0o600)
        await until(lambda: log.readable, "a log that can be read")
        append(path, line())
        await until(lambda: log.taken == line(), "the line")


async def test_the_rest_of_a_file_without_an_end_is_told_apart(path: Path) -> None:
    """Half a line is waited for until its file is over."""
    append(path, line(auditID="old") + b'{"half')
    async with FollowedLog(path) as log:
        await until(lambda: log.readable, "a first look")
        append(path, b" of it")
        rotate(path)
        append(path, line(auditID="new"))
        await until(lambda: log.taken.endswith(line(auditID="new")), "the next file")
        assert log.blocks == [(b'{"half of it', True), (line(auditID="new"), False)]


async def test_the_position_is_behind_what_was_taken_and_nothing_else(path: Path) -> None:
    """At any moment at which others have their turn: so it can be kept with what was counted."""
    append(path, b"")
    async with FollowedLog(path) as log:
        await until(lambda: log.follower.position, "a first look")
        append(path, b"".join(line(auditID=str(number)) for number in range(5_000)))
        seen = set()

        def all_taken() -> bool:
            position = log.follower.position
            assert position
            assert position.offset == len(log.taken)
            seen.add(position.offset)
            return position.offset == size(path)

        async with asyncio.timeout(10):
            while not all_taken():  # noqa: ASYNC110 - each turn of the loop is looked at
                await asyncio.sleep(0)
        assert len(seen) > 3_000_000 // (256 * 1024)


async def test_a_compressed_backup_is_read_from_the_byte_where_it_was_left(path: Path) -> None:
    append(path, line(auditID="old") + line(auditID="read"))
    async with FollowedLog(path) as log:
        await until(lambda: log.follower.position, "a first look")
        position = log.follower.position
    append(path, line(auditID="unread"))
    compress(rotate(path))
    append(path, line(auditID="new"))
    async with FollowedLog(path, position) as log:
        await until(lambda: log.taken.endswith(line(auditID="new")), "the next file")
        assert log.taken == line(auditID="unread") + line(auditID="new")


async def test_nothing_is_left_open(path: Path) -> None:
    """By whoever is told to end while it reads, or while it waits."""
    append(path, line())
    log = FollowedLog(path)
    async with log:
        await until(lambda: "inotify" in "".join(log.open_files()), "a watch")
        assert str(path) in log.open_files()
    assert log.open_files() == []
    log = FollowedLog(path, log.follower.position)
    append(path, 100_000 * line())
    async with log:
        await until(lambda: log.blocks, "a block")
    assert len(log.taken) < size(path)
    assert log.open_files() == []
