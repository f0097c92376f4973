# SPDX-License-Identifier: Apache-2.0
"""What rule files have in common: families, cause tables and lifecycles, each declared once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from exporter.config.loading import nearest
from exporter.metrics.declaration import Declaration, MetricType, Stability
from exporter.rules import functions
from exporter.rules.checking import check_families
from exporter.rules.expressions import FUNCTIONS, CauseTable
from exporter.rules.language import CauseSpec, EachCause, FamilySpec, LifecycleSpec
from exporter.rules.patterns import MOST_STEPS, UnsafePatternError, compile_pattern, most_steps
from exporter.rules.problems import Report, RuleError, told_to
from exporter.rules.reading import Parsed
from exporter.rules.sampling import Families

T = TypeVar("T")


class Declared:
    """What the files have in common: families, cause tables and lifecycles by their names."""

    def __init__(self, report: Report) -> None:
        self.tables: dict[str, CauseTable] = {}
        self.lifecycles: dict[str, LifecycleSpec] = {}
        self.ages: dict[str, float] = {}
        self.homes: dict[str, str] = {}
        """The file of each lifecycle."""
        self._report = report
        self._declarations: dict[str, Declaration] = {}
        self._unbounded: dict[str, list[str]] = {}
        self._broken: set[str] = set()
        self._files: dict[str, str] = {}

    @property
    def families(self) -> Families:
        """Of all files so far."""
        return Families(self._declarations, self._unbounded, self._broken)

    def add(self, parsed: Parsed) -> None:
        """What a file declares."""
        name, file = parsed.name, parsed.file
        for family, spec in self._once(name, "families", file.families):
            self._broken.add(family)
            with told_to(self._report):
                self._declarations[family] = _declaration(name, family, spec)
                self._unbounded[family] = spec.unbounded
                self._broken.discard(family)
                check_families(name, self._declarations)
        for table, causes in self._once(name, "causes", file.causes):
            self.tables[table] = _cause_table(name, table, causes, self._report)
        for lifecycle, pair in self._once(name, "lifecycles", file.lifecycles):
            self.lifecycles[lifecycle] = pair
            with told_to(self._report):
                self.ages[lifecycle] = _max_age(name, lifecycle, pair)
                self.homes[lifecycle] = name
        for entry in parsed.broken:
            self._stand_in(*entry.partition(": ")[::2])

    def _stand_in(self, section: str, name: str) -> None:
        """For an entry that could not be read: what uses it is not wrong for that."""
        if section == "families":
            self._broken.add(name)
        elif section == "causes":
            self.tables.setdefault(name, CauseTable(()))
        elif section == "lifecycles":
            self.lifecycles.setdefault(name, LifecycleSpec([], ""))

    def _once(self, name: str, section: str, entries: Mapping[str, T]) -> Iterable[tuple[str, T]]:
        """The entries of a section, but those that another file has."""
        for entry, spec in entries.items():
            key = f"{section}: {entry}"
            if key in self._files:
                self._report(RuleError(f"{name}: {key}", f"is declared in {self._files[key]}"))
                continue
            self._files[key] = name
            yield entry, spec


def _declaration(file: str, name: str, spec: FamilySpec) -> Declaration:
    """A family, as ``metrics`` knows it."""
    for label in spec.unbounded:
        if label not in spec.labels:
            problem = f"no label {label!r}{nearest(label, spec.labels)}"
            raise RuleError(f"{file}: families: {name}: unbounded", problem)
    try:
        return Declaration(
            name,
            MetricType(spec.type),
            spec.help,
            tuple(spec.labels),
            tuple(spec.buckets),
            Stability(spec.stability),
        )
    except ValueError as error:
        raise RuleError(
            f"{file}: families: {name}", str(error).removeprefix(f"{name}: ")
        ) from error


def _cause_table(
    file: str, name: str, spec: Sequence[CauseSpec] | EachCause, report: Report
) -> CauseTable:
    """A cause table with its patterns compiled, as far as they can be."""
    where = f"{file}: causes: {name}"
    if name in FUNCTIONS or not re.fullmatch(r"\w+", name):
        problem = "is a function" if name in FUNCTIONS else "no expression can name it"
        report(RuleError(where, f"{problem}; choose another name"))
    rows = spec.rows if isinstance(spec, EachCause) else spec
    compiled: list[tuple[str, re.Pattern[str]]] = []
    steps: dict[str, float] = {}
    for row in rows:
        with told_to(report):
            compiled.append((row.cause, pattern(row.pattern, f"{where}: {row.cause}: pattern")))
            steps[row.cause] = steps.get(row.cause, 0.0) + most_steps(row.pattern)
    if sum(steps.values()) > MOST_STEPS:
        report(
            RuleError(
                where,
                f"its rows together, {max(steps, key=lambda cause: steps[cause])} the most, can"
                f" take {sum(steps.values()):,.0f} steps to try over one text, more than"
                f" {MOST_STEPS:,}; write fewer rows and branches, begin patterns with ^, or divide"
                " the table",
            )
        )
    return CauseTable(tuple(compiled), each=isinstance(spec, EachCause))


def _max_age(file: str, name: str, spec: LifecycleSpec) -> float:
    """Seconds."""
    seconds = functions.duration(spec.max_age)
    if not seconds:
        where = f"{file}: lifecycles: {name}: max_age"
        raise RuleError(where, f"{spec.max_age!r} is no duration such as 1h")
    return seconds


def pattern(written: str, where: str) -> re.Pattern[str]:
    """A pattern that is safe on any message; raises ``RuleError``."""
    try:
        return compile_pattern(written)
    except UnsafePatternError as error:
        raise RuleError(where, str(error)) from error
