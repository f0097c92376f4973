# SPDX-License-Identifier: Apache-2.0
"""Rule files to a rule book."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib import resources
from pathlib import Path
from typing import NamedTuple

from exporter.rules.checking import check_reachable, lifecycles_in_use
from exporter.rules.compiling import Compiler
from exporter.rules.declaring import Declared
from exporter.rules.language import RuleSpec
from exporter.rules.lifecycles import Lifecycle
from exporter.rules.problems import Report, RuleError, at_once
from exporter.rules.reading import Parsed, parse_rule_file
from exporter.rules.rulebook import Rule, RuleBook

NamedText = tuple[str, str]
"""Of a file: what it is called, and its content."""


def built_in() -> list[NamedText]:
    """The files of the built-in catalogue."""
    folder = resources.files("exporter.rules") / "catalogue"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".yaml")), key=lambda f: f.name)
    return [(f.name, f.read_text("utf-8")) for f in files]


def read(paths: Iterable[str]) -> list[NamedText]:
    """Somebody's own files; raises ``RuleError``."""
    files = []
    for path in paths:
        try:
            files.append((path, Path(path).read_text("utf-8")))
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise RuleError(path, str(reason)) from error
    return files


def load(files: Iterable[NamedText], clock: Callable[[], float]) -> RuleBook:
    """Compile files; raises ``RuleError``.

    A rule of a later file replaces the rule of its id in an earlier one, where that stands.
    ``clock`` gives seconds that do not go back.
    """
    parsed = [parse_rule_file(name, text, at_once) for name, text in files]
    return put_together(parsed, clock, at_once)


def put_together(parsed: Sequence[Parsed], clock: Callable[[], float], report: Report) -> RuleBook:
    """The same of files that have been read. What cannot be used is reported and left out."""
    declared = Declared(report)
    for file in parsed:
        declared.add(file)
    compiler = Compiler(declared.families, declared.tables, declared.lifecycles)
    written, replaced = _chosen(parsed)
    by_subject: dict[str, list[Rule]] = {}
    for place, (subject, file_name, rule_spec) in enumerate(written.values()):
        rule = compiler.rule(rule_spec, file_name, subject, place, report)
        if rule:
            by_subject.setdefault(subject, []).append(rule)
    sources = {rule_id: placed.file for rule_id, placed in written.items()}
    for rules in by_subject.values():
        check_reachable(rules, sources, report)
    specs = [placed.spec for placed in written.values()]
    # A rule that could not be read may be the one that opens or closes.
    homes = declared.homes if all(file.whole for file in parsed) else {}
    running = {
        name: Lifecycle(
            declared.ages[name],
            clock,
            newest=declared.lifecycles[name].repeat == "newest",
            primed=declared.lifecycles[name].prime,
        )
        for name in lifecycles_in_use(homes, specs, replaced, report)
    }
    return RuleBook(tuple(declared.families.declarations.values()), by_subject, running)


class _Placed(NamedTuple):
    """A rule in force."""

    subject: str
    """The file among whose rules it stands."""
    file: str
    """The file that wrote it last."""
    spec: RuleSpec


def _chosen(
    parsed: Sequence[Parsed],
) -> tuple[dict[str, _Placed], Sequence[RuleSpec]]:
    """The rules in force by id, and those that others replaced."""
    written: dict[str, _Placed] = {}
    replaced: list[RuleSpec] = []
    subjects: set[str] = set()
    for position, (name, file, _, _) in enumerate(parsed):
        # Somebody's own file may be called as a built-in one is.
        own = f"{name} ({position})" if name in subjects else name
        subjects.add(own)
        for spec in file.rules:
            before = written.get(spec.id)
            if before:
                replaced.append(before.spec)
            written[spec.id] = _Placed(before.subject if before else own, name, spec)
    return written, replaced
