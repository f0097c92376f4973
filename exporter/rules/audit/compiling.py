# SPDX-License-Identifier: Apache-2.0
"""Rules for audit events as they are written, to rules as they are applied."""

from __future__ import annotations

import re
from collections.abc import Mapping

from exporter.rules.audit.conditions import condition, patterns
from exporter.rules.audit.fields import FIELDS, known_classes
from exporter.rules.audit.language import AuditRuleSpec
from exporter.rules.audit.rulebook import AuditRule, Condition
from exporter.rules.expressions import CauseTable, Scope
from exporter.rules.problems import Report, RuleError
from exporter.rules.sampling import Families, Sampling, Setting

_GROUP = re.compile(r"\(\?P<(\w+)>")


class AuditCompiler:
    """Of the audit rules of all files, which share families and cause tables."""

    def __init__(self, families: Families, tables: Mapping[str, CauseTable]) -> None:
        self._sampling = Sampling(families)
        self._tables = tables

    def rule(
        self, spec: AuditRuleSpec, file: str, subject: str, place: int, report: Report
    ) -> AuditRule | None:
        """``file`` is where it is written, ``subject`` among the rules of which it stands.

        None where something is wrong with it.
        """
        where = f"{file}: {spec.id}"
        problems: list[RuleError] = []
        keep = problems.append
        meant = condition(spec, f"{where}: ", keep)
        exceptions = self._exceptions(spec, where, keep)
        groups = _groups(spec, where, keep)
        known = {"user_class": known_classes(meant.selector)} if meant else {}
        scope = Scope(groups, self._tables, FIELDS, known)
        samples, _ = self._sampling.samples(
            spec.samples, Setting(scope, groups, where, keep, audit=True)
        )
        for problem in problems:
            report(problem)
        if problems or meant is None:
            return None
        return AuditRule(spec.id, subject, place, spec, meant, exceptions, samples)

    def _exceptions(self, spec: AuditRuleSpec, where: str, report: Report) -> list[Condition]:
        found = []
        for place, each in enumerate(spec.exceptions):
            here = f"{where}: except[{place}]"
            exception = condition(each, f"{here}.", report, excepts=True)
            if each == type(each)():
                report(RuleError(here, "has no condition, and so excepts every request"))
            elif exception is not None:
                found.append(exception)
        return found


def _groups(spec: AuditRuleSpec, where: str, report: Report) -> frozenset[str]:
    """The named groups of a rule's patterns; those of exceptions are nobody's to use."""
    found: dict[str, str] = {}
    for key, written in patterns(spec):
        for name in _GROUP.findall(written):
            if name in found:
                problem = f"the group {name!r} is in {found[name]} too"
                report(RuleError(f"{where}: {key}", problem))
            found[name] = key
    return frozenset(found)
