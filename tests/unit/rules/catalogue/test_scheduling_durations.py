"""How long a pod waits for a node that fits."""

from __future__ import annotations

import pytest

from exporter.rules.rulebook import RuleBook
from tests.unit.events.records import at, named_at
from tests.unit.rules.catalogue.pod_events import POD_SCHEDULING_SECONDS, pod_rules
from tests.unit.rules.observing import observe

_NONE_FIT = "0/1 nodes are available: 1 Insufficient cpu."


def _at(seconds: float, fields: dict[str, object]) -> dict[str, object]:
    """Of an event by the new recorder that occurs once, so many seconds in."""
    return {
        "component": "default-scheduler",
        "count": 0,
        "field_path": "",
        "name": named_at(seconds),
        "first_time": at(seconds),
        "last_time": at(seconds),
        **fields,
    }


def failed(book: RuleBook, seconds: float, **fields: object) -> None:
    """A failed attempt."""
    fields = {"reason": "FailedScheduling", "message": _NONE_FIT, **fields}
    observe(book, **_at(seconds, fields))


def scheduled(book: RuleBook, seconds: float, **fields: object) -> list[float | None]:
    """What the event of a pod that was scheduled so late measures."""
    message = "Successfully assigned shop/web-0 to node-a"
    fields = {"reason": "Scheduled", "type": "Normal", "message": message, **fields}
    found = observe(book, **_at(seconds, fields))
    return [o.value for o in found if o.family == POD_SCHEDULING_SECONDS]


def test_it_begins_with_the_first_of_several_events() -> None:
    """Each text, and each change of the pod, is an event of its own."""
    book = pod_rules()
    failed(book, 10)
    failed(book, 40, message="0/1 nodes are available: 1 Too many pods.")
    assert scheduled(book, 70.5) == [pytest.approx(60.5, abs=0.001)]


def test_a_pod_that_fits_at_once_is_not_counted() -> None:
    """It has no beginning, and misses none."""
    book = pod_rules()
    assert scheduled(book, 5) == []
    assert book.lifecycles["pod_scheduling"].unmatched == 0


def test_the_old_recorders_events_are_read_too() -> None:
    """The same scheduler can fall back to them, with counts and stamps of whole seconds."""
    book = pod_rules()
    failed(book, 10, count=1)
    failed(book, 10, count=2, last_time=at(40))
    assert scheduled(book, 70, count=1) == [pytest.approx(60, abs=0.001)]


def test_a_series_begins_with_its_first_occurrence() -> None:
    """The new recorder keeps the first time in eventTime, and the latest in the series."""
    book = pod_rules()
    failed(book, 10)
    failed(book, 10, last_time=at(50), series_count=2)
    assert scheduled(book, 70) == [pytest.approx(60, abs=0.001)]


def test_a_pod_that_goes_away_ends_it() -> None:
    """Nothing is measured, and nothing stays open."""
    book = pod_rules()
    failed(book, 10)
    failed(book, 20, message="skip schedule deleting pod: shop/web-0")
    assert scheduled(book, 70) == []
    assert book.lifecycles["pod_scheduling"].closed == {"deleted": 1}


def test_another_pod_is_not_meant() -> None:
    """Pods of one name have uids of their own."""
    book = pod_rules()
    failed(book, 10)
    assert scheduled(book, 70, object_uid="another") == []


def test_what_an_autoscaler_says_begins_nothing() -> None:
    """Its attempts are not the scheduler's."""
    book = pod_rules()
    failed(book, 10, component="karpenter", message="Failed to schedule pod, no instance type fits")
    assert scheduled(book, 70) == []
