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
        self._not_shown: dict[tuple[str, tuple[str, ...]], int] = {}
        """What was counted before the families began again at 0."""
        for name in lifecycles:
            for outcome in sorted(outcomes.get(name, ())):
                self._counters["closed_total"].at((name, outcome))
        self.refresh()

    def families(self) -> Iterator[Family[Series]]:
        """In the order of ``LIFECYCLES``."""
        yield self._open
        yield from self._counters.values()

    def begin_again(self, *, at_zero: bool) -> None:
        """All counters are born anew, ``at_zero`` or with what was counted; what is open stays."""
        self.refresh()
        if at_zero:
            self._not_shown = {(family, labels): n for family, labels, n in self._totals()}
        for family in self._counters.values():
            family.begin_again(at_zero=at_zero)

    def refresh(self) -> None:
        """Read the numbers."""
        for name, lifecycle in self._lifecycles.items():
            self._open.at((name,)).set(len(lifecycle))
        for family, labels, total in self._totals():
            shown = total - self._not_shown.get((family, labels), 0)
            self._counters[family].at(labels).rise_to(shown)

    def _totals(self) -> Iterator[tuple[str, tuple[str, ...], int]]:
        for name, lifecycle in self._lifecycles.items():
            for outcome, total in lifecycle.closed.items():
                yield "closed_total", (name, outcome), total
            yield "opened_total", (name,), lifecycle.opened
            yield "repeated_total", (name,), lifecycle.repeated
            yield "unmatched_total", (name,), lifecycle.unmatched
            yield "skewed_total", (name,), lifecycle.skewed
            yield "abandoned_total", (name,), lifecycle.abandoned
