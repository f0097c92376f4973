"""Who is a scraper, and when it has seen a page."""

from __future__ import annotations

import asyncio
import socket
import struct

import pytest

from exporter.web.server import SCRAPE_HEADER
from tests.unit.web.site import PROMETHEUS, THING, Site, serving

VMAGENT = {SCRAPE_HEADER: "10", "User-Agent": "vm_promscrape"}


async def test_scrape_header_makes_a_scraper(site: Site) -> None:
    """A client that sends Prometheus' own header is shown a birth at 0, then the value."""
    site.things.at(("a",)).inc(3)
    assert await site.scrape({SCRAPE_HEADER: "10", "User-Agent": "collector/1.0"}) == {THING: 0}
    assert await site.scrape({SCRAPE_HEADER: "10", "User-Agent": "collector/1.0"}) == {THING: 3}


@pytest.mark.parametrize(
    "agent", ["Prometheus/2.42.0", "vm_promscrape", "Alloy/v1.9.0 (linux; docker)"]
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


@pytest.mark.parametrize("abrupt", [True, False], ids=["reset", "closed"])
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
async def test_client_that_leaves_in_the_middle_has_seen_nothing(
    abrupt: bool, encoding: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A scraper that is gone before its page was out is shown the birth again, and no error is
    logged: clients come and go.
    """
    # More than both ends' socket buffers hold, and gzip cannot make it small.
    noise = b"".join(b"# %s\n" % _noise(i) for i in range(150_000))
    async with serving(foreign=lambda _format: noise) as site:
        site.things.at(("a",)).inc(1)
        reader, writer = await asyncio.open_connection("127.0.0.1", site.port, limit=1024)
        request = (
            f"GET /metrics HTTP/1.1\r\nHost: x\r\nUser-Agent: Prometheus/3.5.0\r\n"
            f"Accept-Encoding: {encoding}\r\n{SCRAPE_HEADER}: 10\r\n\r\n"
        )
        writer.write(request.encode())
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        if abrupt:
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.close()
        # It waits for the request under way, so what that does to the births has been done.
        await site.server.stop()
        assert len(site.house.scrapers) == 0
        assert caplog.records == []
        assert site.house.scrape("127.0.0.1 Prometheus") == {THING: 0}


def _noise(seed: int) -> bytes:
    """A hundred bytes that do not compress much."""
    value = seed * 0x9E3779B97F4A7C15 & (2**64 - 1)
    return b"".join(
        b"%016x" % ((value := value * 0xD1342543DE82EF95 + 1 & (2**64 - 1)),) for _ in range(6)
    )
