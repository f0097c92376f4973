"""Reviews of tokens: what is asked, how often, how much at once, and what holds for how long."""

from __future__ import annotations

import asyncio

import pytest

from exporter.web.reviews import Kind, Result, Standing, UnansweredError, User, Verdict
from exporter.web.reviews.answers import MOST
from exporter.web.reviews.reviews import Limits
from exporter.web.terms.rate import Rate
from tests.unit.web.reviews.reviewer import FAST, Clock, Knowing, until

HERE = "127.0.0.1"
ALLOWED = Verdict(Standing.ALLOWED, "ann")


@pytest.fixture
async def server() -> Knowing:
    return Knowing()


async def test_each_token_stands_as_its_user_does(server: Knowing) -> None:
    reviews = server.reviews()
    assert await reviews.verdict("ann's", "/metrics", HERE) == ALLOWED
    assert await reviews.verdict("bob's", "/metrics", HERE) == Verdict(Standing.DENIED, "bob")
    assert await reviews.verdict("nobody's", "/metrics", HERE) == Verdict(Standing.UNKNOWN)
    assert await reviews.verdict("ann's", "/other", HERE) == Verdict(Standing.DENIED, "ann")
    assert {key: total for key, total in reviews.tally.reviews.items() if total} == {
        (Kind.TOKEN, Result.ALLOWED): 2,
        (Kind.TOKEN, Result.DENIED): 1,
        (Kind.ACCESS, Result.ALLOWED): 1,
        (Kind.ACCESS, Result.DENIED): 2,
    }


async def test_a_yes_holds_for_a_minute_and_a_no_for_ten_seconds(server: Knowing) -> None:
    """From the question on; then it is asked again."""
    clock = Clock()
    reviews = server.reviews(clock)
    for token in ("ann's", "bob's", "nobody's"):
        await reviews.verdict(token, "/metrics", HERE)
    clock.now += 9.9
    for token in ("ann's", "bob's", "nobody's"):
        await reviews.verdict(token, "/metrics", HERE)
    assert len(server.asked) == 5
    clock.now += 0.2
    # That bob's is his is a yes.
    await reviews.verdict("bob's", "/metrics", HERE)
    await reviews.verdict("nobody's", "/metrics", HERE)
    assert server.asked[5:] == [("bob", "/metrics"), "nobody's"]
    clock.now += 49.8
    await reviews.verdict("ann's", "/metrics", HERE)
    assert len(server.asked) == 7
    clock.now += 0.2
    await reviews.verdict("ann's", "/metrics", HERE)
    assert server.asked[7:] == ["ann's", ("ann", "/metrics")]


async def test_who_is_known_no_more_is_out_within_a_minute(server: Knowing) -> None:
    clock = Clock()
    reviews = server.reviews(clock)
    assert await reviews.verdict("ann's", "/metrics", HERE) == ALLOWED
    del server.users["ann's"]
    clock.now += 60
    assert (await reviews.verdict("ann's", "/metrics", HERE)).standing is Standing.UNKNOWN
    server.away = True
    clock.now += 11
    with pytest.raises(UnansweredError):
        await reviews.verdict("ann's", "/metrics", HERE)


async def test_a_right_that_is_gone_is_gone_for_all_tokens_of_the_user(server: Knowing) -> None:
    """And no outage brings it back."""
    clock = Clock()
    reviews = server.reviews(clock)
    for token in ("ann's", "ann's other"):
        assert await reviews.verdict(token, "/metrics", HERE) == ALLOWED
    assert server.asked.count(("ann", "/metrics")) == 1
    server.allowed.clear()
    clock.now += 60
    denied = Verdict(Standing.DENIED, "ann")
    assert await reviews.verdict("ann's", "/metrics", HERE) == denied
    server.away = True
    clock.now += 30
    with pytest.raises(UnansweredError):
        await reviews.verdict("ann's other", "/metrics", HERE)


async def test_nobody_gets_in_where_the_api_server_cannot_be_asked_but_who_was_in(
    server: Knowing,
) -> None:
    """For five minutes from the last yes."""
    clock = Clock()
    reviews = server.reviews(clock)
    for token in ("ann's", "bob's", "nobody's"):
        await reviews.verdict(token, "/metrics", HERE)
    server.away = True
    clock.now += 299.9
    assert await reviews.verdict("ann's", "/metrics", HERE) == ALLOWED
    assert reviews.tally.reviews[Kind.TOKEN, Result.ERROR] == 1
    for token in ("ann's other", "bob's", "nobody's"):
        with pytest.raises(UnansweredError, match="away"):
            await reviews.verdict(token, "/metrics", HERE)
    with pytest.raises(UnansweredError):
        await reviews.verdict("ann's", "/", HERE)
    clock.now += 0.2
    with pytest.raises(UnansweredError):
        await reviews.verdict("ann's", "/metrics", HERE)


