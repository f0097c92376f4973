# SPDX-License-Identifier: Apache-2.0
"""Metrics of the process and of the interpreter, which prometheus_client reads."""

from __future__ import annotations

import copy
from collections.abc import Iterator

from prometheus_client import (
    GC_COLLECTOR,
    PLATFORM_COLLECTOR,
    PROCESS_COLLECTOR,
    CollectorRegistry,
    Metric,
)
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.registry import Collector

from exporter.metrics.text import Format, Pairs


class ProcessMetrics:
    """The text of them for a page; each sample carries ``labels`` too."""

    def __init__(self, labels: Pairs = ()) -> None:
        self._registry = CollectorRegistry()
        for collector in (PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
            self._registry.register(_Carrying(collector, labels))

    def __call__(self, format_: Format) -> bytes:
        """As they are now."""
        if format_ is Format.OPENMETRICS:
            text: bytes = generate_openmetrics(self._registry)  # type: ignore[no-untyped-call]
            return text.removesuffix(b"# EOF\n")
        return generate_latest(self._registry)


class _Carrying(Collector):
    """What another collector tells, with more labels."""

    def __init__(self, collector: Collector, labels: Pairs) -> None:
        self._collector = collector
        self._labels = dict(labels)

    def collect(self) -> Iterator[Metric]:
        for metric in self._collector.collect():
            carrying = copy.copy(metric)  # some collectors tell the same one each time
            carrying.samples = [
                sample._replace(labels={**sample.labels, **self._labels})
                for sample in metric.samples
            ]
            yield carrying
