from __future__ import annotations

import pytest

from exporter.metrics.births import (
    MAX_SCRAPERS,
    NEWCOMER_SECONDS,
    SCRAPER_TTL_SECONDS,
)
from exporter.metrics.text import Format
from tests.unit.metrics.house import House

A, B = 'kube_things_total{reason="a"}', 'kube_things_total{reason="b"}'


@pytest.fixture
def house() -> House:
    return House()


def test_new_series_is_shown_at_zero_once(house: House) -> None:
    """A scraper sees a new series at 0 first and at its value from its next scrape on."""
    things = house.counter()
    house.scrape("prometheus")
    things.at(("a",)).inc(3)
    assert house.scrape("prometheus") == {A: 0}
    assert house.scrape("prometheus") == {A: 3}
    things.at(("a",)).inc(1)
    assert house.scrape("prometheus") == {A: 4}


def test_what_comes_between_birth_and_showing_is_not_lost(house: House) -> None:
    """Increments after the scrape that showed 0 are in the next one, with those before it."""
    things = house.counter()
    things.at(("a",)).inc(1)
    assert house.scrape("prometheus") == {A: 0}
    things.at(("a",)).inc(1)
    assert house.scrape("prometheus") == {A: 2}


def test_known_series_are_not_touched_by_a_birth(house: House) -> None:
    """Where one series is born, the others of its family are shown at their values."""
    things = house.counter()
    things.at(("a",)).inc(3)
    house.scrape("prometheus")
    things.at(("b",)).inc(1)
    assert house.scrape("prometheus") == {A: 3, B: 0}
    assert house.scrape("prometheus") == {A: 3, B: 1}


def test_both_of_a_pair_see_the_zero(house: House) -> None:
    """Two scrapers are shown each birth independently, whoever comes first."""
    things = house.counter()
    house.scrape("first")
    house.scrape("second")
    things.at(("a",)).inc(1)
    assert house.scrape("first") == {A: 0}
    assert house.scrape("first") == {A: 1}
    assert house.scrape("second") == {A: 0}
    assert house.scrape("second") == {A: 1}


def test_person_sees_true_values_and_changes_nothing(house: House) -> None:
    """A reader that is no scraper sees values at once, and the scraper still sees its 0."""
    things = house.counter()
    house.scrape("prometheus")
    things.at(("a",)).inc(2)
    assert house.curl() == {A: 2}
    assert house.scrape("prometheus") == {A: 0}
    assert house.curl() == {A: 2}
    assert house.scrape("prometheus") == {A: 2}
    assert len(house.scrapers) == 1


def test_person_and_scraper_read_different_lines_of_one_moment(house: House) -> None:
    """The kept lines are not spoilt by a page that shows zeros: the next reader gets values."""
    things = house.counter()
    things.at(("a",)).inc(2)
    for _ in range(2):
        assert house.scrape("prometheus", sent=False) == {A: 0}
        assert house.curl() == {A: 2}


def test_scrape_that_was_not_sent_changes_nothing(house: House) -> None:
    """A page that did not reach its scraper whole is as if it had never been asked for."""
    things = house.counter()
    house.scrape("prometheus")
    things.at(("a",)).inc(1)
    assert house.scrape("prometheus", sent=False) == {A: 0}
    assert house.scrape("prometheus", sent=False) == {A: 0}
    assert house.scrape("prometheus") == {A: 0}
    assert house.scrape("prometheus", sent=False) == {A: 1}


def test_unsent_page_does_not_make_a_scraper(house: House) -> None:
    """A client whose pages never arrive is no scraper that is remembered."""
    house.scrape("prometheus", sent=False)
    assert len(house.scrapers) == 0


def test_birth_during_sending_is_shown_at_zero_next(house: House) -> None:
    """What is born after a page was rendered was not on it, and so is still to be born."""
    things = house.counter()
    things.at(("a",)).inc(1)
    up_to = house.births.last
    things.at(("b",)).inc(1)
    house.scrapers.shown("prometheus", up_to)
    assert house.scrape("prometheus") == {A: 1, B: 0}


def test_late_confirmation_takes_nothing_back(house: House) -> None:
    """Of two pages that arrive in the wrong order the one that shows more counts."""
    things = house.counter()
    things.at(("a",)).inc(1)
    house.scrapers.shown("prometheus", house.births.last)
    house.scrapers.shown("prometheus", 0)
    assert house.scrape("prometheus") == {A: 1}


def test_newcomer_sees_recent_births_at_zero(house: House) -> None:
    """A scraper never met before is shown 0 for what was born within the last five minutes."""
    house.counter().at(("a",)).inc(5)
    house.clock.advance(NEWCOMER_SECONDS)
    assert house.scrape("prometheus") == {A: 0}
    assert house.scrape("prometheus") == {A: 5}


def test_newcomer_does_not_read_the_past_as_new(house: House) -> None:
    """To a scraper that joins late, what was born longer ago is shown with its value at once."""
    things = house.counter()
    things.at(("a",)).inc(5)
    house.clock.advance(NEWCOMER_SECONDS + 6)
    things.at(("b",)).inc(1)
    assert house.scrape("prometheus") == {A: 5, B: 0}


