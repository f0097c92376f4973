# SPDX-License-Identifier: Apache-2.0
"""Rule files to a rule book."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Generic, NamedTuple, Protocol, TypeVar

from exporter.metrics.declaration import Declaration
from exporter.rules.audit.checking import check_reachable as check_audit_reachable
from exporter.rules.audit.compiling import AuditCompiler
from exporter.rules.audit.rulebook import AuditRule, AuditRules
from exporter.rules.checking import check_reachable, lifecycles_in_use
from exporter.rules.compiling import Compiler
from exporter.rules.declaring import Declared
from exporter.rules.families import is_of_audit
from exporter.rules.language import RuleFile
from exporter.rules.lifecycles import Lifecycle
from exporter.rules.problems import Report, RuleError, at_once
from exporter.rules.reading import Parsed, parse_rule_file
from exporter.rules.rulebook import Rule, RuleBook

NamedText = tuple[str, str]
"""Of a file: what it is called, and its content."""


def built_in() -> list[NamedText]:
    """The files of the built-in catalogue: those about events, then those about audit events."""
    return [*_files("catalogue"), *built_in_audit()]


def built_in_audit() -> list[NamedText]:
    """Those about audit events alone."""
    return _files("audit_catalogue")


def _files(folder: str) -> list[NamedText]:
    entries = (resources.files("exporter.rules") / folder).iterdir()
    files = sorted((f for f in entries if f.name.endswith(".yaml")), key=lambda f: f.name)
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
    written, replaced = _chosen(parsed, lambda file: file.rules)
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
    declarations = tuple(d for d in _declarations(declared) if not is_of_audit(d.name))
    return RuleBook(
        declarations, by_subject, running, _audit_rules(parsed, declared, sources, report)
    )


def _declarations(declared: Declared) -> Iterable[Declaration]:
    return declared.families.declarations.values()


def _audit_rules(
    parsed: Sequence[Parsed], declared: Declared, events: Mapping[str, str], report: Report
) -> AuditRules:
    """Those for audit events; ``events`` says where the other ones are written."""
    compiler = AuditCompiler(declared.families, declared.tables)
    written, _ = _chosen(parsed, lambda file: file.audit_rules)
    by_subject: dict[str, list[AuditRule]] = {}
    for place, (subject, file_name, spec) in enumerate(written.values()):
        if spec.id in events:
            problem = f"is the id of a rule for events, in {events[spec.id]}"
            report(RuleError(f"{file_name}: {spec.id}: id", problem))
        rule = compiler.rule(spec, file_name, subject, place, report)
        if rule:
            by_subject.setdefault(subject, []).append(rule)
    sources = {rule_id: placed.file for rule_id, placed in written.items()}
    for rules in by_subject.values():
        check_audit_reachable(rules, sources, report)
    declarations = tuple(d for d in _declarations(declared) if is_of_audit(d.name))
    return AuditRules(declarations, by_subject)


class _Identified(Protocol):
    id: str


S = TypeVar("S", bound=_Identified)


class _Placed(NamedTuple, Generic[S]):
    """A rule in force."""

    subject: str
    """The file among whose rules it stands."""
    file: str
    """The file that wrote it last."""
    spec: S


def _chosen(
    parsed: Sequence[Parsed], rules_of: Callable[[RuleFile], Sequence[S]]
) -> tuple[dict[str, _Placed[S]], Sequence[S]]:
    """The rules in force by id, and those that others replaced."""
    written: dict[str, _Placed[S]] = {}
    replaced: list[S] = []
    subjects: set[str] = set()
    for position, (name, file, _, _) in enumerate(parsed):
        # Somebody's own file may be called as a built-in one is.
        own = f"{name} ({position})" if name in subjects else name
        subjects.add(own)
        for spec in rules_of(file):
            before = written.get(spec.id)
            if before:
                replaced.append(before.spec)
            written[spec.id] = _Placed(before.subject if before else own, name, spec)
    return written, replaced
