"""Failover: what a replica does as it begins to lead, leads, and stops."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from exporter.checkpoint.handover import read
from exporter.failover import Failover
from exporter.metrics.births import Scrapers
from exporter.metrics.page import Page
from exporter.metrics.text import Format
from tests.unit.metrics.house import samples
from tests.unit.pipeline_house import NOW, House, event

TOTAL = (
    'kube_events_total{type="Warning",reason="BackOff",kind="Pod",'
    'namespace="shop",component="kubelet"}'
)


@dataclass
class Replica:
    """One of two, and what it publishes."""

    house: House = field(default_factory=House)
    leads: bool = False
    version: int = 100
    published: list[str] = field(default_factory=list)
    notes: list[tuple[str, str, dict[str, object]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        counting = self.house.counting
        self.failover = Failover(
            counting,
            {"": self.house.scope},
            lambda: {"": self.version},
            lambda *note: self.notes.append(note),
            limit=10_000,
        )
        self.failover.publish = self.published.append
        self.page = Page(
            (),
            self.house.births,
            Scrapers(self.house.births, lambda: NOW),
            events=counting.families(),
            events_shown=lambda: self.leads,
        )
        self.page.witnesses = (self.failover,)
        self.house.first_list()

    def occurs(self, name: str, version: int, **changes: Any) -> None:
        self.house.add(event(name, version, **changes))
        self.version = version

    def scrape(self) -> dict[str, float]:
        parts, showing = self.page.render(Format.TEXT, "10.0.0.1 Prometheus", "connection")
        body = b"".join(parts).decode()
        self.page.shown(showing)
        return dict(samples(body))

    def start(self, payload: str) -> None:
        self.failover.started_leading(payload)
        self.leads = True

    def stop(self) -> None:
        self.failover.stopped_leading()
        self.leads = False


@pytest.fixture
def replica() -> Replica:
    return Replica()


def test_the_first_leader_shows_all_that_it_counted(replica: Replica) -> None:
    """Each series at 0 first, though pages without events were read before."""
    replica.occurs("a", 101)
    for _ in range(3):
        assert TOTAL not in replica.scrape()
    replica.start("")
    assert [replica.scrape()[TOTAL] for _ in range(2)] == [0, 1]


def test_a_standby_publishes_nothing(replica: Replica) -> None:
    """Its pages show no events."""
    replica.occurs("a", 101)
    replica.scrape()
    assert replica.published == []


def test_a_leader_says_how_far_it_was_scraped(replica: Replica) -> None:
    """And what that page still showed at 0."""
    replica.start("")
    replica.occurs("a", 105)
    replica.scrape()
    replica.scrape()
    first, second = map(read, replica.published)
    assert first is not None
    assert second is not None
    assert first.versions == second.versions == {"": 105}
    assert ("kube_events_total", 1) in [(h.family, h.amount) for h in first.held]
    assert second.held == []


def test_a_handover_that_stands_in_the_lease_is_logged(replica: Replica) -> None:
    """Of the latest page only: the one before was never written."""
    replica.start("")
    replica.occurs("a", 105)
    replica.scrape()
    replica.scrape()
    for payload in replica.published:
        replica.failover.published(payload)
    assert [(m, f) for _, m, f in replica.notes if m == "handover written"] == [
        ("handover written", {"cut": 2})
    ]


def test_who_takes_over_begins_where_the_leader_was_scraped(replica: Replica) -> None:
    """What the leader has shown is not shown again; what it held, and what came after, is."""
    leader = replica
    standby = Replica()
    leader.start("")
    for number, version in enumerate((105, 106, 107)):
        for each in (leader, standby):
            each.occurs(f"a{number}", version)
        leader.scrape()
    for each in (leader, standby):
        each.occurs("late", 108)
    standby.start(leader.published[-1])
    assert [standby.scrape()[TOTAL] for _ in range(2)] == [0, 1]
    assert standby.notes[0][1] == "counting on where the last leader was scraped"


def test_a_watch_that_is_behind_counts_nothing_twice(replica: Replica) -> None:
    """The standby's watch comes to what the leader has shown only after it took over."""
    leader = replica
    standby = Replica()
    leader.start("")
    leader.occurs("a", 105)
    for _ in range(2):
        leader.scrape()
    standby.start(leader.published[-1])
    standby.occurs("a", 105)
    standby.occurs("b", 106)
    assert [standby.scrape()[TOTAL] for _ in range(2)] == [0, 1]


def test_a_leader_that_stood_by_meanwhile_begins_anew(replica: Replica) -> None:
    """What it showed in its first time is not in its second, nor what the other has shown."""
    other = Replica()
    replica.start("")
    replica.occurs("a", 101)
    for _ in range(2):
        replica.scrape()
    replica.stop()
    other.start(replica.published[-1])
    for each in (replica, other):
        each.occurs("b", 102)
    for _ in range(2):
        other.scrape()
    for each in (replica, other):
        each.occurs("c", 103)
    replica.failover.observed(other.published[-1])
    replica.start(other.published[-1])
    assert [replica.scrape()[TOTAL] for _ in range(2)] == [0, 1]


def test_a_journal_is_cut_as_the_leader_is_scraped(replica: Replica) -> None:
    """It holds what is beyond, and no more."""
    leader, standby = replica, Replica()
    leader.start("")
    for each in (leader, standby):
        each.occurs("a", 105)
    leader.scrape()
    assert len(standby.failover.journal) > 0
    standby.failover.observed(leader.published[-1])
    assert len(standby.failover.journal) == 0


def test_a_handover_that_cannot_be_read_is_said(replica: Replica) -> None:
    """Somebody has shown something: what was counted so far must not be shown as new."""
    replica.occurs("a", 101)
    replica.failover.observed("spoiled")
    replica.start("spoiled")
    assert replica.notes[0][:2] == ("error", "the last leader's handover cannot be read")
    replica.occurs("b", 102)
    assert [replica.scrape()[TOTAL] for _ in range(2)] == [0, 1]


@pytest.mark.parametrize("payload", ["", "spoiled"])
def test_without_the_lease_the_last_handover_that_was_read_counts(payload: str) -> None:
    """It was deleted together with the leader, or somebody has written into it."""
    leader, standby = Replica(), Replica()
    leader.start("")
    for each in (leader, standby):
        each.occurs("a", 101)
    for _ in range(2):
        leader.scrape()
    standby.failover.observed(leader.published[-1])
    for each in (leader, standby):
        each.occurs("b", 102)
    standby.start(payload)
    assert [standby.scrape()[TOTAL] for _ in range(2)] == [0, 1]


def test_who_regains_the_lead_has_not_forgotten_what_it_had_not_shown(replica: Replica) -> None:
    """The API server was away for longer than a lease lasts, and events had come before."""
    replica.start("")
    replica.occurs("a", 101)
    for _ in range(2):
        replica.scrape()
    replica.occurs("b", 102)
    replica.stop()
    replica.occurs("c", 103)
    replica.start(replica.published[-1])
    assert [replica.scrape()[TOTAL] for _ in range(2)] == [0, 2]


def test_last_words_that_did_not_reach_the_lease_count_for_ourselves(replica: Replica) -> None:
    """Pages were sent while the API server was away; nobody else has led since."""
    replica.start("")
    replica.scrape()
    for number in range(3):
        replica.occurs(f"a{number}", 101 + number)
        replica.scrape()
    replica.stop()
    replica.start(replica.published[0])
    replica.occurs("late", 110)
    assert [replica.scrape()[TOTAL] for _ in range(2)] == [0, 1]
