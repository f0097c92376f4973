from __future__ import annotations

import pytest

from exporter.metrics.bounds import OVERFLOW, LabelBounds
from exporter.metrics.counter import CounterFamily
from exporter.metrics.declaration import Declaration, MetricType
from tests.unit.metrics.house import COUNTER, House


@pytest.fixture
def house() -> House:
    return House()


def test_label_set_beyond_the_limit_falls_into_the_overflow_series(house: House) -> None:
    """A full family takes no new label set; what they count is in one series and adds up."""
    things = house.counter(limit=2, bounds=LabelBounds())
    for value in "abcdc":
        things.at((value,)).inc(1)
    assert house.curl() == {
        'kube_things_total{reason="a"}': 1,
        'kube_things_total{reason="b"}': 1,
        f'kube_things_total{{reason="{OVERFLOW}"}}': 3,
    }
    assert things.overflowed == 3
    assert len(things) == 3


def test_every_label_of_the_overflow_series_says_so(house: House) -> None:
    """In a family with several labels the overflow series names none of the values."""
    declaration = Declaration("kube_pairs_total", MetricType.COUNTER, "Pairs.", ("kind", "reason"))
    pairs = house.counter(declaration, limit=1, bounds=LabelBounds())
    pairs.at(("Pod", "a")).inc(1)
    assert pairs.at(("Pod", "b")).values == (OVERFLOW, OVERFLOW)


def test_known_series_go_on_in_a_full_family(house: House) -> None:
    """The limit stops births, not the series that are there."""
    things = house.counter(limit=1, bounds=LabelBounds())
    first = things.at(("a",))
    things.at(("b",)).inc(1)
    assert things.at(("a",)) is first


def test_series_with_an_overflowing_label_share_one(house: House) -> None:
    """Values past a label's bound are counted together, beside the other labels' own values."""
    things = house.counter(limit=10, bounds=LabelBounds({}, default=1))
    for value in "abc":
        things.at((value,)).inc(1)
    assert house.curl() == {
        'kube_things_total{reason="a"}': 1,
        f'kube_things_total{{reason="{OVERFLOW}"}}': 2,
    }


def test_refused_series_uses_up_no_label_value(house: House) -> None:
    """A full family leaves the distinct values of its labels to the others."""
    bounds = LabelBounds({}, default=3)
    full = house.counter(limit=1, bounds=bounds)
    for value in "abcdefgh":
        full.at((value,)).inc(1)
    other = house.counter(
        Declaration("kube_other_total", MetricType.COUNTER, "Others.", ("reason",)),
        limit=10,
        bounds=bounds,
    )
    assert [other.at((value,)).values for value in "yz"] == [("y",), ("z",)]


def test_series_and_values_are_bounded_together(house: House) -> None:
    """A family with one bound and without the other is a programming error."""
    for options in ({"limit": 5}, {"bounds": LabelBounds()}):
        with pytest.raises(ValueError, match="kube_things_total: "):
            CounterFamily(COUNTER, births=house.births, **options)


def test_wrong_number_of_values_is_a_programming_error(house: House) -> None:
    """Label values that do not fit the declaration are refused with the family's name."""
    things = house.counter()
    with pytest.raises(ValueError, match="kube_things_total"):
        things.at(("a", "b"))


def test_series_stay_for_their_lifetime(house: House) -> None:
    """A series without a change stays for as many generations as it may, and ends after."""
    things = house.counter(limit=10)
    things.at(("a",)).inc(1)
    for _ in range(3):
        things.next_generation(3)
    assert len(things) == 1
    things.next_generation(3)
    assert len(things) == 0
    assert things.expired == 1


def test_change_prolongs_a_series(house: House) -> None:
    """A series that changes in every lifetime never ends; one beside it that does not, does."""
    things = house.counter(limit=10)
    things.at(("a",)).inc(1)
    things.at(("b",)).inc(1)
    for _ in range(6):
        things.at(("a",)).inc(1)
        things.next_generation(1)
    assert house.curl() == {'kube_things_total{reason="a"}': 7}
    assert things.expired == 1


def test_setting_the_same_value_prolongs_a_gauge(house: House) -> None:
    """A gauge that is told the same again and again is alive, and its line is not made anew."""
    level = house.gauge(limit=10)
    level.at(("a",)).set(7)
    level.at(("b",)).set(7)
    house.curl()
    for _ in range(6):
        level.at(("a",)).set(7)
        assert not level.at(("a",)).changed
        level.next_generation(1)
    assert house.curl() == {'kube_level{reason="a"}': 7}


def test_ends_are_told(house: House) -> None:
    """Who calls for the next generation learns how many series have ended."""
    things = house.counter(limit=10)
    for value in "abc":
        things.at((value,)).inc(1)
    things.next_generation(1)
    things.at(("a",)).inc(1)
    assert [things.next_generation(1) for _ in range(3)] == [2, 1, 0]


def test_scrapes_do_not_prolong_a_series(house: House) -> None:
    """To be read is no change."""
    things = house.counter(limit=10)
    things.at(("a",)).inc(1)
    for _ in range(2):
        house.scrape("prometheus")
        things.next_generation(1)
    assert len(things) == 0


def test_closed_set_of_series_has_no_end(house: House) -> None:
    """A family without a limit keeps its zeros for ever: alerts are built on them."""
    things = house.counter()
    things.at(("a",))
    for _ in range(5):
        things.next_generation(0)
    assert house.curl() == {'kube_things_total{reason="a"}': 0}


def test_room_of_ended_series_is_free(house: House) -> None:
    """A family that was full takes new label sets once old ones have ended."""
    things = house.counter(limit=1, bounds=LabelBounds())
    things.at(("a",)).inc(1)
    things.next_generation(0)
    things.at(("b",)).inc(1)
    assert house.curl() == {'kube_things_total{reason="b"}': 1}


def test_total_kept_elsewhere_never_falls(house: House) -> None:
    """A counter that follows another number rises with it and ignores a fall."""
    series = house.counter().at(("a",))
    for total in (3, 2, 5):
        series.rise_to(total)
    assert series.value == 5


def test_family_without_labels_has_no_braces(house: House) -> None:
    """A sample without labels is its name and its value."""
    house.counter(Declaration("kube_plain_total", MetricType.COUNTER, "Plain.")).at(()).inc(2)
    assert "\nkube_plain_total 2\n" in house.text()
