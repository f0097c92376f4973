"""What the catalogue counts as a volume's failure."""

from __future__ import annotations

from exporter.rules.rulebook import RuleBook
from tests.unit.rules.observing import observe

FAILURES = "kube_event_volume_failures_total"


def failures(book: RuleBook, **fields: object) -> list[tuple[str, ...]]:
    """Labels of the failures that such an event adds."""
    return [o.labels for o in observe(book, **fields) if o.family == FAILURES]
