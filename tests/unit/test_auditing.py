"""Auditing: a batch has its receipt when it is safe, and not before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from exporter.auditing import Auditing
from exporter.config import Config, load_config
from exporter.metrics.births import Births, Scrapers
from exporter.rules.audit.rulebook import AuditRules
from exporter.web.webhook import Receipt
from tests.unit.audit.events import body, event


class Audited:
    """What the exporter makes of its webhook, without the webhook."""

    def __init__(self, config: Config) -> None:
        births = Births(lambda: 0.0)
        self.notes: list[str] = []
        scrapers = Scrapers(births, lambda: 0.0)
        self.auditing = Auditing(config, births, scrapers, self._note, rules=AuditRules())
        self.auditing.begin()

    def _note(self, _level: str, text: str, _fields: dict[str, object]) -> None:
        self.notes.append(text)

    @property
    def requests(self) -> int:
        return self.auditing.counting.total

    async def receives(self, *ids: str) -> Receipt:
        batch = body(*(event(auditID=each) for each in ids))
        return await self.auditing._receive(batch, "eu-1")


@pytest.fixture
async def audited(tmp_path: Path) -> AsyncIterator[Audited]:
    flags = {
        "audit.webhook.listen-address": "127.0.0.1:0",
        "checkpoint.path": str(tmp_path / "c.db"),
    }
    audited = Audited(load_config(flags, {}))
    yield audited
    assert audited.auditing.committer is not None
    await audited.auditing.committer.close()


async def test_a_batch_is_saved_with_its_receipt(audited: Audited, tmp_path: Path) -> None:
    """The file says so at once."""
    before = (tmp_path / "c.db.audit-wal").stat().st_size
    assert await audited.receives("a", "b") is Receipt.SAVED
    assert (tmp_path / "c.db.audit-wal").stat().st_size > before


async def test_what_cannot_be_saved_gets_no_receipt_until_it_can(audited: Audited) -> None:
    """It is counted once all the same: the API server sends it again."""
    committer = audited.auditing.committer
    assert committer is not None
    connection = committer._store._connection  # type: ignore[attr-defined]
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    many = [f"{n:08}" * 4 for n in range(2_000)]
    assert await audited.receives(*many) is Receipt.NOT_SAVED
    assert await audited.receives(*many) is Receipt.NOT_SAVED
    connection.execute("PRAGMA max_page_count = 1000000")
    assert await audited.receives(*many) is Receipt.SAVED
    assert audited.requests == len(many)
    assert audited.notes.count("checkpoint not written") == 1


async def test_what_is_no_event_list_gets_another(audited: Audited) -> None:
    """And nothing is counted."""
    assert await audited.auditing._receive(b'{"items": 1}', "") is Receipt.NOT_EVENT_LIST
    assert audited.requests == 0


async def test_a_body_that_must_be_mended_is_received(audited: Audited) -> None:
    """A client can put half of a surrogate pair into its request, and Go reads it."""
    batch = body(event(auditID="a"), event(auditID="b", requestObject={"x": "?"}))
    assert await audited.auditing._receive(batch.replace(b"?", rb"\ud800"), "") is Receipt.SAVED
    assert audited.requests == 2


async def test_without_a_checkpoint_it_says_what_can_be_lost() -> None:
    """Once, at the start."""
    audited = Audited(load_config({"audit.webhook.listen-address": "127.0.0.1:0"}, {}))
    assert len(audited.notes) == 1
    assert audited.notes[0].startswith("no --checkpoint.path")
    assert await audited.receives("a") is Receipt.SAVED


async def test_the_lag_is_that_of_the_latest_stage(audited: Audited) -> None:
    """A time that is none has none."""
    await audited.receives("a")
    reception = audited.auditing.receptions["webhook"]
    assert reception.records == 1
    assert reception.lag > 0
    batch = body(event(auditID="b", stageTimestamp="whenever"))
    await audited.auditing._receive(batch, "")
    assert reception.lag == 0


@pytest.mark.parametrize("item", [b"0", b"{}", b'{"auditID":"a","stage":"b"}'])
async def test_others_have_their_turn_whatever_is_in_a_batch(item: bytes) -> None:
    """A thousand items at a time, be they records or not."""
    audited = Audited(load_config({"audit.webhook.listen-address": "127.0.0.1:0"}, {}))
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    waiting = asyncio.create_task(others())
    batch = b'{"items":[' + b",".join([item] * 30_000) + b"]}"
    assert await audited.auditing._receive(batch, "") is Receipt.SAVED
    waiting.cancel()
    assert turns >= 30
