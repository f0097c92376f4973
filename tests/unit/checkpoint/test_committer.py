"""The committer: whatever becomes of a write, nothing of what was shown is forgotten."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest

from exporter.checkpoint.committer import Committer
from exporter.checkpoint.state import Cut
from exporter.checkpoint.store import Store
from tests.unit.checkpoint.cuts import ABOUT
from tests.unit.checkpoint.test_recorder import Recorded

Notes = list[tuple[str, str]]


class Committing:
    """A committer over a ledger, with a file that a test can spoil."""

    def __init__(self, path: Path) -> None:
        self.recorded = Recorded(limit=10_000)
        self.recorded.ledger.begin_list(server_time=1.0)
        self.recorded.ledger.publish_list(1, 0.0)
        self.path = path
        self.store = Store(path)
        self.store.load(ABOUT)
        self.notes: Notes = []
        self.committer = Committer(
            self.recorded.recorder,
            self.store,
            lambda level, message, _fields: self.notes.append((level, message)),
        )

    def shows(self, name: str) -> None:
        """An event occurs, and a page of it is sent."""
        self.recorded.occurs(name)
        self.committer.shown(self.committer.showing(0))

    def kept(self) -> int:
        """Events in the file."""
        again = Store(self.path)
        try:
            return sum(len(ledger.entries) for ledger in again.load(ABOUT).ledgers.values())
        finally:
            again.close()


async def until(so: Callable[[], bool]) -> None:
    """Wait for it; the test's own timeout is the bound."""
    while not so():  # noqa: ASYNC110 - counters tell no one
        await asyncio.sleep(0.001)


@pytest.fixture
def committing(tmp_path: Path) -> Committing:
    return Committing(tmp_path / "checkpoint.db")


async def test_what_was_shown_is_written(committing: Committing) -> None:
    """By the task, one write after the other, and by the end of it."""
    running = asyncio.create_task(committing.committer.run())
    committing.shows("a")
    await until(lambda: committing.committer.commits > 0)
    committing.shows("b")
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    await committing.committer.close()
    assert committing.kept() == 2


async def test_a_write_that_fails_is_said_once_and_made_good(committing: Committing) -> None:
    """A full disk is no reason to end, nor to forget."""
    committing.store._connection.execute("PRAGMA max_page_count = 8")
    running = asyncio.create_task(committing.committer.run())
    failed: list[int] = []
    for round_ in range(2):
        for number in range(500):
            committing.recorded.occurs(f"{round_}-{number}")
        committing.shows(f"last-{round_}")
        await until(lambda: committing.committer.failures > len(failed))
        failed.append(round_)
    assert committing.committer.failing
    assert committing.notes.count(("error", "checkpoint not written")) == 1
    committing.store._connection.execute("PRAGMA max_page_count = 100000")
    committing.shows("more")
    await until(lambda: committing.committer.commits > 0)
    assert not committing.committer.failing
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    await committing.committer.close()
    assert committing.kept() == 1003


async def test_who_is_cancelled_in_the_middle_of_a_write_has_written(
    committing: Committing,
) -> None:
    """The write goes on, and the file is given back after it."""
    running = asyncio.create_task(committing.committer.run())
    committing.shows("a")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    await committing.committer.close()
    assert committing.kept() == 1


async def test_what_cannot_be_stored_is_a_failure_and_no_end(committing: Committing) -> None:
    """Whatever a name is made of."""
    committing.recorded.names = ["\udce9"]
    committing.shows("a")
    await committing.committer.close()
    assert committing.committer.failures == 1


class _Breaking(Store):
    """Breaks at its second write, in a way that nobody thought of."""

    writes = 0

    def commit(self, cut: Cut) -> None:
        self.writes += 1
        if self.writes == 2:
            raise MemoryError
        super().commit(cut)


async def test_nobody_waits_for_a_write_that_broke(tmp_path: Path) -> None:
    """All who asked are told, and what was to be written is written by the next."""
    committing = Committing(tmp_path / "checkpoint.db")
    committing.store.close()
    committer = Committer(committing.recorded.recorder, _Breaking(committing.path), lambda *_: None)

    def save(name: str) -> asyncio.Task[bool]:
        committing.recorded.occurs(name)
        committer.shown(committer.showing(0))
        return asyncio.create_task(committer.save())

    first = save("a")
    await asyncio.sleep(0)
    second, third = save("b"), save("c")
    assert await first
    with pytest.raises(MemoryError):
        await second
    assert await third is False
    assert await committer.save()
    await committer.close()
    assert committing.kept() == 3
