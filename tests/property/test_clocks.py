"""Our wall clock can say what it likes: nothing that counts asks it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain, repeat

from hypothesis import given
from hypothesis import strategies as st

from exporter.events import Ledger
from exporter.pipeline import Scope
from tests.unit.pipeline_house import NOW, House, event

SECONDS = st.floats(-2e9, 2e9)
SHOWN = st.tuples(
    st.sampled_from(("changed", "listed", "deleted")), st.integers(0, 9), st.integers(1, 5)
)


def counted(shown: list[tuple[str, int, int]], wall: Callable[[], float]) -> list[str]:
    """The lines of the counters, over a ledger that is too small for all events."""
    house = House()
    ledger = Ledger(retention=7200.0, limit=6)
    monotonic = iter(range(1_000_000))
    scope = Scope(house.counting, ledger, monotonic=lambda: next(monotonic), wall=wall)
    scope.list_began(NOW)
    scope.list_published("100")
    for version, (what, number, count) in enumerate(shown, 101):
        each = event(f"web-0.{number}", version, count=count)
        if what == "listed":
            scope.list_began(NOW)
            scope.listed(each)
            scope.list_published(str(version))
        else:
            scope.changed("DELETED" if what == "deleted" else "MODIFIED", each)
        ledger.forget(next(monotonic))
    return house.lines("kube_events_total")


@given(st.lists(SHOWN, max_size=30), st.lists(SECONDS, max_size=30))
def test_a_clock_that_jumps_counts_what_one_that_stands_still_counts(
    shown: list[tuple[str, int, int]], jumps: list[float]
) -> None:
    """Back and forth, by decades."""
    jumping = chain((NOW + jump for jump in jumps), repeat(NOW))
    assert counted(shown, lambda: next(jumping)) == counted(shown, lambda: NOW)
