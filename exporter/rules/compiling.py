# SPDX-License-Identifier: Apache-2.0
"""Rules as they are written, to rules as they are applied; every error names rule and key."""

from __future__ import annotations

import re
from collections.abc import Mapping

from exporter.config.loading import nearest
from exporter.rules.declaring import pattern
from exporter.rules.expressions import CauseTable, ExpressionError, Scope
from exporter.rules.keys import key_function
from exporter.rules.language import LifecycleSpec, RuleSpec
from exporter.rules.problems import Report, RuleError, told_to
from exporter.rules.rulebook import Rule, Step
from exporter.rules.sampling import Families, Sampling, Setting
from exporter.rules.selectors import Names, Selector, SelectorError

_EVERYTHING = ("*",)
_CLOSED = "closed"
_OUTCOME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
_GROUP = re.compile(r"\(\?P<(\w+)>")


class Compiler:
    """Of the rules of all files, which share families, cause tables and lifecycles."""

    def __init__(
        self,
        families: Families,
        tables: Mapping[str, CauseTable],
        lifecycles: Mapping[str, LifecycleSpec],
    ) -> None:
        self._sampling = Sampling(families)
        self._tables = tables
        self._lifecycles = lifecycles

    def rule(
        self, spec: RuleSpec, file: str, subject: str, place: int, report: Report
    ) -> Rule | None:
        """``file`` is where it is written, ``subject`` among the rules of which it stands.

        None where something is wrong with it.
        """
        where = f"{file}: {spec.id}"
        problems: list[RuleError] = []
        keep = problems.append
        message = None
        if spec.message:
            with told_to(keep):
                message = pattern(spec.message, f"{where}: message")
        groups = frozenset(message.groupindex if message else _GROUP.findall(spec.message))
        scope = Scope(groups, self._tables)
        with told_to(keep):
            _check_closing(spec, where)
        samples, read = self._sampling.samples(
            spec.samples, Setting(scope, groups, where, keep, closes=bool(spec.closes))
        )
        selector = _selector(spec, where, keep)
        opens = self._step(spec.opens, scope, f"{where}: opens", keep)
        closes = self._step(spec.closes, scope, f"{where}: closes", keep)
        for problem in problems:
            report(problem)
        if problems or not selector:
            return None
        return Rule(
            spec.id,
            subject,
            place,
            selector,
            message,
            samples,
            opens,
            closes,
            spec.outcome or _CLOSED,
            spec.optional,
            tuple({label.source: None for label in read if label.source}),
            all(label.of_message for label in read if label.source),
        )

    def _step(self, lifecycle: str, scope: Scope, where: str, report: Report) -> Step | None:
        if lifecycle:
            with told_to(report):
                return self._known_step(lifecycle, scope, where)
        return None

    def _known_step(self, lifecycle: str, scope: Scope, where: str) -> Step:
        spec = self._lifecycles.get(lifecycle)
        if spec is None:
            guess = nearest(lifecycle, self._lifecycles)
            raise RuleError(where, f"no lifecycle {lifecycle!r}{guess}")
        try:
            parts = [scope.label(part) for part in spec.key]
        except ExpressionError as error:
            raise RuleError(f"{where}: key of {lifecycle}", str(error)) from error
        for written, part in zip(spec.key, parts, strict=True):
            if part.every:
                raise RuleError(
                    f"{where}: key of {lifecycle}", f"{written} can have several values"
                )
        return Step(lifecycle, key_function(parts))


def _check_closing(spec: RuleSpec, where: str) -> None:
    for key in ("outcome", "optional"):
        if getattr(spec, key) and not spec.closes:
            raise RuleError(f"{where}: {key}", "is for a rule with `closes`")
    if spec.outcome and not _OUTCOME.fullmatch(spec.outcome):
        problem = f"{spec.outcome!r} is no constant such as ready or timed_out"
        raise RuleError(f"{where}: outcome", problem)


def _selector(spec: RuleSpec, where: str, report: Report) -> Selector | None:
    found: list[Names] = []
    keys = ("components", "kinds", "reasons", "types")
    for key in keys:
        with told_to(report):
            try:
                found.append(Names(getattr(spec, key) or _EVERYTHING))
            except SelectorError as error:
                raise RuleError(f"{where}: {key}", str(error)) from error
    return Selector(*found) if len(found) == len(keys) else None
