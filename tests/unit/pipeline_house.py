"""A scope with its counting over rules of its own, and the events that tests send through it."""

from __future__ import annotations

from typing import Any

import msgspec

from exporter.events import EventObject, Ledger
from exporter.metrics.births import Births, Scrapers
from exporter.metrics.page import Page
from exporter.metrics.text import Format
from exporter.pipeline import Counting, Scope
from exporter.rules.loading import load
from exporter.rules.rulebook import RuleBook

NOW = 1_795_350_000.0  # 2026-11-22T12:20:00Z


PULLS = """
families:
  kube_event_pulls_total: {type: counter, help: Pulls., labels: [namespace, registry]}
  kube_event_pull_failures_total:
    {type: counter, help: Failures., labels: [namespace, registry, cause]}
  kube_event_pull_seconds: {type: histogram, help: Time., labels: [namespace], buckets: [1, 60]}
  kube_event_size_bytes: {type: histogram, help: Size., labels: [registry], buckets: [1, 1000]}
causes:
  pull: [{cause: not_found, pattern: 'manifest unknown|not found'}]
lifecycles:
  pull: {key: [$uid, $image], max_age: 1h, repeat: newest}
rules:
  - id: pulling
    components: [kubelet]
    reasons: [Pulling]
    message: '^Pulling image "(?P<image>[^"]*)"'
    opens: pull
  - id: pulled
    components: [kubelet]
    reasons: [Pulled]
    message: '^Successfully pulled image "(?P<image>[^"]*)"(?: of (?P<size>[0-9]+) bytes)?'
    closes: pull
    outcome: pulled
    samples:
      - {family: kube_event_pull_seconds, labels: {namespace: $namespace}, value: $elapsed}
      - {family: kube_event_pulls_total,
         labels: {namespace: $namespace, registry: registry($image)}}
      - {family: kube_event_size_bytes, labels: {registry: registry($image)},
         value: quantity($size)}
  - id: failed
    components: [kubelet]
    reasons: [Failed]
    message: '^Failed to pull image "(?P<image>[^"]*)": (?P<error>.*)'
    samples:
      - {family: kube_event_pull_failures_total,
         labels: {namespace: $namespace, registry: registry($image), cause: pull($error)}}
"""
ALARMS = """
families:
  kube_event_alarms_total: {type: counter, help: Alarms., labels: [cause]}
  kube_event_containers_total: {type: counter, help: Containers., labels: [container]}
causes:
  alarms: {each: true, rows: [{cause: fire, pattern: fire}, {cause: manifest, pattern: manifest}]}
rules:
  - id: alarm
    components: ['*']
    reasons: ['*']
    kinds: ['*']
    types: [Warning]
    samples: [{family: kube_event_alarms_total, labels: {cause: alarms($message)}}]
"""
CONTAINERS = """
rules:
  - id: container
    components: ['*']
    reasons: [Failed]
    samples: [{family: kube_event_containers_total, labels: {container: $container}}]
"""


class House:
    """A scope and its counting on a clock that stands still."""

    def __init__(self, *files: str, series_limit: int = 100, book: RuleBook | None = None) -> None:
        self.births = Births(lambda: NOW)
        rules = book or load([(f"{n}.yaml", text) for n, text in enumerate(files)], lambda: NOW)
        self.counting = Counting(rules, self.births, series_limit=series_limit)
        self.scope = Scope(
            self.counting,
            Ledger(retention=7200.0, limit=1000),
            monotonic=lambda: NOW,
            wall=lambda: NOW,
        )

    def first_list(self, *events: EventObject) -> None:
        self.scope.list_began(NOW)
        for event in events:
            self.scope.listed(event)
        self.scope.list_published("100")

    def add(self, *events: EventObject) -> None:
        """The watch shows these."""
        for event in events:
            self.scope.changed("ADDED", event)

    def lines(self, family: str, format_: Format = Format.TEXT) -> list[str]:
        text = self.page(format_)
        return [line for line in text.splitlines() if line.startswith(family + "{")]

    def page(self, format_: Format = Format.TEXT) -> str:
        """Everything, without births: as a person reads it."""
        page = Page(
            self.counting.families(),
            self.births,
            Scrapers(self.births, lambda: NOW),
            refresh=self.counting.refresh,
        )
        return b"".join(page.render(format_)[0]).decode()


def event(name: str = "web-0.a", version: int = 1, **changes: Any) -> EventObject:
    """An Event of core/v1."""
    fields = {
        "metadata": {"name": name, "namespace": "shop", "resourceVersion": str(version)},
        "involvedObject": {"kind": "Pod", "namespace": "shop", "name": "web-0"},
        "reason": "BackOff",
        "type": "Warning",
        "source": {"component": "kubelet", "host": "node-1"},
        "count": 1,
        "lastTimestamp": "2026-11-22T12:19:00Z",
    }
    return msgspec.convert(fields | changes, EventObject)