@pytest.mark.parametrize("age", [NEWCOMER_SECONDS + 6, 10 * NEWCOMER_SECONDS])
def test_newcomer_rule_holds_in_a_steady_stream_of_births(house: House, age: float) -> None:
    """The moment of a birth is known to five seconds, however many births there are."""
    things = house.counter()
    for second in range(int(age)):
        things.at((f"{second:04}",)).inc(1)
        house.clock.advance(1)
    seen = house.scrape("prometheus")
    for second in range(int(age)):
        older = house.clock.now - (1000 + second)
        value = seen[f'kube_things_total{{reason="{second:04}"}}']
        if older <= NEWCOMER_SECONDS:
            assert value == 0
        elif older > NEWCOMER_SECONDS + 5:
            assert value == 1


def test_scraper_is_remembered_for_a_day(house: House) -> None:
    """A Prometheus that was down for less than a day is still shown its births."""
    things = house.counter()
    house.scrape("prometheus")
    things.at(("a",)).inc(1)
    house.clock.advance(SCRAPER_TTL_SECONDS - 1)
    assert house.scrape("prometheus") == {A: 0}


def test_scraper_is_forgotten_after_a_day(house: House) -> None:
    """After a day of silence a scraper is a newcomer."""
    things = house.counter()
    house.scrape("prometheus")
    things.at(("a",)).inc(1)
    house.clock.advance(SCRAPER_TTL_SECONDS + 1)
    assert len(house.scrapers) == 0
    assert house.scrape("prometheus") == {A: 1}


def test_number_of_scrapers_is_bounded(house: House) -> None:
    """Clients that come from ever new addresses do not fill the memory."""
    house.counter()
    for number in range(2 * MAX_SCRAPERS):
        house.scrape(f"10.0.0.{number} Prometheus")
    assert len(house.scrapers) == MAX_SCRAPERS


def test_junk_does_not_push_out_who_is_known(house: House) -> None:
    """When many clients call themselves scrapers, the births of the real one are kept."""
    things = house.counter()
    house.scrape("prometheus")
    for number in range(2 * MAX_SCRAPERS):
        house.scrape(f"10.0.0.{number} junk")
    things.at(("a",)).inc(1)
    house.clock.advance(2 * NEWCOMER_SECONDS)
    assert house.scrape("prometheus") == {A: 0}
    assert house.scrape("prometheus") == {A: 1}


def test_newcomer_is_remembered_once_there_is_room(house: House) -> None:
    """A scraper that met a full house is a newcomer until others have been silent for a day."""
    for number in range(MAX_SCRAPERS):
        house.scrape(f"10.0.0.{number} junk")
    house.counter().at(("a",)).inc(1)
    assert [house.scrape("prometheus") for _ in range(2)] == [{A: 0}, {A: 0}]
    house.clock.advance(SCRAPER_TTL_SECONDS + 1)
    house.scrape("prometheus")
    assert len(house.scrapers) == 1


def test_series_that_returns_is_born_again(house: House) -> None:
    """A series that expired and came back is shown at 0 again before its new value."""
    things = house.counter(limit=10)
    things.at(("a",)).inc(3)
    house.scrape("prometheus")
    assert house.scrape("prometheus") == {A: 3}
    things.next_generation(0)
    assert house.scrape("prometheus") == {}
    things.at(("a",)).inc(2)
    assert house.scrape("prometheus") == {A: 0}
    assert house.scrape("prometheus") == {A: 2}


def test_histogram_is_born_whole(house: House) -> None:
    """All buckets, the sum and the count of a new histogram are shown at 0 together."""
    house.histogram().at(("a",)).observe(2.0)
    heads = [
        'kube_wait_seconds_bucket{reason="a",le="1.0"}',
        'kube_wait_seconds_bucket{reason="a",le="2.5"}',
        'kube_wait_seconds_bucket{reason="a",le="+Inf"}',
        'kube_wait_seconds_sum{reason="a"}',
        'kube_wait_seconds_count{reason="a"}',
    ]
    assert house.scrape("prometheus") == dict.fromkeys(heads, 0)
    assert house.scrape("prometheus") == dict(zip(heads, [0, 1, 1, 2, 1], strict=True))


def test_gauge_is_never_shown_at_a_zero_it_does_not_have(house: House) -> None:
    """A gauge is a value of this moment: a scraper sees it as it is from the start."""
    house.gauge().at(("a",)).set(7.5)
    assert house.scrape("prometheus") == {'kube_level{reason="a"}': 7.5}


def test_birth_carries_no_exemplar(house: House) -> None:
    """An exemplar of value 1 beside a count of 0 would be a lie: a birth is shown without."""
    family = house.counter(describe=lambda detail: (("pod", str(detail)),))
    family.at(("a",)).inc(1, "web-0")
    assert "web-0" not in house.text("prometheus", Format.OPENMETRICS)
    house.scrape("prometheus")
    assert 'pod="web-0"' in house.text("prometheus", Format.OPENMETRICS)