async def test_an_api_server_in_trouble_is_not_asked_each_time_about_who_was_in(
    server: Knowing,
) -> None:
    """But every five seconds, and at once where another's question was answered."""
    clock = Clock()
    reviews = server.reviews(clock)
    await reviews.verdict("ann's", "/metrics", HERE)
    server.away = True
    clock.now += 60
    for _ in range(10):
        assert await reviews.verdict("ann's", "/metrics", HERE) == ALLOWED
        clock.now += 1
    assert server.asked.count("ann's") == 3
    server.away = False
    await reviews.verdict("nobody's", "/metrics", HERE)
    del server.users["ann's"]
    assert (await reviews.verdict("ann's", "/metrics", HERE)).standing is Standing.UNKNOWN


async def test_a_failure_about_a_stranger_lets_nobody_in_for_longer(server: Knowing) -> None:
    clock = Clock()
    reviews = server.reviews(clock)
    await reviews.verdict("ann's", "/metrics", HERE)
    clock.now += 60
    server.away = True
    with pytest.raises(UnansweredError):
        await reviews.verdict("nobody's", "/metrics", HERE)
    server.away = False
    del server.users["ann's"]
    assert (await reviews.verdict("ann's", "/metrics", HERE)).standing is Standing.UNKNOWN


async def test_what_holds_is_counted_from_the_question(server: Knowing) -> None:
    """However long the answer takes."""
    clock = Clock()
    reviews = server.reviews(clock)
    server.free.clear()
    asking = asyncio.create_task(reviews.verdict("ann's", "/metrics", HERE))
    await until(lambda: bool(server.asked))
    clock.now += 59
    server.free.set()
    assert await asking == ALLOWED
    clock.now += 2
    await reviews.verdict("ann's", "/metrics", HERE)
    assert server.asked.count("ann's") == 2


async def test_many_who_ask_at_once_with_one_token_ask_once(server: Knowing) -> None:
    reviews = server.reviews()
    asking = (reviews.verdict("ann's", "/metrics", f"10.0.0.{n % 50}") for n in range(1000))
    assert set(await asyncio.gather(*asking)) == {ALLOWED}
    assert server.asked == ["ann's", ("ann", "/metrics")]


async def test_who_goes_away_leaves_the_answer_to_the_next(server: Knowing) -> None:
    reviews = server.reviews()
    server.free.clear()
    asking = asyncio.create_task(reviews.verdict("ann's", "/metrics", HERE))
    await until(lambda: bool(server.asked))
    asking.cancel()
    server.free.set()
    assert await reviews.verdict("ann's", "/metrics", HERE) == ALLOWED
    assert server.asked.count("ann's") == 1


async def test_strangers_wait_in_bounds(server: Knowing) -> None:
    """All together, those of one address, and those that are asked about at once. What was let in a
    while ago, and what is known, passes them.
    """
    clock = Clock()
    limits = Limits(at_once=2, waiting=6, of_one=3, rate=FAST)
    reviews = server.reviews(clock, limits)
    await reviews.verdict("ann's", "/metrics", HERE)
    await reviews.verdict("nobody's", "/metrics", HERE)
    clock.now += 60
    server.free.clear()

    def stranger(number: int, peer: str) -> asyncio.Task[Verdict]:
        return asyncio.create_task(reviews.verdict(f"guess {number}", "/metrics", peer))

    crowd = [stranger(number, "10.0.0.1") for number in range(10)]
    others = [stranger(10 + number, "10.0.0.2") for number in range(10)]
    for each in (*crowd[3:], *others[3:]):
        with pytest.raises(UnansweredError, match="too many tokens wait to be reviewed"):
            await each
    assert not any(each.done() for each in (*crowd[:3], *others[:3]))
    assert server.most_at_once == 2
    known = asyncio.create_task(reviews.verdict("ann's", "/metrics", "10.0.0.1"))
    await until(lambda: "ann's" in server.asked[4:])
    server.free.set()
    assert await known == ALLOWED
    for each in (*crowd[:3], *others[:3]):
        assert (await each).standing is Standing.UNKNOWN
    # They have left nothing behind.
    assert (await stranger(30, "10.0.0.1")).standing is Standing.UNKNOWN
    assert (len(reviews._asking), reviews._asking.crowds.total()) == (0, 0)


