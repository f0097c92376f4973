"""Requests to a server that asks for bearer tokens."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from exporter.web.reviews import Guard, Outcome, Reviews
from exporter.web.scrapers import SCRAPE_HEADER
from exporter.web.server import OPEN_PATHS
from tests.unit.web.reviews.reviewer import ANN, Clock, Knowing, until
from tests.unit.web.site import PROMETHEUS, THING, Site, serving
from tests.unit.web.web_config import TLS, WebConfig, basic


class Guarded:
    """A site, what its API server knows, and its reviews."""

    def __init__(self, site: Site, server: Knowing, reviews: Reviews, clock: Clock) -> None:
        self.site = site
        self.server = server
        self.reviews = reviews
        self.clock = clock

    async def status(self, token: str = "", path: str = "/metrics", method: str = "GET") -> int:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return (await self.site.get(path, headers, method))[0].status

    @property
    def outcomes(self) -> dict[Outcome, int]:
        return {key: total for key, total in self.reviews.tally.requests.items() if total}


@contextlib.asynccontextmanager
async def guarding(
    path: str = "/metrics", config: WebConfig | None = None
) -> AsyncIterator[Guarded]:
    server, clock = Knowing(), Clock()
    server.users = {"anns": ANN, "bobs": server.users["bob's"]}
    reviews = server.reviews(clock)
    notes: list[tuple[str, str, dict[str, object]]] = []
    guard = Guard(
        reviews,
        path=path,
        open_=OPEN_PATHS,
        note=lambda level, message, fields: notes.append((level, message, fields)),
    )
    gate = config.gate() if config else None
    async with serving(telemetry_path=path, gate=gate, guard=guard) as site:
        notes += site.notes
        site.notes = notes
        yield Guarded(site, server, reviews, clock)


async def test_who_may_get_the_path_is_served(tmp_path: Path) -> None:
    """With a token of theirs; others learn what they lack, and nothing else."""
    async with guarding() as guarded:
        assert await guarded.status("anns") == 200
        response, text = await guarded.site.get("/metrics", {"Authorization": "Bearer bobs"})
        assert (response.status, text) == (403, "bob may not get /metrics\n")
        for headers in ({}, {"Authorization": "Bearer guess"}):
            response, text = await guarded.site.get("/metrics", headers)
            assert (response.status, text) == (401, "no valid bearer token\n")
            assert response.headers["WWW-Authenticate"].startswith("Bearer")
        assert guarded.outcomes == {"allowed": 1, "forbidden": 1, "unauthorized": 2}


@pytest.mark.parametrize(
    "header",
    ["anns", "Basic anns", "Bearer", "Bearer ", "Bearer a b", "Bearer \xe9", basic("a", "b")],
)
async def test_what_is_no_bearer_token_is_not_asked_about(header: str) -> None:
    async with guarding() as guarded:
        response, _ = await guarded.site.get("/metrics", {"Authorization": header})
        assert response.status == 401
        assert guarded.server.asked == []


async def test_the_scheme_is_written_as_one_likes() -> None:
    async with guarding() as guarded:
        response, _ = await guarded.site.get("/metrics", {"Authorization": "bEARER  anns"})
        assert response.status == 200


async def test_two_tokens_are_none() -> None:
    async with guarding() as guarded:
        reader, writer = await asyncio.open_connection("127.0.0.1", guarded.site.port)
        line = b"Authorization: Bearer anns\r\n"
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\n" + line + line + b"\r\n")
        answer = await reader.readline()
        writer.transport.abort()
        assert answer.startswith((b"HTTP/1.1 401", b"HTTP/1.0 400"))
        assert guarded.server.asked == []


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_probes_need_no_token(method: str) -> None:
    """Nor an API server."""
    async with guarding() as guarded:
        guarded.server.away = True
        for path in OPEN_PATHS:
            assert await guarded.status(path=path, method=method) == 200
            assert await guarded.status(path=path + "/", method=method) == 401
        assert guarded.server.asked == []


async def test_each_path_needs_its_own_right() -> None:
    """What is not there needs that of the metrics; so does another method, which is not served."""
    async with guarding("/events") as guarded:
        guarded.server.allowed = {(ANN, "/")}
        for path, status in (("/", 200), ("/events", 403), ("/nowhere", 403), ("/livez/", 403)):
            assert (path, await guarded.status("anns", path)) == (path, status)
        guarded.clock.now += 60
        guarded.server.allowed = {(ANN, "/events")}
        for path, status in (("/", 403), ("/events", 200), ("/nowhere", 404), ("/livez/", 404)):
            assert (path, await guarded.status("anns", path)) == (path, status)
        assert await guarded.status("anns", "/events", "POST") == 405
        assert await guarded.status("bobs", "/events", "POST") == 403
        paths = {each[1] for each in guarded.server.asked if isinstance(each, tuple)}
        assert paths == {"/", "/events"}


async def test_where_the_api_server_is_away_nobody_new_gets_in() -> None:
    """Who was in before does."""
    async with guarding() as guarded:
        assert await guarded.status("anns") == 200
        guarded.server.away = True
        guarded.clock.now += 100
        assert await guarded.status("anns") == 200
        response, text = await guarded.site.get("/metrics", {"Authorization": "Bearer bobs"})
        assert response.status == 503
        assert response.headers["Retry-After"] == "5"
        assert "API server" in text
        assert guarded.outcomes == {"allowed": 2, "unavailable": 1}


async def test_what_is_said_is_said_seldom_and_without_tokens() -> None:
    """Each problem by itself, with who it was."""
    async with guarding() as guarded:
        for _ in range(3):
            assert await guarded.status("bobs") == 403
            assert await guarded.status("guessed") == 401
            assert await guarded.status() == 401
        guarded.server.away = True
        for number in range(3):
            assert await guarded.status(f"guessed{number}") == 503
        said = [(level, message, fields) for level, message, fields in guarded.site.notes[1:]]
        assert [each[:2] for each in said] == [
            ("warning", "a user has no right to get a path"),
            ("warning", "a request had no valid bearer token"),
            ("error", "a token cannot be reviewed"),
        ]
        assert said[0][2]["user"] == "bob"
        assert "guessed" not in str(said)
        assert "bobs" not in str(said)


async def test_tokens_in_the_clear_are_warned_of(tmp_path: Path) -> None:
    """At the start, and when a change takes TLS away; with TLS they are none."""
    clear: object = ("warning", "bearer tokens come in the clear: no TLS", {})
    config = WebConfig(tmp_path, TLS)
    async with guarding() as guarded:
        assert clear in guarded.site.notes
    async with guarding(config=config) as guarded:
        guarded.site.client_tls = config.client()
        assert guarded.site.notes == []
        assert await guarded.status("anns") == 200
        assert await guarded.status("bobs") == 403
        config.write("{}\n")
        await until(lambda: clear in guarded.site.notes)


async def test_the_rate_limit_comes_first(tmp_path: Path) -> None:
    """Who is over it costs the API server nothing."""
    config = WebConfig(tmp_path, "rate_limit: {interval: 24h, burst: 1}\n")
    async with guarding(config=config) as guarded:
        assert await guarded.status("guess") == 401
        assert await guarded.status("other") == 429
        assert guarded.server.asked == ["guess"]


async def test_a_scraper_is_known_as_without_tokens() -> None:
    """By its header and its address: it is shown 0 first, then the value."""
    async with guarding() as guarded:
        scraper = {**PROMETHEUS, "Authorization": "Bearer anns"}
        await guarded.site.scrape(scraper)
        guarded.site.things.at(("a",)).inc(3)
        assert (await guarded.site.scrape(scraper))[THING] == 0
        assert (await guarded.site.scrape(scraper))[THING] == 3


async def test_a_page_that_waited_too_long_for_its_review_was_not_shown() -> None:
    """Its scraper had given up: the next one has the births again."""
    async with guarding() as guarded:
        site, server = guarded.site, guarded.server
        impatient = {**PROMETHEUS, SCRAPE_HEADER: "0.05", "Authorization": "Bearer anns"}
        await site.scrape({**PROMETHEUS, "Authorization": "Bearer anns"})
        sent = site.page.sent
        guarded.clock.now += 60
        server.free.clear()
        asking = asyncio.create_task(site.scrape(impatient))
        asked = len(server.asked)
        await until(lambda: len(server.asked) > asked)
        loop = asyncio.get_running_loop()
        late = loop.time() + 0.1
        loop.call_at(late, server.free.set)
        await asking
        assert loop.time() >= late
        assert site.page.sent == sent
