"""No increment is lost or told twice to any scraper, whatever the order of things."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from exporter.metrics.births import LOST_PAGES, NEWCOMER_SECONDS
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


fates = st.sampled_from(["read", "unread", "unsent"])
asks = st.tuples(st.just("ask"), fates, st.booleans())
# Births in all of the run, and losses one after the other.
births = st.tuples(
    st.just("inc"), st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=2), st.integers(1, 5)
)
kept = st.tuples(st.just("ask"), st.just("read"), st.just(0))
lost = st.lists(st.tuples(st.just("ask"), st.just("unread"), st.just(0)), max_size=LOST_PAGES + 1)
runs = st.lists(st.tuples(kept | asks, births, lost, kept), max_size=8)


class Link:
    """A Prometheus and its connection, which does not outlive a page that failed."""

    def __init__(self) -> None:
        self.prometheus = Prometheus()
        self.connection = 0
        self.page_on = -1
        """The connection of the last page that was sent."""
        self.unproven = LOST_PAGES
        """Pages sent on ever other connections; so many for who has kept none yet."""
        self.lost = 0
        """Pages in a row that were sent and not read."""

    def reconnect(self) -> None:
        self.connection += 1

    def may_lose(self) -> bool:
        """Whether the promise holds when the page that is asked for now is sent and not read."""
        same = self.connection == self.page_on
        return not self.lost or same or self.unproven + 1 < LOST_PAGES

    def sent(self, *, read: bool) -> None:
        same = self.connection == self.page_on
        self.unproven = 0 if same else self.unproven + 1
        self.page_on = self.connection
        self.lost = 0 if read else self.lost + 1


def in_order(run: tuple[Step, Step, list[Step], Step]) -> list[Step]:
    before, birth, losses, after = run
    return [before, birth, *losses, after]


@given(
    st.lists(births | asks, max_size=60)
    | runs.map(lambda each: [step for run in each for step in in_order(run)])
)
def test_pages_that_fail_on_the_way_lose_nothing(steps: list[Step]) -> None:
    """Whether pages are read, lie unread in a kernel, or are never sent whole, on connections
    kept or new: a scraper's increases are what it was last shown, which is the true count but
    for births that are still to come, and these come.
    """
    house = House()
    family = house.counter()
    true: Counter[str] = Counter()
    link = Link()
    for step, subject, number in steps:
        if step == "inc":
            family.at((subject,)).inc(number)
            true[head(subject)] += number
            continue
        if number:
            link.reconnect()
        fate = "read" if subject == "unread" and not link.may_lose() else subject
        page = house.scrape("prometheus", link.connection, sent=fate != "unsent")
        if fate != "unsent":
            link.sent(read=fate == "read")
        if fate == "read":
            link.prometheus.receive(page)
            assert page.keys() == true.keys()
            assert all(value in (0, true[series]) for series, value in page.items())
            assert {s: link.prometheus.increase[s] for s in page} == page
        else:
            link.reconnect()
    for _ in range(2):
        link.prometheus.receive(house.scrape("prometheus", link.connection))
    assert link.prometheus.increase == +true


@given(st.lists(births | st.just(("ask", "", 1)) | st.just(("ask", "", 0)), max_size=80))
def test_two_behind_one_address_both_see_every_increase(steps: list[Step]) -> None:
    """Two servers that look like one and take turns, on connections kept or new, are each shown
    each birth at 0.
    """
    house = House()
    family = house.counter()
    true: Counter[str] = Counter()
    links = [Link(), Link()]
    links[1].connection = 1000
    for step, subject, number in steps:
        if step == "inc":
            family.at((subject,)).inc(number)
            true[head(subject)] += number
            continue
        link = links[0]
        links.reverse()
        link.connection += number
        page = house.scrape("nat", link.connection)
        link.prometheus.receive(page)
        assert all(value in (0, true[series]) for series, value in page.items())
        assert {s: link.prometheus.increase[s] for s in page} == page
    for _ in range(2):
        for link in links:
            link.prometheus.receive(house.scrape("nat", link.connection))
    assert [link.prometheus.increase for link in links] == [+true, +true]
