# SPDX-License-Identifier: Apache-2.0
"""Rule files to a rule book."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import NamedTuple, TypeVar

from exporter.metrics.declaration import Declaration
from exporter.rules.checking import check_families, check_reachable, lifecycles_in_use
from exporter.rules.compiling import Compiler, cause_table, declaration, max_age
from exporter.rules.expressions import CauseTable
from exporter.rules.language import LifecycleSpec, RuleFile, RuleSpec
from exporter.rules.lifecycles import Lifecycle
from exporter.rules.reading import RuleError, read_rule_file
from exporter.rules.rulebook import Rule, RuleBook

NamedText = tuple[str, str]
"""Of a file: what it is called, and its content."""
T = TypeVar("T")


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
            raise RuleError(f"{path}: {reason}") from error
    return files


def load(files: Iterable[NamedText], clock: Callable[[], float]) -> RuleBook:
    """Compile files; raises ``RuleError``.

    A rule of a later file replaces the rule of its id in an earlier one, where that stands.
    ``clock`` gives seconds that do not go back.
    """
    parsed = [(name, read_rule_file(name, text)) for name, text in files]
    declared_in: dict[str, str] = {}
    declarations: dict[str, Declaration] = {}
    unbounded: dict[str, list[str]] = {}
    tables: dict[str, CauseTable] = {}
    lifecycles: dict[str, LifecycleSpec] = {}
    ages: dict[str, float] = {}
    homes: dict[str, str] = {}
    for name, file in parsed:
        for family, spec in _once(name, "families", file.families, declared_in):
            declarations[family] = declaration(name, family, spec)
            unbounded[family] = spec.unbounded
            check_families(name, declarations)
        for table, causes in _once(name, "causes", file.causes, declared_in):
            tables[table] = cause_table(name, table, causes)
        for lifecycle, pair in _once(name, "lifecycles", file.lifecycles, declared_in):
            lifecycles[lifecycle] = pair
            ages[lifecycle] = max_age(name, lifecycle, pair)
            homes[lifecycle] = name
    written, replaced = _chosen(parsed)
    compiler = Compiler(declarations, unbounded, tables, lifecycles)
    by_subject: dict[str, list[Rule]] = {}
    for place, (subject, file_name, rule_spec) in enumerate(written.values()):
        rule = compiler.rule(rule_spec, file_name, subject, place)
        by_subject.setdefault(subject, []).append(rule)
    sources = {rule_id: placed.file for rule_id, placed in written.items()}
    for rules in by_subject.values():
        check_reachable(rules, sources)
    in_use = lifecycles_in_use(homes, [placed.spec for placed in written.values()], replaced)
    running = {
        name: Lifecycle(
            ages[name],
            clock,
            newest=lifecycles[name].repeat == "newest",
            primed=lifecycles[name].prime,
        )
        for name in in_use
    }
    return RuleBook(tuple(declarations.values()), by_subject, running)


class _Placed(NamedTuple):
    """A rule in force."""

    subject: str
    """The file among whose rules it stands."""
    file: str
    """The file that wrote it last."""
    spec: RuleSpec


def _chosen(
    parsed: Sequence[tuple[str, RuleFile]],
) -> tuple[dict[str, _Placed], Sequence[RuleSpec]]:
    """The rules in force by id, and those that others replaced."""
    written: dict[str, _Placed] = {}
    replaced: list[RuleSpec] = []
    subjects: set[str] = set()
    for position, (name, file) in enumerate(parsed):
        # Somebody's own file may be called as a built-in one is.
        own = f"{name} ({position})" if name in subjects else name
        subjects.add(own)
        for spec in file.rules:
            before = written.get(spec.id)
            if before:
                replaced.append(before.spec)
            written[spec.id] = _Placed(before.subject if before else own, name, spec)
    return written, replaced


def _once(
    name: str, section: str, entries: Mapping[str, T], declared_in: dict[str, str]
) -> Iterable[tuple[str, T]]:
    """The entries of a section, none of which another file may have."""
    for entry, spec in entries.items():
        key = f"{section}: {entry}"
        if key in declared_in:
            raise RuleError(f"{name}: {key}: is declared in {declared_in[key]}")
        declared_in[key] = name
        yield entry, spec
