"""The recorder: what is written is the state of one moment, in full."""

from __future__ import annotations

import gc
from collections.abc import Iterator

from exporter.checkpoint.recorder import Recorder
from exporter.checkpoint.state import Cut, Held
from exporter.events import Ledger
from tests.unit.events.records import record
from tests.unit.metrics.house import House


class Recorded:
    """A ledger, a family, and the recorder over them."""

    def __init__(self, limit: int = 100) -> None:
        self.house = House()
        self.things = self.house.counter()
        self.waits = self.house.histogram()
        self.ledger = Ledger(retention=60.0, limit=limit)
        self.names = ["one"]
        self.recorder = Recorder(
            {"": self.ledger}, lambda: (self.things, self.waits), lambda: self.names
        )

    def occurs(self, name: str, reason: str = "a") -> None:
        """One event, one occurrence."""
        times = self.ledger.changed(record(name=name))
        self.things.at((reason,)).inc(times)

    def day(self) -> Iterator[None]:
        """Events come and go, ten in each minute."""
        for minute in range(1440):
            for number in range(10):
                self.occurs(f"x{minute}-{number}")
                self.ledger.ended(record(name=f"x{minute}-{number}"), 60.0 * minute)
            self.ledger.forget(60.0 * minute)
            yield

    def kept(self) -> int:
        """Entries in all cuts that wait."""
        cuts = [*self.recorder._open, *filter(None, [self.recorder._due])]
        return sum(map(size, cuts))

    def due(self) -> Cut:
        due = self.recorder.take_due()
        assert due is not None
        return due


def held(cut: Cut) -> list[tuple[str, tuple[str, ...], object]]:
    return [each.what for each in cut.held]


def written(cut: Cut) -> dict[bytes, int]:
    """What a file has that had nothing before."""
    return {key: entry for key, entry in cut.changes[""].entries.items() if entry is not None}


def ended(ledger: Ledger) -> dict[bytes, int]:
    """All entries, where none lives."""
    return {key: ~entry for key, entry in ledger._ended.items()}


def size(cut: Cut) -> int:
    """Entries that changed."""
    return len(cut.changes[""].entries)


def test_nothing_is_due_until_a_page_was_sent() -> None:
    """A page that is made is no page that is seen."""
    recorded = Recorded()
    recorded.occurs("x")
    recorded.recorder.cut(0)
    assert recorded.recorder.take_due() is None


def test_what_no_page_showed_is_held() -> None:
    """Series born too late for the page, with what they have; of histograms all buckets."""
    recorded = Recorded()
    recorded.occurs("x", "old")
    seen = recorded.house.births.last
    recorded.occurs("y", "young")
    recorded.occurs("z", "young")
    recorded.waits.at(("slow",)).observe(2.0)
    recorded.things.at(("empty",))
    recorded.recorder.shown(recorded.recorder.cut(seen))
    assert held(recorded.due()) == [
        ("kube_things_total", ("young",), 2),
        ("kube_wait_seconds", ("slow",), [0, 1, 0, 2.0]),
    ]


def test_a_cut_is_of_its_moment() -> None:
    """What happens before its page is sent belongs to the next."""
    recorded = Recorded()
    recorded.occurs("x")
    cut = recorded.recorder.cut(0)
    recorded.occurs("y")
    recorded.recorder.shown(cut)
    due = recorded.due()
    assert size(due) == 1
    assert held(due) == [("kube_things_total", ("a",), 1)]


def test_a_page_that_was_never_sent_leaves_its_changes_to_the_next() -> None:
    """Nothing is lost with it."""
    recorded = Recorded()
    recorded.occurs("x")
    recorded.recorder.cut(0)
    recorded.occurs("y")
    recorded.recorder.shown(recorded.recorder.cut(0))
    assert size(recorded.due()) == 2


