# SPDX-License-Identifier: Apache-2.0
"""What became of the pairs: how many began, ended, were abandoned or never matched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from exporter.metrics.births import Births
from exporter.metrics.counter import CounterFamily, GaugeFamily
from exporter.metrics.series import Family, Series
from exporter.rules.lifecycles import Lifecycle
from exporter.rules.reserved import LIFECYCLES


class LifecycleFamilies:
    """The families of ``LIFECYCLES``, over the lifecycles of a rule book."""

    def __init__(
        self, lifecycles: Mapping[str, Lifecycle], outcomes: Mapping[str, set[str]], births: Births
    ) -> None:
        self._lifecycles = lifecycles
        self._open = GaugeFamily(LIFECYCLES[0], births=births)
        self._counters = {
            d.name.removeprefix("kube_event_lifecycle_"): CounterFamily(d, births=births)
            for d in LIFECYCLES[1:]
        }
        for name in lifecycles:
            for outcome in sorted(outcomes.get(name, ())):
                self._counters["closed_total"].at((name, outcome))
        self.refresh()

    def families(self) -> Iterator[Family[Series]]:
        """In the order of ``LIFECYCLES``."""
        yield self._open
        yield from self._counters.values()

    def refresh(self) -> None:
        """Read the numbers."""
        for name, lifecycle in self._lifecycles.items():
            self._open.at((name,)).set(len(lifecycle))
            for outcome, total in lifecycle.closed.items():
                self._counters["closed_total"].at((name, outcome)).rise_to(total)
            for family, total in (
                ("opened_total", lifecycle.opened),
                ("repeated_total", lifecycle.repeated),
                ("unmatched_total", lifecycle.unmatched),
                ("skewed_total", lifecycle.skewed),
                ("abandoned_total", lifecycle.abandoned),
            ):
                self._counters[family].at((name,)).rise_to(total)
