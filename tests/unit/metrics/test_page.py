"""What a page holds while the metrics of events are another replica's to show."""

from __future__ import annotations

import pytest

from exporter.metrics.births import Births, Scrapers
from exporter.metrics.counter import CounterFamily, GaugeFamily
from exporter.metrics.page import Page
from exporter.metrics.text import Format
from tests.unit.metrics.house import COUNTER, GAUGE, Clock


class Replica:
    """Counts things, and has a level of its own."""

    def __init__(self) -> None:
        clock = Clock()
        births = Births(clock)
        things, level = CounterFamily(COUNTER, births=births), GaugeFamily(GAUGE, births=births)
        things.at(("a",)).inc(5)
        level.at(("b",)).set(7)
        self.leads = True
        self.page = Page(
            [level],
            births,
            Scrapers(births, clock),
            events=[things],
            events_shown=lambda: self.leads,
        )

    def text(self, format_: Format) -> str:
        for _ in self.page.prepare(format_):
            pass
        return b"".join(self.page.render(format_)[0]).decode()


@pytest.mark.parametrize("format_", Format)
def test_a_leader_shows_all(format_: Format) -> None:
    """The metrics of events first."""
    page = Replica().text(format_)
    assert page.index('kube_things_total{reason="a"} 5') < page.index('kube_level{reason="b"} 7')


@pytest.mark.parametrize("format_", Format)
def test_a_standby_shows_its_own(format_: Format) -> None:
    """Nothing names a metric of events, not even what stands before its samples."""
    replica = Replica()
    replica.leads = False
    page = replica.text(format_)
    assert "kube_things" not in page
    assert 'kube_level{reason="b"} 7' in page


def test_each_page_asks_anew() -> None:
    """The lead comes and goes between two scrapes; what was counted is there after it."""
    replica = Replica()
    for leads in (True, False, True):
        replica.leads = leads
        assert ("kube_things_total" in replica.text(Format.TEXT)) is leads


def test_a_page_is_of_one_moment() -> None:
    """Who led when it was asked for leads on the whole page."""
    replica = Replica()
    parts, _ = replica.page.render(Format.TEXT)
    replica.leads = False
    assert "kube_things_total" in b"".join(parts).decode()
