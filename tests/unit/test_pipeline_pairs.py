"""The pipeline: pairs of events across a first list, a relist, a watch and a take-over."""

from __future__ import annotations

from exporter.events import EventObject
from tests.unit.pipeline_house import NOW, PULLS, House, event


class TestLifecycles:
    """Pairs across a first list, a relist and a watch."""

    _PULLING = 'Pulling image "quay.io/team/app:v1"'
    _PULLED = 'Successfully pulled image "quay.io/team/app:v1"'

    @staticmethod
    def sums(house: House) -> list[str]:
        lines = house.lines("kube_event_pull_seconds_sum")
        return [line.rpartition(" ")[2] for line in lines]

    def pulling(self, second: int, version: int = 1, name: str = "web-0.a") -> EventObject:
        stamp = f"2026-11-22T12:19:{second:02}Z"
        return event(
            name,
            version,
            reason="Pulling",
            message=self._PULLING,
            lastTimestamp=stamp,
            type="Normal",
        )

    def pulled(self, second: int, version: int = 9, name: str = "web-0.b") -> EventObject:
        stamp = f"2026-11-22T12:19:{second:02}Z"
        return event(
            name, version, reason="Pulled", message=self._PULLED, lastTimestamp=stamp, type="Normal"
        )

    def test_a_pair_that_was_open_at_the_start_is_measured(self) -> None:
        """The first list says since when; only the closing is counted."""
        house = House(PULLS)
        house.first_list(self.pulling(10))
        house.add(self.pulled(25))
        assert self.sums(house) == ["15"]
        assert house.lines("kube_event_lifecycle_opened_total") == [
            'kube_event_lifecycle_opened_total{lifecycle="pull"} 0'
        ]

    def test_a_pair_that_was_closed_at_the_start_is_not(self) -> None:
        """Both of its events are past."""
        house = House(PULLS)
        house.first_list(self.pulled(25), self.pulling(10))
        house.add(self.pulled(40, name="web-0.c"))
        assert self.sums(house) == ["0"]
        assert house.lines("kube_event_lifecycle_unmatched_total")[0].endswith(" 1")

    def test_an_abandoned_first_list_opens_nothing(self) -> None:
        """The list that is complete says what is open."""
        house = House(PULLS)
        house.scope.list_began(NOW)
        house.scope.listed(self.pulling(10))
        house.scope.list_abandoned()
        house.first_list()
        house.add(self.pulled(25))
        assert self.sums(house) == ["0"]

    def test_a_list_that_begins_again_forgets_the_one_before(self) -> None:
        """Though nobody said that it broke."""
        house = House(PULLS)
        house.scope.list_began(NOW)
        house.scope.listed(self.pulling(10))
        house.first_list(self.pulling(20))
        house.add(self.pulled(25))
        assert self.sums(house) == ["5"]

    def test_a_relist_opens_what_it_finds_and_nothing_else(self) -> None:
        """What is known already was opened when it was seen, and may be closed since."""
        house = House(PULLS)
        house.first_list()
        house.add(self.pulling(10), self.pulled(15))
        house.scope.list_began(NOW)
        house.scope.listed(self.pulling(10))
        house.scope.listed(self.pulling(30, 20, "web-0.new"))
        house.scope.list_published("100")
        house.add(self.pulled(37, 110, "web-0.c"), self.pulled(40, 111, "web-0.d"))
        assert self.sums(house) == ["12"]

    def test_what_became_of_the_pairs_is_on_the_page(self) -> None:
        """By lifecycle and outcome, from 0 on."""
        house = House(PULLS)
        house.first_list()
        closed = 'kube_event_lifecycle_closed_total{lifecycle="pull",outcome="pulled"}'
        assert house.lines("kube_event_lifecycle_closed_total") == [f"{closed} 0"]
        house.add(self.pulling(1), self.pulling(2, 2, "web-0.x"))
        shown = {
            name: house.lines(f"kube_event_lifecycle_{name}")[0].rpartition(" ")[2]
            for name in ("open", "opened_total", "repeated_total", "abandoned_total")
        }
        assert shown == {
            "open": "1",
            "opened_total": "1",
            "repeated_total": "1",
            "abandoned_total": "0",
        }
        house.add(self.pulled(5))
        assert house.lines("kube_event_lifecycle_closed_total") == [f"{closed} 1"]


def test_who_takes_over_shows_no_pairs_of_before() -> None:
    """The leader before it has shown them: what a standby counted of pairs begins at 0 too."""
    house = House(PULLS)
    house.first_list()

    def pull(pod: str) -> None:
        house.add(
            event(f"{pod}.a", reason="Pulling", message='Pulling image "a/b"'),
            event(f"{pod}.b", reason="Pulled", message='Successfully pulled image "a/b"'),
        )

    def closed() -> list[str]:
        return [
            line.rpartition(" ")[2]
            for family in ("opened_total", "closed_total")
            for line in house.lines(f"kube_event_lifecycle_{family}")
        ]

    pull("web-0")
    pull("web-1")
    assert closed() == ["2", "2"]
    house.counting.begin_again(at_zero=True)
    assert closed() == ["0", "0"]
    pull("web-2")
    assert closed() == ["1", "1"]
    house.counting.begin_again(at_zero=False)
    assert closed() == ["1", "1"]