async def test_strangers_are_asked_about_so_often_and_no_more(server: Knowing) -> None:
    """However many there are: the burst, then one in each interval of the clock."""
    clock = Clock()
    reviews = server.reviews(clock, Limits(rate=Rate(0.01, 3)))
    asking = [
        asyncio.create_task(reviews.verdict(f"guess {number}", "/metrics", HERE))
        for number in range(8)
    ]
    for expected in range(3, 9):
        await asyncio.gather(*asking[:expected])
        assert len(server.asked) == expected
        clock.now += 0.01001


async def test_a_silent_api_server_holds_nobody_for_long(server: Knowing) -> None:
    """Who was in before waits less, and is let in; the question itself goes on."""
    clock = Clock()
    limits = Limits(rate=FAST, patience=0.05, patience_of_known=0.01)
    reviews = server.reviews(clock, limits)
    assert await reviews.verdict("ann's", "/metrics", HERE) == ALLOWED
    clock.now += 60
    server.free.clear()
    assert await reviews.verdict("ann's", "/metrics", HERE) == ALLOWED
    with pytest.raises(UnansweredError, match=r"no answer of the API server in 0\.05 s"):
        await reviews.verdict("bob's", "/metrics", HERE)
    server.free.set()
    await until(lambda: not reviews._asking)
    asked = len(server.asked)
    assert await reviews.verdict("ann's", "/metrics", HERE) == ALLOWED
    assert (await reviews.verdict("bob's", "/metrics", HERE)).standing is Standing.DENIED
    assert len(server.asked) == asked


async def test_a_question_that_fails_is_asked_again(server: Knowing) -> None:
    """An error is no answer that holds."""
    reviews = server.reviews()
    server.away = True
    for _ in range(2):
        with pytest.raises(UnansweredError):
            await reviews.verdict("ann's", "/metrics", HERE)
    assert server.asked == ["ann's", "ann's"]
    server.away = False
    assert await reviews.verdict("ann's", "/metrics", HERE) == ALLOWED


async def test_no_token_is_kept(server: Knowing) -> None:
    """Not in what is remembered, nor is it hashed as anybody could hash it."""
    reviews, others = server.reviews(), server.reviews()
    await reviews.verdict("ann's", "/metrics", HERE)
    await reviews.verdict("nobody's", "/metrics", HERE)
    kept = [vars(each) for each in (reviews, reviews._answers)]
    assert "ann's" not in str(kept)
    assert "nobody's" not in str(kept)
    assert reviews._answers.identity("ann's") != others._answers.identity("ann's")


async def test_whoever_has_an_account_pushes_out_none_who_may() -> None:
    """With token after token of an account without the right: the scraper is let in as before."""
    server, clock = Knowing(), Clock()
    reviews = server.reviews(clock)
    assert (await reviews.verdict("ann's", "/metrics", "scraper")).standing is Standing.ALLOWED
    for number in range(MOST + 1):
        server.users[f"bob's {number}"] = User("bob", "2", extra=(("id", (str(number),)),))
        verdict = await reviews.verdict(f"bob's {number}", "/metrics", "tenant")
        assert verdict.standing is Standing.DENIED
    clock.now += 61
    server.away = True
    assert (await reviews.verdict("ann's", "/metrics", "scraper")).standing is Standing.ALLOWED


async def test_who_comes_from_elsewhere_gets_a_place(server: Knowing) -> None:
    """One of those that have the most of them makes room, and none that is being asked about."""
    limits = Limits(at_once=1, waiting=6, of_one=3, rate=FAST)
    reviews = server.reviews(limits=limits)
    server.free.clear()
    crowd = {
        (peer, number): asyncio.create_task(reviews.verdict(f"{peer} {number}", "/metrics", peer))
        for number in range(3)
        for peer in ("one", "other")
    }
    await until(lambda: server.asked == ["one 0"])
    scraper = asyncio.create_task(reviews.verdict("ann's", "/metrics", "scraper"))
    await until(crowd["one", 2].done)
    with pytest.raises(UnansweredError, match="too many tokens wait to be reviewed"):
        await crowd["one", 2]
    with pytest.raises(UnansweredError, match="too many"):
        await reviews.verdict("one more", "/metrics", "one")
    server.free.set()
    assert await scraper == ALLOWED
    del crowd["one", 2]
    assert {(await each).standing for each in crowd.values()} == {Standing.UNKNOWN}
    assert "one 2" not in server.asked
