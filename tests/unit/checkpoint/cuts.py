"""Cuts for tests."""

from __future__ import annotations

from exporter.checkpoint.state import Cut, Held, Marks
from exporter.events.changes import Changes

KEY, OTHER = b"k" * 16, b"o" * 16
ABOUT = "a cluster"


def cut(entries: dict[bytes, int | None], *held: Held, whole: bool = False, scope: str = "") -> Cut:
    """Of one scope."""
    marks = {scope: Marks(since=5.0, evicted_up_to=2.5, clock=60.0)}
    changes = {scope: Changes(entries, whole)}
    return Cut(1, 0, changes, marks, held, ["10.0.0.1 Prometheus"])
