"""Lines that are kept joined are those that would be made anew."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.metrics.house import House

BORN = st.tuples(st.just("born"), st.integers(1, 100))
CHANGED = st.tuples(st.just("changed"), st.integers(0, 300))
PAGE = st.tuples(st.just("page"), st.integers(0, 2))
ENDED = st.tuples(st.just("ended"), st.integers(0, 2))


@given(st.lists(BORN | CHANGED | PAGE | PAGE | ENDED, max_size=30))
def test_a_page_is_what_it_would_be_without_a_memory(steps: list[tuple[str, int]]) -> None:
    """Whatever is born, changes and ends between pages, for scrapers and for persons."""
    house = House()
    family = house.counter(limit=1000)
    true: dict[str, int] = {}
    for step, number in steps:
        if step == "born":
            for _ in range(number):
                reason = f"r{len(true)}"
                true[reason] = 1
                family.at((reason,)).inc(1)
        elif step == "changed" and number < len(true):
            reason = f"r{number}"
            before = family.at((reason,))
            true[reason] = before.value + 1
            before.inc(1)
        elif step == "page" and number:
            house.scrape("prometheus")
        elif step == "page":
            shown = {k.split('"')[1]: v for k, v in house.curl().items()}
            assert shown == {s.values[0]: s.value for s in family.living()}
        elif step == "ended":
            family.next_generation(1)
    assert all(true[series.values[0]] == series.value for series in family.living())
