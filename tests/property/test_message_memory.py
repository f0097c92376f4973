"""What a message came to is remembered: with the memory and without it all is the same."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.events import EventObject
from tests.unit.pipeline_house import ALARMS, CONTAINERS, PULLS, House, event

IMAGES = ("quay.io/team/app:v1", "nginx", "x" * 600)
MESSAGES = tuple(
    message
    for image in IMAGES
    for message in (
        f'Pulling image "{image}"',
        f'Successfully pulled image "{image}"',
        f'Successfully pulled image "{image}" of 4292 bytes',
        f'Failed to pull image "{image}": manifest unknown',
        f'(combined from similar events): Failed to pull image "{image}": fire',
    )
)


@st.composite
def shown(draw: st.DrawFn) -> EventObject:
    """One version of one of few events about few pods."""
    pod, namespace = draw(st.sampled_from("ab")), draw(st.sampled_from(("shop", "bank")))
    container = draw(st.sampled_from(("app", "sidecar")))
    about = {
        "kind": "Pod",
        "namespace": namespace,
        "name": pod,
        "uid": f"{namespace}/{pod}",
        "fieldPath": f"spec.containers{{{container}}}",
    }
    second, count = draw(st.integers(0, 59)), draw(st.integers(1, 5))
    changes: dict[str, Any] = {
        "reason": draw(st.sampled_from(("Pulling", "Pulled", "Failed"))),
        "message": draw(st.sampled_from(MESSAGES)),
        "type": draw(st.sampled_from(("Normal", "Warning"))),
        "involvedObject": about,
        "count": count,
        "lastTimestamp": f"2026-11-22T12:19:{second:02}Z",
    }
    name = f"{pod}.{draw(st.integers(0, 6))}"
    return event(name, draw(st.integers(1, 99)), **changes)


@given(
    st.lists(shown(), max_size=40),
    st.lists(shown(), max_size=5),
    st.sampled_from((1, 2, 100)),
    st.integers(5, 50),
)
@settings(deadline=None)  # two houses and a page each
def test_the_memory_never_shows(
    these: list[EventObject], past: list[EventObject], series_limit: int, period: int
) -> None:
    """Every line, in its order, and every count of what had no room: with repeats, several files
    that match, pairs, series that end, and label sets past their bound.
    """
    files = (PULLS, ALARMS, CONTAINERS)
    remembers = House(*files, series_limit=series_limit)
    forgets = House(*files, series_limit=series_limit)
    for house in (remembers, forgets):
        house.first_list(*past)
    for number, each in enumerate(these):
        remembers.add(each)
        forgets.counting._forget_messages()
        forgets.add(each)
        if number % period == period - 1:
            remembers.counting.next_generation(1)
            forgets.counting.next_generation(1)
    assert remembers.page() == forgets.page()
    overflowed = [
        [family.overflowed for family in house.counting.families()]
        for house in (remembers, forgets)
    ]
    assert overflowed[0] == overflowed[1]
