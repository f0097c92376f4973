# SPDX-License-Identifier: Apache-2.0
"""What rules make of audit records: each that speaks adds to the families it names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from exporter.audit import AuditRecord, UserClass
from exporter.metrics.births import Births
from exporter.metrics.bounds import OVERFLOW, LabelBounds
from exporter.metrics.counter import CounterFamily
from exporter.metrics.series import Describe
from exporter.rules.audit.rulebook import AuditRules, Found
from exporter.rules.reserved_audit import with_user


class AuditOperations:
    """The families that audit rules feed; ``user_labels`` puts a name into those with a class."""

    def __init__(
        self,
        rules: AuditRules,
        *,
        births: Births,
        bounds: LabelBounds,
        limit: int,
        describe: Describe,
        user_labels: bool,
    ) -> None:
        self.rules = rules
        declarations = [with_user(d) if user_labels else d for d in rules.declarations]
        self._named = {
            d.name
            for d, before in zip(declarations, rules.declarations, strict=True)
            if d is not before
        }
        self._families = {
            d.name: CounterFamily(d, births=births, bounds=bounds, limit=limit, describe=describe)
            for d in declarations
        }
        closed = {
            self._families[name].at(labels)
            for name, labels in rules.closed_label_sets()
            if name not in self._named
        }
        self._closed = [series for series in closed if OVERFLOW not in series.values]

    def families(self) -> Iterator[CounterFamily]:
        """All of them, in the order they are declared."""
        yield from self._families.values()

    def hold(self) -> None:
        """Alerts read what is there from the start at 0, however long nothing happens."""
        for series in self._closed:
            series.held = True

    def add(self, found: Iterable[Found], shown: AuditRecord, detail: object) -> None:
        """What the rules that were ``found`` to speak add.

        Their labels are read of ``shown``: the record, with names that can be believed.
        """
        for rule, groups in found:
            for sample in rule.samples:
                extra = (user_name(shown),) if sample.family in self._named else ()
                for labels in sample.label_sets(shown, groups):
                    self._families[sample.family].at(labels + extra).inc(1, detail)


def user_name(record: AuditRecord) -> str:
    """Of who really asks, for the label; not of nodes, of which there can be thousands."""
    return "" if record.user_class is UserClass.NODE else record.user
