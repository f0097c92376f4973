"""The truth: how often what was written occurred, by metric and label set.

Kept from what the writers wrote and mean by it. No rule, no message and no object is read.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

from exporter.demo import GroundTruth

EVENTS = "kube_events_total"
PULL_SECONDS = "kube_event_image_pull_duration_seconds"
PULL_FAILURES = "kube_event_image_pull_failures_total"
CREATION_FAILURES = "kube_event_pod_creation_failures_total"
METRICS = (
    EVENTS,
    f"{PULL_SECONDS}_bucket",
    f"{PULL_SECONDS}_count",
    PULL_FAILURES,
    CREATION_FAILURES,
)
"""What is compared, sample by sample."""

_PULL_BUCKETS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1800, float("inf"))

Labels = tuple[tuple[str, str], ...]
"""A label set: sorted, without what Prometheus does not store, which is empty values."""
Counts = Mapping[str, Counter[Labels]]
"""Occurrences by metric and label set."""


def labels(values: Mapping[str, str]) -> Labels:
    """The label set of these values; ``le`` is spelled one way for both text formats."""
    spelled = {**values, "le": str(float(values["le"]))} if "le" in values else values
    return tuple(sorted((name, value) for name, value in spelled.items() if value))


class Truth:
    """What has become visible so far. ``recorded`` is for the recorders, which know the first."""

    def __init__(self) -> None:
        self.recorded = GroundTruth()
        self._fed: defaultdict[str, Counter[Labels]] = defaultdict(Counter)

    @property
    def occurrences(self) -> int:
        """All that have become visible."""
        return self.recorded.visible.total()

    def pulled(self, namespace: str, registry: str, seconds: float, times: int) -> None:
        """An image was pulled, which took so long."""
        by = {"namespace": namespace, "registry": registry}
        self._fed[f"{PULL_SECONDS}_count"][labels(by)] += times
        for bound in _PULL_BUCKETS:
            if seconds <= bound:
                self._fed[f"{PULL_SECONDS}_bucket"][labels({**by, "le": str(bound)})] += times

    def pull_failed(self, namespace: str, registry: str, cause: str, times: int) -> None:
        """An image could not be pulled, and its pod not started."""
        by = {"namespace": namespace, "registry": registry, "cause": cause}
        self._fed[PULL_FAILURES][labels(by)] += times
        self.not_created(namespace, "image_pull", "Failed", times)

    def not_created(self, namespace: str, cause: str, reason: str, times: int) -> None:
        """A pod could not be made."""
        by = {"namespace": namespace, "cause": cause, "reason": reason}
        self._fed[CREATION_FAILURES][labels(by)] += times

    def counts(self) -> Counts:
        """All of it, as it is now."""
        counts = {metric: Counter(self._fed[metric]) for metric in METRICS}
        for label_set, times in self.recorded.visible.items():
            counts[EVENTS][labels(label_set._asdict())] += times
            if label_set.reason == "FailedScheduling":
                by = {"namespace": label_set.namespace, "cause": "scheduling"}
                by["reason"] = label_set.reason
                counts[CREATION_FAILURES][labels(by)] += times
        return counts


def since(before: Counts, now: Counts) -> Counts:
    """What has occurred after ``before``, without zeros."""
    return {metric: now[metric] - before[metric] for metric in METRICS}
