"""No increment is lost or told twice to any scraper, whatever the order of things."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from exporter.metrics.births import NEWCOMER_SECONDS
from tests.unit.metrics.house import House

SCRAPERS = ("10.0.0.1 Prometheus", "10.0.0.2 Prometheus", "10.0.0.3 vm_promscrape")
# Births are dated to five seconds; between the two bounds either showing is right.
YOUNG, OLD = NEWCOMER_SECONDS, NEWCOMER_SECONDS + 5

increments = st.tuples(st.just("inc"), st.sampled_from("abcd"), st.integers(1, 5))
scrapes = st.tuples(st.just("scrape"), st.sampled_from(SCRAPERS), st.booleans())
persons = st.tuples(st.just("curl"), st.just(""), st.just(0))
pauses = st.tuples(st.just("pause"), st.just(""), st.integers(1, 40))
long_pauses = st.tuples(st.just("pause"), st.just(""), st.integers(1, 400))

Step = tuple[str, str, int]


class Prometheus:
    """One scraper's samples, and the increase that it computes of them."""

    def __init__(self) -> None:
        self.last: dict[str, float] = {}
        self.first: dict[str, float] = {}
        self.increase: Counter[str] = Counter()

    def receive(self, samples: dict[str, float]) -> None:
        for series, value in samples.items():
            if series in self.last:
                assert value >= self.last[series], "a counter fell"
                self.increase[series] += int(value - self.last[series])
            else:
                self.first[series] = value
            self.last[series] = value


def head(reason: str) -> str:
    return f'kube_things_total{{reason="{reason}"}}'


@given(st.lists(increments | scrapes | persons | pauses, max_size=60))
def test_increases_add_up_to_what_was_shown(steps: list[Step]) -> None:
    """For every scraper that is there from the start, the increases of a series' samples add up
    to its true count, less what has come since that scraper's last page; on the first page that
    has the series it is shown at 0, and all is still to come.
    """
    house = House()
    family = house.counter()
    true: Counter[str] = Counter()
    servers = {name: Prometheus() for name in SCRAPERS}
    for name in SCRAPERS:
        servers[name].receive(house.scrape(name))
    for step, subject, number in steps:
        if step == "inc":
            family.at((subject,)).inc(number)
            true[head(subject)] += number
        elif step == "scrape":
            known = set(servers[subject].last)
            page = house.scrape(subject, sent=bool(number))
            assert page.keys() == true.keys()
            if number:
                servers[subject].receive(page)
                told = {series: true[series] for series in known}
                assert {s: servers[subject].increase[s] for s in known} == told
                assert all(page[series] == 0 for series in page.keys() - known)
        elif step == "curl":
            assert house.curl() == true
        else:
            house.clock.advance(number)


@given(st.lists(increments | scrapes | long_pauses, max_size=60))
def test_latecomers_are_told_what_is_new_and_no_more(steps: list[Step]) -> None:
    """A scraper that joins late finds young series at 0 and old ones at their values, and from
    then on its increases are exactly what comes.
    """
    house = House()
    family = house.counter()
    true: Counter[str] = Counter()
    born: dict[str, float] = {}
    joined: dict[str, Prometheus] = {}
    for step, subject, number in steps:
        if step == "inc":
            family.at((subject,)).inc(number)
            true[head(subject)] += number
            born.setdefault(head(subject), house.clock.now)
        elif step == "scrape":
            page = house.scrape(subject, sent=bool(number))
            met = subject in joined
            for series, value in page.items():
                if met and series in joined[subject].last:
                    assert value == true[series]
                elif met or house.clock.now - born[series] <= YOUNG:
                    assert value == 0
                elif house.clock.now - born[series] >= OLD:
                    assert value == true[series]
                else:
                    assert value in (0, true[series])
            if number:
                joined.setdefault(subject, Prometheus()).receive(page)
        else:
            house.clock.advance(number)
    for server in joined.values():
        for series, last in server.last.items():
            assert server.increase[series] == last - server.first[series]
