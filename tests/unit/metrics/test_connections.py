"""What a connection proves of the pages that were sent on it."""

from __future__ import annotations

import pytest

from exporter.metrics.births import LOST_PAGES
from tests.unit.metrics.house import House

A, B = 'kube_things_total{reason="a"}', 'kube_things_total{reason="b"}'


@pytest.fixture
def house() -> House:
    return House()


def test_next_request_on_a_connection_proves_the_page_before_it(house: House) -> None:
    """On a kept connection a new series is shown at 0 exactly once."""
    things = house.counter()
    house.scrape("prometheus", 1)
    things.at(("a",)).inc(2)
    assert house.scrape("prometheus", 1) == {A: 0}
    assert house.scrape("prometheus", 1) == {A: 2}


def test_new_connection_proves_nothing(house: House) -> None:
    """What was born on the last page of a lost connection is shown at 0 again, and then known."""
    things = house.counter()
    things.at(("a",)).inc(2)
    house.scrape("prometheus", 1)
    assert house.scrape("prometheus", 1) == {A: 2}
    things.at(("b",)).inc(1)
    assert house.scrape("prometheus", 1) == {A: 2, B: 0}
    assert house.scrape("prometheus", 2) == {A: 2, B: 0}
    assert house.scrape("prometheus", 2) == {A: 2, B: 1}


def test_scraper_that_keeps_no_connection_sees_the_zero_twice(house: House) -> None:
    """Where nothing can prove that a page was read, two pages at 0 have to do."""
    things = house.counter()
    house.scrape("prometheus", 1)
    things.at(("a",)).inc(2)
    seen = [house.scrape("prometheus", connection) for connection in (2, 3, 4)]
    assert seen == [{A: 0}, {A: 0}, {A: 2}]


def test_pages_lost_in_a_row_lose_no_birth(house: House) -> None:
    """One that keeps its connections can fail to read several pages, and is shown the 0 after."""
    things = house.counter()
    house.scrape("prometheus", 0)
    house.scrape("prometheus", 0)
    things.at(("a",)).inc(2)
    for connection in range(LOST_PAGES):  # the first on the connection it kept
        assert house.scrape("prometheus", connection) == {A: 0}
    assert house.scrape("prometheus", LOST_PAGES) == {A: 0}
    assert house.scrape("prometheus", LOST_PAGES) == {A: 2}


def test_scraper_that_keeps_connections_no_more_still_gets_values(house: House) -> None:
    """However often it changes its connection, a birth does not stay at 0 for ever."""
    things = house.counter()
    house.scrape("prometheus", 0)
    house.scrape("prometheus", 0)
    things.at(("a",)).inc(2)
    seen = [house.scrape("prometheus", n)[A] for n in range(1, LOST_PAGES + 3)]
    assert seen[-1] == 2
    assert seen == sorted(seen)


def test_pair_behind_one_address_both_see_the_zero(house: House) -> None:
    """Two servers that cannot be told apart take turns, and each is shown the 0."""
    things = house.counter()
    house.scrape("nat", "first")
    house.scrape("nat", "second")
    things.at(("a",)).inc(3)
    assert [house.scrape("nat", "first"), house.scrape("nat", "second")] == [{A: 0}, {A: 0}]
    assert [house.scrape("nat", "first"), house.scrape("nat", "second")] == [{A: 3}, {A: 3}]


def test_value_that_was_shown_is_not_taken_back(house: House) -> None:
    """A request that proved a birth read counts, also when its own page was not sent: to show 0
    after a value would count the value twice.
    """
    house.counter().at(("a",)).inc(3)
    assert house.scrape("prometheus", 1) == {A: 0}
    assert house.scrape("prometheus", 1, sent=False) == {A: 3}
    assert house.scrape("prometheus", 2) == {A: 3}
