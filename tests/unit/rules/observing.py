"""Rule books for tests, and what they observe of an event."""

from __future__ import annotations

from typing import NamedTuple

from exporter.events import EventRecord
from exporter.rules.loading import built_in, load
from exporter.rules.rulebook import RuleBook
from tests.unit.events.records import record

PULLS = "kube_event_image_pulls_total"
PULL_FAILURES = "kube_event_image_pull_failures_total"
PULL_SECONDS = "kube_event_image_pull_duration_seconds"
RUNTIME_SECONDS = "kube_event_image_pull_runtime_duration_seconds"
IMAGE_BYTES = "kube_event_image_size_bytes"
CREATION_FAILURES = "kube_event_pod_creation_failures_total"


class Observation(NamedTuple):
    """As the rule book has them, with names."""

    family: str
    labels: tuple[str, ...]
    value: float | None


def built_in_rules() -> RuleBook:
    """The built-in catalogue, on a clock that stands still."""
    return load(built_in(), lambda: 0.0)


def rules(text: str) -> RuleBook:
    """The rules of one file, called ``test.yaml``."""
    return load([("test.yaml", text)], lambda: 0.0)


def observed(book: RuleBook, event: EventRecord, times: int = 1) -> list[Observation]:
    """What one event adds."""
    found = book.rules_for(event.type, event.component, event.kind, event.reason)
    observations: list[Observation] = []
    for rule, groups in book.match(found, event):
        pairing = book.pairing(rule)
        elapsed = pairing.apply(event, groups, times, event.occurred()) if pairing else None
        for sample in rule.samples:
            value = elapsed if sample.elapsed else sample.value and sample.value(event, groups)
            if value is not None or not (sample.elapsed or sample.value):
                observations += [
                    Observation(sample.family, labels, value)
                    for labels in sample.label_sets(event, groups)
                ]
    return observations


def observe(book: RuleBook, **fields: object) -> list[Observation]:
    """The same for an event of the kubelet about a pod, with these fields."""
    return observed(book, record(**{"object_namespace": "shop", **fields}))


def sums(observations: list[Observation]) -> dict[str, tuple[tuple[str, ...], float | None]]:
    """Labels and value by family; each family at most once."""
    by_family = {o.family: (o.labels, o.value) for o in observations}
    assert len(by_family) == len(observations)
    return by_family
