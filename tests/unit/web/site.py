"""A web server on loopback over a page of one family, and what asks it."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace

import aiohttp

from exporter.metrics.page import Foreign, Page, Showing
from exporter.web.landing import Facts
from exporter.web.reviews import Guard
from exporter.web.scrapers import SCRAPE_HEADER, recognizer
from exporter.web.server import MAX_REQUESTS, Health, WebServer
from exporter.web.terms import Gate
from tests.unit.metrics.house import House, samples

NOW = 1_795_347_600.0  # 2026-11-22 11:40:00 UTC
FACTS = Facts(
    version="1.2.3",
    cluster="https://10.0.0.1:6443 (context kind)",
    scopes=(),
    field_selector="",
    ready=True,
    since=NOW - 7200,
    last_event=NOW - 1,
    now=NOW,
    occurrences=12345,
    series=6,
    events_remembered=7,
    scrapers=2,
)
PROMETHEUS = {SCRAPE_HEADER: "10", "User-Agent": "Prometheus/3.5.0"}
THING = 'kube_things_total{reason="a"}'


class CountedPage(Page):
    """Knows how often it was sent whole to a scraper."""

    sent = 0

    def shown(self, showing: Showing) -> None:
        super().shown(showing)
        self.sent += 1


class Site:
    """The server under test, its page and the state that it reports."""

    def __init__(
        self,
        *,
        telemetry_path: str = "/metrics",
        foreign: Foreign | None = None,
        max_requests: int = MAX_REQUESTS,
        gate: Gate | None = None,
        guard: Guard | None = None,
        client_tls: ssl.SSLContext | None = None,
    ) -> None:
        self.house = House()
        self.things = self.house.counter(describe=lambda detail: (("pod", str(detail)),))
        self.health = Health(ready=True, reason="ok")
        self.facts = FACTS
        self.page = CountedPage(
            [self.things],
            self.house.births,
            self.house.scrapers,
            foreign=foreign or (lambda _format: b""),
        )
        self.server = WebServer(
            self.page,
            telemetry_path=telemetry_path,
            health=lambda: self.health,
            facts=lambda: replace(self.facts, ready=self.health.ready),
            recognize=recognizer(("Homemade Agent",)),
            note=lambda level, message, fields: self.notes.append((level, message, fields)),
            gate=gate,
            guard=guard,
            max_requests=max_requests,
        )
        self.notes: list[tuple[str, str, dict[str, object]]] = []
        self.client_tls = client_tls
        self.port = 0
        self.client = aiohttp.ClientSession()

    async def reconnect(self) -> None:
        """The next request goes out on a new connection."""
        await self.client.close()
        self.client = aiohttp.ClientSession()

    @property
    def url(self) -> str:
        return f"http{'s' if self.client_tls else ''}://127.0.0.1:{self.port}"

    async def get(
        self, path: str, headers: dict[str, str] | None = None, method: str = "GET"
    ) -> tuple[aiohttp.ClientResponse, str]:
        """The answer and its text."""
        async with self.client.request(
            method, self.url + path, headers=headers, ssl=self.client_tls or True
        ) as response:
            return response, await response.text()

    async def scrape(self, headers: dict[str, str] | None = None) -> dict[str, float]:
        """The samples that a client with these headers is shown, by default a Prometheus."""
        _, text = await self.get("/metrics", PROMETHEUS if headers is None else headers)
        return dict(samples(text))


@contextlib.asynccontextmanager
async def serving(
    *,
    telemetry_path: str = "/metrics",
    foreign: Foreign | None = None,
    max_requests: int = MAX_REQUESTS,
    gate: Gate | None = None,
    guard: Guard | None = None,
    client_tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Site]:
    """A site on any free port."""
    site = Site(
        telemetry_path=telemetry_path,
        foreign=foreign,
        max_requests=max_requests,
        gate=gate,
        guard=guard,
        client_tls=client_tls,
    )
    _, site.port = await site.server.start("127.0.0.1", 0)
    try:
        yield site
    finally:
        await site.client.close()
        await site.server.stop()
