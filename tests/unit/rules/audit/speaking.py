"""Rules for audit events in tests, and what they make of a request."""

from __future__ import annotations

import functools
from typing import Any

from exporter.audit import AuditRecord
from exporter.rules.audit.rulebook import AuditRules
from exporter.rules.audit.selectors import About
from exporter.rules.loading import built_in_audit, load
from tests.unit.audit.events import record

FAMILY = "kube_audit_things_total"
HEAD = f"""
families:
  {FAMILY}: {{type: counter, help: Things., labels: [what]}}
causes: {{agent: [{{cause: kubectl, pattern: ^kubectl}}]}}
"""
OPERATIONS = "kube_audit_sensitive_operations_total"


def rules(*written: str, head: str = HEAD) -> AuditRules:
    """Rules of one file, each written as a flow mapping without its id and its braces."""
    lines = [f"  - {{id: r{place}, {text}}}" for place, text in enumerate(written)]
    return load([("test.yaml", f"{head}audit_rules:\n" + "\n".join(lines))], lambda: 0.0).audit


def counting(what: str) -> str:
    """The sample of a rule, with this label."""
    return f"samples: [{{family: {FAMILY}, labels: {{what: {what}}}}}]"


def said(book: AuditRules, about: AuditRecord) -> list[tuple[str, ...]]:
    """The label values that a request adds, family first."""
    left = book.rules_for(About.of(about), started=about.begins)
    if not (about.begins or about.ends):
        return []
    return [
        (sample.family, *labels)
        for rule, groups in book.match(left, about)
        for sample in rule.samples
        for labels in sample.label_sets(about, groups)
    ]


def is_meant(condition: str, **fields: Any) -> bool:
    """Whether a rule with this condition takes such a request: the one of a person, else."""
    found = said(rules(f"{condition}, {counting('x')}"), record(**fields))
    assert found in ([], [(FAMILY, "x")])
    return bool(found)


@functools.cache
def built_in() -> AuditRules:
    return load(built_in_audit(), lambda: 0.0).audit


def operations(**fields: Any) -> set[str]:
    """The built-in list's names for such a request."""
    found = said(built_in(), record(**fields))
    assert {family for family, *_ in found} <= {OPERATIONS}
    names = [operation for _, operation, *_ in found]
    assert len(names) == len(set(names)), "an operation is counted once a request"
    return set(names)