def test_however_many_are_never_sent() -> None:
    """Only so many are kept apart."""
    recorded = Recorded()
    for number in range(50):
        recorded.occurs(f"x{number}")
        recorded.recorder.cut(0)
    assert len(recorded.recorder._open) <= 16
    recorded.recorder.shown(recorded.recorder.cut(0))
    assert size(recorded.due()) == 50


def test_however_long_no_page_is_sent() -> None:
    """A scraper that times out each time makes us keep no more than a few times all there is."""
    recorded = Recorded(limit=1000)
    for _ in recorded.day():
        recorded.recorder.cut(0)
        assert recorded.kept() < 20 * len(recorded.ledger)
    recorded.recorder.shown(recorded.recorder.cut(0))
    assert written(recorded.due()) == ended(recorded.ledger)


def test_however_long_nothing_can_be_written() -> None:
    """A disk that is full for a day does not fill the memory too."""
    recorded = Recorded(limit=1000)
    for _ in recorded.day():
        recorded.recorder.shown(recorded.recorder.cut(0))
        recorded.recorder.put_back(recorded.due())
        assert recorded.kept() < 20 * len(recorded.ledger)
    recorded.recorder.shown(recorded.recorder.cut(0))
    assert written(recorded.due()) == ended(recorded.ledger)


def test_of_two_pages_the_later_moment_counts() -> None:
    """Whichever is sent first: an earlier state is never written over a later one."""
    recorded = Recorded()
    recorded.occurs("x")
    early = recorded.recorder.cut(0)
    recorded.occurs("y")
    late = recorded.recorder.cut(0)
    recorded.recorder.shown(late)
    assert size(recorded.due()) == 2
    recorded.recorder.shown(early)
    assert recorded.recorder.take_due() is None


def test_what_another_scraper_saw_meanwhile_is_not_held() -> None:
    """A page that shows a series at 0 can be made before, and sent after, one that shows it."""
    recorded = Recorded()
    recorded.occurs("x")
    zero = recorded.recorder.cut(0)
    value = recorded.recorder.cut(recorded.house.births.last)
    recorded.recorder.shown(zero)
    recorded.recorder.shown(value)
    assert held(recorded.due()) == []


def test_what_could_not_be_written_is_written_with_the_next() -> None:
    """Newer entries speak last."""
    recorded = Recorded()
    recorded.occurs("x")
    recorded.recorder.shown(recorded.recorder.cut(0))
    failed = recorded.due()
    recorded.occurs("y")
    recorded.recorder.shown(recorded.recorder.cut(0))
    recorded.recorder.put_back(failed)
    assert size(recorded.due()) == 2
    recorded.recorder.put_back(failed)
    assert recorded.due() is failed


def test_a_ledger_that_never_saw_a_list_has_no_marks() -> None:
    """Who starts from it must take the first list for a baseline."""
    recorded = Recorded()
    recorded.recorder.shown(recorded.recorder.cut(0))
    assert recorded.due().marks == {}
    recorded.ledger.begin_list(server_time=7.0)
    recorded.ledger.publish_list(1, 0.0)
    recorded.recorder.shown(recorded.recorder.cut(0))
    assert recorded.due().marks[""].since == 7.0


def test_changes_that_nobody_takes_do_not_pile_up() -> None:
    """Without a scraper all there is is told at once, and no more."""
    recorded = Recorded(limit=10)
    for number in range(100):
        recorded.occurs(f"x{number}")
    recorded.recorder.shown(recorded.recorder.cut(0))
    changes = recorded.due().changes[""]
    assert changes.whole
    assert len(changes.entries) == len(recorded.ledger) <= 10
    assert None not in changes.entries.values()


def test_what_is_held_has_a_name() -> None:
    """All but its birth, which means nothing to the next process."""
    held = Held("f", ("a",), 3, birth=9)
    assert held.what == ("f", ("a",), 3)
    assert not gc.is_tracked(held)  # hundreds of thousands can be made at once
