"""Auditing over restarts with other options, and what it holds and for how long."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from exporter.audit import AuditRecord
from exporter.auditing import Auditing
from exporter.checkpoint.increment_store import IncrementStore
from exporter.config import load_config
from exporter.metrics.births import Births, Scrapers
from exporter.metrics.counter import CounterSeries
from exporter.rules.audit.rulebook import AuditRules
from exporter.web.webhook import Receipt
from tests.integration.watched_cluster import until
from tests.unit.audit.events import FORBID, body, event, line

WEBHOOK = {"audit.webhook.listen-address": "127.0.0.1:0"}


class Life:
    """One process, without its sockets and tasks."""

    def __init__(self, flags: dict[str, str]) -> None:
        births = Births(lambda: 0.0)
        scrapers = Scrapers(births, lambda: 0.0)
        self.notes: list[str] = []
        config = load_config(flags, {})
        self.auditing = Auditing(config, births, scrapers, self._note, rules=AuditRules())
        self.auditing.begin()

    def _note(self, _level: str, text: str, _fields: dict[str, object]) -> None:
        self.notes.append(text)

    async def receives(self, *events: dict[str, object]) -> Receipt:
        return await self.auditing._receive(body(*events), "")

    def reads(self, lines: bytes) -> None:
        self.auditing._take(self.auditing._read(lines, last=False))

    def total(self, family: str = "kube_audit_requests_total") -> int:
        (of,) = (f for f in self.auditing.families() if f.declaration.name == family)
        return sum(each.value for each in of.living() if isinstance(each, CounterSeries))

    def dies(self) -> None:
        assert self.auditing.committer is not None
        self.auditing.committer._store.close()


def kept_in(path: Path) -> dict[str, str]:
    return {"checkpoint.path": str(path / "c.db")}


async def test_series_end_where_nothing_is_kept() -> None:
    """No page tells what was shown of them, and nobody asks."""
    life = Life(WEBHOOK)
    await life.receives(event())
    for _ in range(3):
        life.auditing.next_generation(1)
    assert life.total() == 0


async def test_series_do_not_end_before_they_were_shown(tmp_path: Path) -> None:
    """Where they are kept."""
    life = Life(WEBHOOK | kept_in(tmp_path))
    await life.receives(event())
    for _ in range(3):
        life.auditing.next_generation(1)
    assert life.total() == 1
    life.dies()


async def test_what_is_restored_is_kept_again(tmp_path: Path) -> None:
    """Whoever dies twice before a scrape has lost nothing."""
    for _ in range(3):
        life = Life(WEBHOOK | kept_in(tmp_path))
        assert await life.receives(event()) is Receipt.SAVED
        assert life.total() == 1
        life.dies()


@pytest.mark.parametrize("first", ["webhook", "log"])
async def test_what_one_source_brought_is_known_without_it(tmp_path: Path, first: str) -> None:
    """A restart without it: the other one says the same, and it counts no more."""
    log = {"audit.log.path": str(tmp_path / "audit.log")}
    life = Life(WEBHOOK | log | kept_in(tmp_path))
    if first == "webhook":
        assert await life.receives(event()) is Receipt.SAVED
    else:
        life.reads(line())
        assert life.auditing.committer is not None
        assert await life.auditing.committer.save()
    life.dies()
    life = Life((log if first == "webhook" else WEBHOOK) | kept_in(tmp_path))
    if first == "webhook":
        life.reads(line())
    else:
        await life.receives(event())
    assert life.total() == 1
    life.dies()


async def test_lines_of_the_log_are_read_beside_the_event_loop(tmp_path: Path) -> None:
    """A client can make one that takes half a second, and all others would wait."""
    path = tmp_path / "audit.log"
    path.touch()
    life = Life({"audit.log.path": str(path)})
    follower = life.auditing.follower
    assert follower is not None
    reading = asyncio.create_task(follower.run())
    await until(lambda: follower.telemetry.readable, "a first look")
    threads: set[int] = set()
    decode = life.auditing.receptions["log"].reader.lines

    def decoded(block: bytes) -> list[AuditRecord]:
        threads.add(threading.get_ident())
        return decode(block)

    life.auditing.receptions["log"].reader.lines = decoded  # type: ignore[method-assign]
    path.write_bytes(line())
    await until(lambda: life.total() == 1, "the line")
    reading.cancel()
    assert threads
    assert threading.get_ident() not in threads


@pytest.mark.parametrize("labels", [("false", "true"), ("true", "false")])
async def test_what_is_held_outlives_a_change_of_user_labels(
    tmp_path: Path, labels: tuple[str, str]
) -> None:
    """A label more, or less, changes nothing of what was refused."""
    refused = event(annotations=FORBID, responseStatus={"code": 403})
    for user_labels in labels:
        flags = {"audit.user-labels": user_labels} | WEBHOOK | kept_in(tmp_path)
        life = Life(flags)
        assert await life.receives(refused) is Receipt.SAVED
        life.dies()
        assert life.total("kube_audit_denied_total") == 1


async def test_what_is_answered_is_kept_though_another_held_the_file(tmp_path: Path) -> None:
    """As in a rolling update: the process before ends a moment later."""
    held = IncrementStore(tmp_path / "c.db.audit")
    life = Life(WEBHOOK | kept_in(tmp_path))
    held.close()
    receipt = await life.receives(event())
    if life.auditing.committer:
        life.dies()
    after = Life(WEBHOOK | kept_in(tmp_path))
    counted = after.total()
    after.dies()
    assert receipt is Receipt.NOT_SAVED or counted == 1
