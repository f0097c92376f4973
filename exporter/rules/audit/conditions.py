# SPDX-License-Identifier: Apache-2.0
"""Conditions as they are written, to conditions as they are applied; every error names its key."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from exporter.config.loading import nearest
from exporter.rules.audit.checks import BodyCheck, Check, EachTextCheck, Search, TextCheck
from exporter.rules.audit.fields import SEVERAL, TEXTS
from exporter.rules.audit.language import (
    CLASS_WORDS,
    GROUPS_OF_VERBS,
    VERB_WORDS,
    AuditConditions,
    BodySpec,
)
from exporter.rules.audit.paths import PathError, path
from exporter.rules.audit.rulebook import Condition
from exporter.rules.audit.selectors import Codes, Resources, Selector, Words
from exporter.rules.declaring import pattern
from exporter.rules.patterns import most_steps
from exporter.rules.problems import Report, RuleError, told_to
from exporter.rules.selectors import Names, SelectorError

T = TypeVar("T")

# The texts of a body are many: a pattern for them must be cheap on each.
_MOST_STEPS = 20_000
_VERBS = tuple(word for word in VERB_WORDS if word not in GROUPS_OF_VERBS)
_ANY = ("*",)


def condition(
    spec: AuditConditions, where: str, report: Report, *, excepts: bool = False
) -> Condition | None:
    """A condition set; None where something is wrong with it.

    ``where`` ends where a key of it can follow.
    """
    problems: list[RuleError] = []
    keep = problems.append
    selector = _selector(spec, where, keep)
    checks = [*_text_checks(spec, where, keep, excepts=excepts)]
    for place, body in enumerate(spec.body):
        with told_to(keep):
            checks.append(_body_check(body, f"{where}body[{place}]", excepts=excepts))
    for problem in problems:
        report(problem)
    return None if problems or selector is None else Condition(selector, checks)


def patterns(spec: AuditConditions) -> Iterable[tuple[str, str]]:
    """The patterns of a condition set by their keys."""
    for key in (*TEXTS, *SEVERAL):
        if written := getattr(spec, key):
            yield key, written
    for place, body in enumerate(spec.body):
        if body.pattern:
            yield f"body[{place}].pattern", body.pattern


def _selector(spec: AuditConditions, where: str, report: Report) -> Selector | None:
    known: list[RuleError] = []
    keep = known.append

    def made(key: str, make: Callable[[], T]) -> T | None:
        with told_to(keep):
            try:
                return make()
            except SelectorError as error:
                raise RuleError(f"{where}{key}", str(error)) from error
        return None

    verbs = made("verbs", lambda: _verbs(spec.verbs))
    groups = made("api_groups", lambda: Names(spec.api_groups or _ANY))
    resources = made("resources", lambda: Resources(spec.resources))
    classes = made(
        "user_classes",
        lambda: Words(_known(spec.user_classes, CLASS_WORDS, "class of user"), CLASS_WORDS),
    )
    codes = made("codes", lambda: Codes(spec.codes))
    for problem in known:
        report(problem)
    if verbs and groups and resources and classes and codes:
        return Selector(verbs, groups, resources, classes, codes)
    return None


def _verbs(written: Sequence[str]) -> Words:
    known = _known(written, VERB_WORDS, "verb")
    return Words((verb for word in known for verb in GROUPS_OF_VERBS.get(word, {word})), _VERBS)


def _known(written: Sequence[str], words: Sequence[str], what: str) -> Sequence[str]:
    for word in written:
        if word not in words:
            guess = nearest(word, words) or f": there are {', '.join(words)}"
            raise SelectorError(f"{word!r} is no {what}{guess}")
    return written


def _text_checks(
    spec: AuditConditions, where: str, report: Report, *, excepts: bool
) -> Iterable[Check]:
    for key, read in TEXTS.items():
        with told_to(report):
            if written := getattr(spec, key):
                search = Search(pattern(written, f"{where}{key}"), excepts=excepts)
                yield TextCheck(search, read)
    for key, read_each in SEVERAL.items():
        with told_to(report):
            if written := getattr(spec, key):
                search = Search(pattern(written, f"{where}{key}"), excepts=excepts)
                yield EachTextCheck(search, read_each)


def _body_check(spec: BodySpec, where: str, *, excepts: bool) -> BodyCheck:
    if bool(spec.values) == bool(spec.pattern):
        raise RuleError(where, "has either `values` or a `pattern`")
    paths = []
    for place, written in enumerate(spec.paths):
        try:
            paths.append(path(written))
        except PathError as error:
            raise RuleError(f"{where}.paths[{place}]", str(error)) from error
    search: Search | None = None
    if spec.pattern:
        search = Search(pattern(spec.pattern, f"{where}.pattern"), excepts=excepts)
        steps = most_steps(spec.pattern)
        if steps > _MOST_STEPS:
            raise RuleError(
                f"{where}.pattern",
                f"can take {steps:,.0f} steps to try over one text, and a body can have many:"
                f" more than {_MOST_STEPS:,}; begin it with ^",
            )
    return BodyCheck(paths, frozenset(map(_as_text, spec.values)), search)


def _as_text(value: str | bool | int) -> str:  # noqa: FBT001 - a value as JSON has it
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
