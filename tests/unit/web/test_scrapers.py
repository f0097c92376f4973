"""Who is a scraper, and when it has seen a page."""

from __future__ import annotations

import pytest

from exporter.web.scrapers import SCRAPE_HEADER
from tests.unit.web.site import PROMETHEUS, THING, Site

VMAGENT = {SCRAPE_HEADER: "10", "User-Agent": "vm_promscrape"}


async def test_scrape_header_makes_a_scraper(site: Site) -> None:
    """A client that sends Prometheus' own header is shown a birth at 0, then the value."""
    site.things.at(("a",)).inc(3)
    assert await site.scrape({SCRAPE_HEADER: "10", "User-Agent": "collector/1.0"}) == {THING: 0}
    assert await site.scrape({SCRAPE_HEADER: "10", "User-Agent": "collector/1.0"}) == {THING: 3}


@pytest.mark.parametrize(
    "agent",
    [
        "Prometheus/2.42.0",
        "vm_promscrape",
        "Alloy/v1.9.0 (linux; docker)",
        "Datadog Agent/7.50.0",
        "Telegraf/1.30.0 Go/1.22.2",
        "Elastic-Metricbeat/8.13.0 (linux; amd64; 0000; 2024-03-01)",
        "homemade agent/1",
    ],
)
async def test_known_agent_makes_a_scraper_without_the_header(site: Site, agent: str) -> None:
    """An agent whose header got lost on the way is still known by its name."""
    site.things.at(("a",)).inc(3)
    assert await site.scrape({"User-Agent": agent}) == {THING: 0}
    assert await site.scrape({"User-Agent": agent}) == {THING: 3}


@pytest.mark.parametrize(
    "headers",
    [
        {"User-Agent": "curl/8.5.0"},
        {"User-Agent": ""},
        {"User-Agent": "Mozilla/5.0 (X11) Prometheus/2.42.0"},
        {"User-Agent": "curl/8.5.0", SCRAPE_HEADER: ""},
        {"User-Agent": "curl/8.5.0", SCRAPE_HEADER: "soon"},
        {"User-Agent": "curl/8.5.0", SCRAPE_HEADER: "nan"},
    ],
)
async def test_anybody_else_sees_true_values(site: Site, headers: dict[str, str]) -> None:
    """A person sees the count at once, and what the scraper is shown does not change."""
    await site.scrape()
    site.things.at(("a",)).inc(3)
    assert await site.scrape(headers) == {THING: 3}
    assert len(site.house.scrapers) == 1
    assert await site.scrape() == {THING: 0}


async def test_two_products_on_one_address_are_two_scrapers(site: Site) -> None:
    """A vmagent beside a Prometheus on one node is shown its own 0."""
    await site.scrape(PROMETHEUS)
    await site.scrape(VMAGENT)
    site.things.at(("a",)).inc(1)
    assert await site.scrape(PROMETHEUS) == {THING: 0}
    assert await site.scrape(VMAGENT) == {THING: 0}
    assert await site.scrape(PROMETHEUS) == {THING: 1}
    assert await site.scrape(VMAGENT) == {THING: 1}


def through_proxy(client: str) -> dict[str, str]:
    """A pair's requests, through a proxy beside the exporter."""
    return PROMETHEUS | {"X-Forwarded-For": client}


async def test_a_pair_behind_a_proxy_in_the_pod_is_told_apart(site: Site) -> None:
    """By the address that the proxy adds behind whatever the client claims."""
    for client in ("10.0.0.1", "6.6.6.6, 10.0.0.2"):
        await site.scrape(through_proxy(client))
    site.things.at(("a",)).inc(1)
    assert await site.scrape(through_proxy("10.0.0.1")) == {THING: 0}
    assert await site.scrape(through_proxy("10.0.0.2")) == {THING: 0}
    assert len(site.house.scrapers) == 2


async def test_a_proxys_connection_proves_nothing(site: Site) -> None:
    """It may be used for several scrapers in turn, so each 0 is shown twice, as to a scraper that
    opens a connection for each page.
    """
    await site.scrape(through_proxy("10.0.0.1"))
    site.things.at(("a",)).inc(1)
    shown = [(await site.scrape(through_proxy("10.0.0.1")))[THING] for _ in range(3)]
    assert shown == [0, 0, 1]


@pytest.mark.parametrize("claim", ["", "unknown", "10.0.0.1, ", "_hidden"])
async def test_what_is_no_address_is_not_believed(site: Site, claim: str) -> None:
    """Then it is the proxy's own."""
    await site.scrape(through_proxy(claim))
    await site.scrape()
    assert len(site.house.scrapers) == 1


async def test_upgraded_prometheus_is_the_same_scraper(site: Site) -> None:
    """A new version on the old address is not met as a stranger."""
    site.things.at(("a",)).inc(1)
    await site.scrape(PROMETHEUS | {"User-Agent": "Prometheus/2.42.0"})
    assert await site.scrape(PROMETHEUS | {"User-Agent": "Prometheus/3.5.0"}) == {THING: 1}


async def test_scraper_that_had_given_up_has_seen_nothing(site: Site) -> None:
    """A page that was ready only after the scraper's timeout does not count as shown."""
    site.things.at(("a",)).inc(1)
    for _ in range(2):
        assert await site.scrape(PROMETHEUS | {SCRAPE_HEADER: "0"}) == {THING: 0}
    assert await site.scrape() == {THING: 0}
    assert await site.scrape() == {THING: 1}


async def test_head_shows_nothing(site: Site) -> None:
    """HEAD has headers only: it is no showing, also where a scraper asks."""
    site.things.at(("a",)).inc(1)
    response, text = await site.get("/metrics", PROMETHEUS, method="HEAD")
    assert (response.status, text) == (200, "")
    assert await site.scrape() == {THING: 0}


async def test_two_long_names_with_one_beginning_are_one_scraper(site: Site) -> None:
    """Of a product's name 64 characters are kept: nobody fills the memory with names."""
    site.things.at(("a",)).inc(1)
    for end in "xyz":
        await site.scrape(PROMETHEUS | {"User-Agent": "p" * 64 + end})
    assert len(site.house.scrapers) == 1


async def test_new_connection_is_told_apart(site: Site) -> None:
    """A scraper that comes back on another connection is shown what it may not have read."""
    await site.scrape()
    await site.scrape()
    site.things.at(("a",)).inc(1)
    assert await site.scrape() == {THING: 0}
    await site.reconnect()
    assert await site.scrape() == {THING: 0}
    assert await site.scrape() == {THING: 1}


async def test_a_name_that_is_no_text_is_a_name(site: Site) -> None:
    """A header can hold any bytes; what tells scrapers apart is kept, and so must be text."""
    await site.scrape(PROMETHEUS | {"User-Agent": "agent\udce9/1"})
    (name,) = site.house.scrapers.names()
    assert name.isascii()
