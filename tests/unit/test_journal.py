"""A standby's journal stays small, also where no leader is ever scraped."""

from __future__ import annotations

from exporter.events import read_event
from exporter.pipeline import Journal
from tests.unit.pipeline_house import NOW, House, event


def test_series_that_have_ended_are_let_go() -> None:
    """Nobody is scraped, so nothing is ever seen; namespaces come and go."""
    house = House()
    journal = Journal(house.counting, ("",), max_notes=10)
    for number in range(500):
        about = {"kind": "Pod", "namespace": f"preview-{number}", "name": "web-0"}
        record = read_event(event(f"web-0.{number:016x}", involvedObject=about))
        assert record is not None
        journal.standing_by(record, 1, NOW)
        house.counting.next_generation(3)
    assert len(list(house.counting.events.label_values())) < 10
    assert len(journal) == 10
    assert len(journal._amounts) < 100
