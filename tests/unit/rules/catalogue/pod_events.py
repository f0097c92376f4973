"""What the catalogue's files about pods see: in one event, in all that was recorded."""

from __future__ import annotations

import functools
import itertools
from collections import Counter

from exporter.events import EventObject, EventRecord, read_event
from exporter.kube.frames import FrameReader, Status, Undecodable
from exporter.rules.loading import built_in, load
from exporter.rules.rulebook import RuleBook
from tests.recordings.reading import VERSIONS, lines, names
from tests.unit.events.records import record
from tests.unit.rules.observing import Observation, built_in_rules, observed

FILES = ("pod-creation", "image-pulls", "scheduling", "pod-lifecycles", "containers", "probes")
"""The files that this folder's tests of pods are about."""
BACKOFFS = "kube_event_container_backoffs_total"
CONTAINER_FAILURES = "kube_event_container_failures_total"
CREATION_FAILURES = "kube_event_pod_creation_failures_total"
HOOK_FAILURES = "kube_event_hook_failures_total"
KILLS = "kube_event_container_kills_total"
LIFECYCLE_SECONDS = "kube_event_lifecycle_duration_seconds"
POD_SCHEDULING_SECONDS = "kube_event_pod_scheduling_duration_seconds"
POD_START_SECONDS = "kube_event_pod_start_duration_seconds"
PROBE_FAILURES = "kube_event_probe_failures_total"
RESIZES = "kube_event_pod_resizes_total"
SANDBOX_FAILURES = "kube_event_sandbox_failures_total"
SCHEDULING_FAILURES = "kube_event_scheduling_failures_total"

_uids = itertools.count()


def pod_rules() -> RuleBook:
    """The files about pods alone, with nothing open, on a clock that stands still."""
    return _compiled().anew()


@functools.cache
def _compiled() -> RuleBook:
    mine = [(name, text) for name, text in built_in() if name.removesuffix(".yaml") in FILES]
    return load(mine, lambda: 0.0)


@functools.cache
def _whole() -> RuleBook:
    return built_in_rules()


@functools.cache
def _families() -> frozenset[str]:
    return frozenset(declaration.name for declaration in pod_rules().declarations)


def counted(**fields: object) -> dict[str, tuple[str, ...]]:
    """Labels by family of pods, each fed at most once, by the whole catalogue.

    The event is the kubelet's, about a pod that nothing was heard of before.
    """
    found = observed_of_pods(**fields)
    by_family = {o.family: o.labels for o in found}
    assert len(by_family) == len(found)
    return by_family


def observed_of_pods(**fields: object) -> list[Observation]:
    """The same, with families that are fed several times."""
    event = record(**{"object_namespace": "shop", "object_uid": f"pod-{next(_uids)}", **fields})
    return [o for o in observed(_whole(), event) if o.family in _families()]


@functools.cache
def recorded() -> tuple[EventRecord, ...]:
    """Every event version of all recorded watches of core/v1, in order, but for deletions."""
    reader = FrameReader(EventObject)
    records = []
    for path in (p for v in VERSIONS for p in names(f"{v}/watch/core-v1.*.gz")):
        for line in lines(path):
            frame = reader.frame(line)
            assert not isinstance(frame, Undecodable)
            if isinstance(frame.object, Status) or frame.type == "DELETED":
                continue
            event = read_event(frame.object)
            assert event is not None
            records.append(event)
    return tuple(records)


@functools.cache
def recorded_causes(label: str = "cause") -> dict[str, Counter[tuple[str, str]]]:
    """(value of a label, message) by family of pods, over all that was recorded."""
    book = built_in_rules()
    labels_of = {declaration.name: declaration.labels for declaration in book.declarations}
    found: dict[str, Counter[tuple[str, str]]] = {family: Counter() for family in _families()}
    for event in recorded():
        for family, labels, _ in observed(book, event):
            if family in found and label in labels_of[family]:
                value = labels[labels_of[family].index(label)]
                found[family][value, event.message] += 1
    return found
