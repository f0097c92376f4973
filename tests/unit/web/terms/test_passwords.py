"""Passwords: who fits, what it costs, and what is remembered."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterable

import pytest

from exporter.web.terms import passwords as module
from exporter.web.terms.passwords import BusyError, Passwords
from tests.unit.web.web_config import basic, hashed

ALICE = hashed("wonderland")
BOB = hashed("builder", 6)
HERE = "127.0.0.1"
USERS = {"alice": ALICE, "bob": BOB}


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The work of each try, in units of bcrypt's cost 0."""
    found: list[int] = []
    tried = module._tried

    def noting(plan: Iterable[tuple[bytes, bool]], password: bytes) -> bool:
        plan = list(plan)
        found.append(sum(1 << int(hash_[4:6]) for hash_, _ in plan))
        return tried(plan, password)

    monkeypatch.setattr(module, "_tried", noting)
    return found


async def test_who_has_the_password_fits() -> None:
    passwords = Passwords()
    assert await passwords.fit(USERS, basic("alice", "wonderland"), HERE)
    assert await passwords.fit(USERS, basic("bob", "builder").replace("Basic", "basic"), HERE)


@pytest.mark.parametrize(
    "given",
    [
        basic("alice", "builder"),
        basic("alice", ""),
        basic("", "wonderland"),
        basic("carol", "wonderland"),
        basic("alice", b"\0"),
        basic("alice", b"\xff" * 100),
        basic("alice", "wonderland") + "=",
        basic("alice", "wonderland").replace("Basic", "Bearer"),
        "Basic " + base64.b64encode(b"alice").decode(),
        "Basic é",
        "Basic",
        "",
    ],
)
async def test_others_do_not(given: str) -> None:
    assert not await Passwords().fit(USERS, given, HERE)


async def test_a_password_has_72_bytes_that_count() -> None:
    """For bcrypt, and so for htpasswd and for Go."""
    users = {"alice": hashed("x" * 72)}
    assert await Passwords().fit(users, basic("alice", "x" * 100), HERE)


@pytest.mark.parametrize("made_by", ["$2a$", "$2b$", "$2y$"])
async def test_hashes_of_all_makers_are_known(made_by: str) -> None:
    users = {"alice": made_by + ALICE[4:]}
    assert await Passwords().fit(users, basic("alice", "wonderland"), HERE)


async def test_every_try_is_the_same_work(work: list[int]) -> None:
    """Known or not, right or wrong, and whatever the cost of one's own hash: the work of the
    costliest user's.
    """
    passwords = Passwords()
    for given in (("alice", "wonderland"), ("bob", "builder"), ("bob", "no"), ("carol", "no")):
        await passwords.fit(USERS, basic(*given), HERE)
    assert work == [1 << 6] * 4


async def test_what_was_tried_is_known() -> None:
    """Right or wrong, so that a scrape costs nothing, and a wrong password no more than a right."""
    passwords = Passwords()
    for _ in range(3):
        assert await passwords.fit(USERS, basic("alice", "wonderland"), HERE)
        assert not await passwords.fit(USERS, basic("alice", "wrong"), HERE)
        assert not await passwords.fit(USERS, basic("carol", "wrong"), HERE)
    assert passwords.tried == 3


async def test_no_password_is_kept() -> None:
    passwords = Passwords()
    await passwords.fit(USERS, basic("alice", "wonderland"), HERE)
    assert "wonderland" not in str(vars(passwords))


async def test_a_changed_or_removed_hash_ends_what_was_known() -> None:
    passwords = Passwords()
    given = basic("alice", "wonderland")
    assert await passwords.fit(USERS, given, HERE)
    assert not await passwords.fit({"alice": hashed("new")}, given, HERE)
    assert not await passwords.fit({"bob": BOB}, given, HERE)


async def test_wrong_ones_do_not_make_a_right_one_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However many come; and they are forgotten themselves past a bound."""
    monkeypatch.setattr(module, "_KNOWN", 3)
    passwords = Passwords()
    await passwords.fit(USERS, basic("alice", "wonderland"), HERE)
    for place in range(10):
        await passwords.fit(USERS, basic("alice", f"wrong {place}"), HERE)
    assert passwords.tried == 11
    assert await passwords.fit(USERS, basic("alice", "wonderland"), HERE)
    assert passwords.tried == 11
    assert len(passwords._wrong) == 3


async def test_who_asks_at_once_for_the_same_shares_the_answer() -> None:
    passwords = Passwords()
    given = basic("alice", "wonderland")
    assert all(await asyncio.gather(*(passwords.fit(USERS, given, HERE) for _ in range(100))))
    assert passwords.tried == 1


async def test_who_goes_away_leaves_the_answer_to_the_next() -> None:
    passwords = Passwords()
    asking = asyncio.create_task(passwords.fit(USERS, basic("alice", "wonderland"), HERE))
    await asyncio.sleep(0)
    asking.cancel()
    assert await passwords.fit(USERS, basic("alice", "wonderland"), HERE)
    assert passwords.tried == 1


async def test_those_who_wait_are_bounded() -> None:
    """All together, and those of one address. What is known needs not wait."""
    passwords = Passwords()
    assert await passwords.fit(USERS, basic("alice", "wonderland"), HERE)
    peers = [f"10.0.0.{place // module._OF_ONE}" for place in range(module._WAITING)]
    async with passwords._turn:
        waiting = []
        for place, peer in enumerate(peers):
            given = basic("alice", f"wrong {place}")
            waiting.append(asyncio.create_task(passwords.fit(USERS, given, peer)))
            await asyncio.sleep(0)
        with pytest.raises(BusyError):
            await passwords.fit(USERS, basic("alice", "one more"), peers[0])
        assert len(passwords._trying) == module._WAITING
        assert await passwords.fit(USERS, basic("alice", "wonderland"), HERE)
    assert not any(await asyncio.gather(*waiting))
    assert not await passwords.fit(USERS, basic("alice", "one more"), peers[0])
    assert not passwords._trying.crowds


async def test_who_comes_from_elsewhere_gets_a_place() -> None:
    """However many wrong ones wait: after a restart no right one is known, and none is shut out."""
    passwords = Passwords()
    async with passwords._turn:
        crowd = [
            asyncio.create_task(passwords.fit(USERS, basic("alice", f"wrong {place}"), peer))
            for place, peer in enumerate(
                f"10.0.0.{place // module._OF_ONE}" for place in range(module._WAITING)
            )
        ]
        await asyncio.sleep(0)
        scraper = asyncio.create_task(passwords.fit(USERS, basic("alice", "wonderland"), HERE))
        await asyncio.wait(crowd, timeout=10, return_when=asyncio.FIRST_COMPLETED)
        (dropped,) = [each for each in crowd if each.done()]
        with pytest.raises(BusyError):
            await dropped
    assert await scraper
    crowd.remove(dropped)
    assert not any(await asyncio.gather(*crowd))
