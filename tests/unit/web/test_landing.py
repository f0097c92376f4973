from __future__ import annotations

import math
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from exporter.web.landing import AuditFacts, landing_page
from exporter.web.server import Health
from tests.unit.web.site import FACTS, NOW, Site, serving


class Reader(HTMLParser):
    """What a browser makes of the page: its text, links and tags."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.feed(html)
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.text += " "
        if tag == "a":
            self.links.append(dict(attrs)["href"] or "")

    def handle_data(self, data: str) -> None:
        self.text += data


async def test_landing_page_tells_the_facts(site: Site) -> None:
    """What is watched, where, since when, how much: all on one page of HTML."""
    response, html = await site.get("/")
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    text = Reader(html).text
    for fact in (
        "kube-event-metrics 1.2.3",
        "Ready: ",
        "Cluster https://10.0.0.1:6443 (context kind)",
        "Watched events of all namespaces",
        "Counting since 2026-11-22 09:40:00 UTC 2 hours ago",
        "Last occurrence 2026-11-22 11:39:59 UTC 1 second ago",
        "Occurrences counted 12,345",
        "Series 6",
        "Events remembered 7",
        "Scrapers 2",
        "honor_labels: true",
    ):
        assert fact in text


async def test_links_lead_somewhere(site: Site) -> None:
    """Every link on the page is answered by this server."""
    _, html = await site.get("/")
    links = Reader(html).links
    assert links == ["/metrics", "/readyz", "/livez"]
    for link in links:
        assert (await site.get(link))[0].status == 200


async def test_links_follow_the_telemetry_path() -> None:
    """With the metrics elsewhere the page links there and says so to who configures a scrape."""
    async with serving(telemetry_path="/internal/events") as site:
        reader = Reader((await site.get("/"))[1])
        assert reader.links[0] == "/internal/events"
        assert "metrics_path: /internal/events" in reader.text


async def test_page_says_that_the_watch_is_down(site: Site) -> None:
    """Between two watches nothing is counted yet, and the page does not pretend otherwise."""
    site.facts = replace(FACTS, connected=False)
    text = Reader((await site.get("/"))[1]).text
    assert "Ready, but the watch is down and being retried" in text
    assert "every occurrence is counted" not in text


async def test_page_says_why_it_is_not_ready(site: Site) -> None:
    """While we are not ready the page gives the reason and does not pretend to count."""
    site.health = Health(ready=False, reason="the first list is not done")
    site.facts = replace(FACTS, since=0.0, last_event=0.0)
    text = Reader((await site.get("/"))[1]).text
    assert "Not ready: the first list is not done." in text
    assert "Ready:" not in text
    assert "Counting since not yet" in text
    assert "Last occurrence none since then" in text


def test_a_standby_says_so() -> None:
    """Who looks for metrics there is told where they are."""
    facts = replace(FACTS, leads=False, leader="replica-7")
    text = Reader(landing_page(facts, "ok", "/metrics")).text
    assert "Standby: ready to take over. Metrics of events are on the leader's page." in text
    assert "every occurrence is counted" not in text
    assert "This replica standby Lease held by replica-7" in text


def test_a_standby_without_a_leader_says_so() -> None:
    """Between two leaders, and while the Lease was not read yet."""
    text = Reader(landing_page(replace(FACTS, leads=False), "ok", "/metrics")).text
    assert "Lease held by nobody yet" in text


def test_a_leader_says_so() -> None:
    """And one that runs alone says nothing of leading."""
    text = Reader(landing_page(replace(FACTS, leader="replica-7"), "ok", "/metrics")).text
    assert "Ready: every occurrence is counted." in text
    assert "This replica leader Lease held by replica-7" in text
    assert "This replica" not in Reader(landing_page(FACTS, "ok", "/metrics")).text


def test_scopes_and_selector_are_told() -> None:
    """Namespaces and a field selector are named where they narrow what is watched."""
    facts = replace(FACTS, scopes=("shop", "db"), field_selector="type=Warning")
    text = Reader(landing_page(facts, "ok", "/metrics")).text
    assert "Watched events of shop, db where type=Warning" in text


def test_nobody_scraping_is_told() -> None:
    """Without a scraper the page says that nobody scrapes, which explains empty dashboards."""
    facts = replace(FACTS, scrapers=0)
    assert "Scrapers 0 nobody scrapes this yet" in Reader(landing_page(facts, "", "/metrics")).text


@pytest.mark.parametrize("field", ["version", "cluster", "field_selector"])
def test_facts_are_escaped(field: str) -> None:
    """Text from configuration or cluster cannot become markup."""
    evil = "<script>alert('1')</script>\"&"
    html = landing_page(replace(FACTS, **{field: evil}), "ok", "/metrics")  # type: ignore[arg-type]
    reader = Reader(html)
    assert "script" not in reader.tags
    assert evil in reader.text


def test_state_is_escaped() -> None:
    """The reason for not being ready can hold an API server's words, and stays text."""
    html = landing_page(replace(FACTS, ready=False), "<img src=x>", "/metrics")
    assert "img" not in Reader(html).tags


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "just now"),
        (0.5, "just now"),
        (1, "1 second ago"),
        (59, "59 seconds ago"),
        (60, "1 minute ago"),
        (7199, "1 hour ago"),
        (86_400 * 3, "3 days ago"),
    ],
)
def test_ages_are_told_in_words(seconds: float, words: str) -> None:
    """An age is one number and its unit; a clock ahead of ours gives no negative age."""
    text = Reader(landing_page(replace(FACTS, last_event=NOW - seconds), "ok", "/metrics")).text
    assert f"UTC {words} Occurrences" in text


@pytest.mark.parametrize("when", [math.nan, math.inf, -math.inf, 1e18, -1e18, 1e300])
def test_any_number_is_a_time_to_the_page(when: float) -> None:
    """A reporter's clock can say anything: what is no date is told as such."""
    text = Reader(landing_page(replace(FACTS, last_event=when), "ok", "/metrics")).text
    assert "Last occurrence at a time that no calendar has Occurrences" in text


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({}, None),
        ({"checkpoint": "/data/c.db", "kept": True}, "/data/c.db last written not yet"),
        (
            {"checkpoint": "/data/c.db", "kept": True, "committed": FACTS.now - 5},
            "/data/c.db last written 5 seconds ago",
        ),
        ({"checkpoint": "/data/c.db"}, "/data/c.db cannot be written: see the log"),
    ],
)
def test_whether_a_restart_loses_anything_is_told(facts: dict[str, Any], told: str | None) -> None:
    """Where a checkpoint was asked for."""
    page = landing_page(replace(FACTS, **facts), "ok", "/metrics")
    row = re.search(r"<th>Checkpoint</th><td>(.*?)</td>", page)
    assert (re.sub("<.*?>", "", row[1]) if row else None) == told


def test_who_watches_no_events_speaks_of_audit_events_alone() -> None:
    """In the state, and in what there is to begin with."""
    audit = AuditFacts(("the webhook",), 0, 0.0)
    page = landing_page(replace(FACTS, watches=False, audit=audit), "ok", "/metrics")
    assert "Ready: every audited request is counted." in page
    assert "kube_audit_denied_total" in page
    assert "kube_events_total" not in page
