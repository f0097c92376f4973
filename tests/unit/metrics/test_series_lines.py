"""The lines of a family: kept while their series do not change, made in slices, let go of."""

from __future__ import annotations

import pytest

from exporter.metrics.bounds import LabelBounds
from exporter.metrics.text import Format
from tests.unit.metrics.house import House, samples


@pytest.fixture
def house() -> House:
    return House()


def test_lines_of_the_living_stay_right_after_others_ended(house: House) -> None:
    """When series end from the middle, changes still find the lines of those that stay."""
    things = house.counter(limit=10)
    for value in "abcd":
        things.at((value,)).inc(1)
    house.curl()
    things.next_generation(1)
    for value in "bd":
        things.at((value,)).inc(1)
    things.next_generation(1)
    things.at(("d",)).inc(5)
    things.at(("e",)).inc(9)
    assert house.curl() == {
        'kube_things_total{reason="b"}': 2,
        'kube_things_total{reason="d"}': 7,
        'kube_things_total{reason="e"}': 9,
    }


def test_line_is_made_anew_only_when_its_series_changed(house: House) -> None:
    """A scrape renders what changed since the last and joins the rest as it was."""
    rendered: list[object] = []

    def describe(detail: object) -> list[tuple[str, str]]:
        rendered.append(detail)
        return [("pod", str(detail))]

    things = house.counter(describe=describe)
    things.at(("a",)).inc(1, "web-a")
    things.at(("b",)).inc(1, "web-b")
    house.text(format_=Format.OPENMETRICS)
    assert rendered == ["web-a", "web-b"]
    house.text(format_=Format.OPENMETRICS)
    assert rendered == ["web-a", "web-b"]
    things.at(("b",)).inc(1, "web-c")
    things.at(("b",)).inc(1, "web-d")
    house.text(format_=Format.OPENMETRICS)
    assert rendered == ["web-a", "web-b", "web-d"]


def test_lines_of_the_living_are_not_made_anew_when_others_end(house: House) -> None:
    """The end of a series costs the others nothing."""
    rendered: list[object] = []

    def describe(detail: object) -> list[tuple[str, str]]:
        rendered.append(detail)
        return [("pod", str(detail))]

    things = house.counter(limit=10, describe=describe)
    for value in "abc":
        things.at((value,)).inc(1, value)
    house.text(format_=Format.OPENMETRICS)
    things.next_generation(1)
    things.at(("c",)).inc(1, "c again")
    things.next_generation(1)
    assert len(things) == 1
    house.text(format_=Format.OPENMETRICS)
    assert rendered == ["a", "b", "c", "c again"]


def test_format_that_nobody_reads_costs_nothing(house: House) -> None:
    """Changes are not rendered for readers who do not come; one who comes back sees them all."""
    rendered: list[object] = []

    def describe(detail: object) -> list[tuple[str, str]]:
        rendered.append(detail)
        return [("pod", str(detail))]

    things = house.counter(limit=10, describe=describe)
    house.text(format_=Format.OPENMETRICS)
    for generation in range(12):
        things.at(("a",)).inc(1, generation)
        house.curl()
        things.next_generation(100)
    assert rendered == []
    assert '{reason="a"} 12 # {pod="11"} 1\n' in house.text(format_=Format.OPENMETRICS)
    assert house.curl() == {'kube_things_total{reason="a"}': 12}


@pytest.mark.parametrize(("generations", "kept"), [(9, 2), (10, 0)])
def test_lines_that_nobody_reads_are_not_kept_for_ever(
    house: House, generations: int, kept: int
) -> None:
    """Ten generations after their last reader the lines of a format are given up."""
    things = house.counter()
    for value in "ab":
        things.at((value,)).inc(1)
    house.text(format_=Format.OPENMETRICS)
    for _ in range(generations):
        things.next_generation(100)
    assert things.prepare(Format.OPENMETRICS, 10) == 2 - kept


class TestPreparing:
    def test_a_page_is_made_in_slices(self, house: House) -> None:
        """What a page needs is made a bounded number of samples at a time, in any family."""
        waits = house.histogram()
        things = house.counter()
        for number in range(5000):
            things.at((str(number),)).inc(1)
            waits.at((str(number),)).observe(1)
        page = house.page()
        samples = 5000 * (5 + 1)
        steps = len(list(page.prepare(Format.TEXT)))
        assert samples / 4000 - 1 <= steps <= samples / 4000 + 1
        assert not list(page.prepare(Format.TEXT))
        assert things.prepare(Format.TEXT, 1) == 0
        assert waits.prepare(Format.TEXT, 1) == 0

    def test_births_are_shown_in_slices_too(self, house: House) -> None:
        """However many are born at once, no part of the page has more than a slice of them."""
        things = house.counter()
        waits = house.histogram()
        page = house.page()
        for number in range(9000):
            things.at((str(number),)).inc(1)
            waits.at((str(number),)).observe(1)
        parts, _ = page.render(Format.TEXT, "prometheus", "connection")
        first = next(part for part in parts if part.startswith(b"kube_things"))
        things.at(("0",)).inc(1)  # what is shown at 0 stays so while the page is made
        things.at(("later",)).inc(1)
        shown = [first, *parts]
        assert max(part.count(b"\n") for part in shown) <= 4000
        births = dict(samples(b"".join(shown).decode()))
        assert len(births) == 9000 * (1 + 5)
        assert set(births.values()) == {0}

    def test_a_level_has_no_birth(self, house: House) -> None:
        """A scraper is shown a new gauge at its value, the one of the page's moment."""
        level = house.gauge()
        level.at(("a",)).set(7)
        parts, _ = house.page().render(Format.TEXT, "prometheus", "connection")
        level.at(("a",)).set(8)
        assert b'kube_level{reason="a"} 7\n' in b"".join(parts)

    def test_what_changes_between_the_slices_is_right_on_the_page(self, house: House) -> None:
        """Births, changes, ends and generations in the middle: the page shows the last state."""
        things = house.counter(limit=10_000, bounds=LabelBounds({}, default=10_000))
        for number in range(9000):
            things.at((str(number),)).inc(1)
        expected = {f'kube_things_total{{reason="{n}"}}': 1.0 for n in range(9000)}
        steps = house.page().prepare(Format.TEXT)
        next(steps)
        things.next_generation(5)
        for number in (0, 4500, 8999, 9500):
            things.at((str(number),)).inc(1)
            key = f'kube_things_total{{reason="{number}"}}'
            expected[key] = expected.get(key, 0) + 1
        next(steps)
        for _ in range(5):
            things.at(("7",)).inc(1)
            things.next_generation(5)
        kept = ('"7"', '"0"', '"4500"', '"8999"', '"9500"')
        expected = {
            key: value
            for key, value in expected.items()
            if key.endswith(tuple(k + "}" for k in kept))
        }
        expected['kube_things_total{reason="7"}'] += 5
        list(steps)
        assert house.curl() == expected


def test_both_formats_are_kept_up_to_date(house: House) -> None:
    """Readers of both formats in turn see every change."""
    things = house.counter()
    for total in range(1, 4):
        things.at(("a",)).inc(1)
        for format_ in Format:
            assert f'{{reason="a"}} {total}\n' in house.text(format_=format_)
