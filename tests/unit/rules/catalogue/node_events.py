"""What the catalogue makes of a kubelet's event of its node."""

from __future__ import annotations

from exporter.rules.rulebook import RuleBook
from tests.unit.events.records import at
from tests.unit.rules.observing import Observation, observe


def node_event(
    book: RuleBook, reason: str, seconds: float = 0.0, **fields: object
) -> list[Observation]:
    """What such an event of ``node-a`` adds, with these fields."""
    about = {
        "kind": "Node",
        "object_namespace": "",
        "object_name": "node-a",
        "object_uid": "node-a",
        "field_path": "",
        "type": "Normal",
        "reason": reason,
        "message": f"Node node-a status is now: {reason}",
        "first_time": at(seconds),
        "last_time": at(seconds),
    }
    return observe(book, **{**about, **fields})
