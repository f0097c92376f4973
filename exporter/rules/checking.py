# SPDX-License-Identifier: Apache-2.0
"""What is wrong with rules that are each right: seen only of all of them together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from exporter.metrics.declaration import Declaration, MetricType
from exporter.rules.families import is_of_audit
from exporter.rules.language import RuleSpec
from exporter.rules.problems import Report, RuleError
from exporter.rules.reserved import OWN, WORKLOAD_LABELS
from exporter.rules.rulebook import Rule

# Of the exporter's self-metrics, and of prometheus_client's.
_PREFIXES = ("kube_event_metrics_", "process_", "python_")


def check_families(file: str, declarations: Mapping[str, Declaration]) -> None:
    """Raises ``RuleError`` if the name of the latest family is taken on the page."""
    *before, name = declarations
    where = f"{file}: families: {name}"
    mine = _names(name, declarations[name].type)
    if mine & _TAKEN_NAMES or name.startswith(_PREFIXES):
        raise RuleError(where, "is a name of the exporter's own")
    if is_of_audit(name) and declarations[name].type is not MetricType.COUNTER:
        raise RuleError(f"{where}: type", "is counter: audit_rules only count")
    for label in declarations[name].labels:
        if label in WORKLOAD_LABELS:
            raise RuleError(f"{where}: labels", f"{label} is what --workload.labels adds")
    for other in before:
        if mine & _names(other, declarations[other].type):
            raise RuleError(where, f"cannot be told from {other}")


def _names(name: str, type_: MetricType) -> set[str]:
    """What the two formats make of a family's name."""
    bare = name.removesuffix("_total")
    if type_ is MetricType.HISTOGRAM:
        return {name, *(f"{name}_{part}" for part in ("bucket", "count", "sum", "created"))}
    return {bare, name, f"{bare}_created"}


_TAKEN_NAMES = frozenset().union(*(_names(own.name, own.type) for own in OWN))


def check_reachable(rules: Sequence[Rule], files: Mapping[str, str], report: Report) -> None:
    """Report each rule that those before it in its subject leave nothing.

    ``files`` says where each rule is written.
    """
    for place, rule in enumerate(rules):
        hiding = [
            earlier
            for earlier in rules[:place]
            if earlier.message is None or earlier.message == rule.message
        ]
        hidden_by = []
        for combination in rule.selector.combinations():
            by = next((e.id for e in hiding if e.selector.covers(combination)), None)
            if by is None:
                break
            hidden_by.append(by)
        else:
            names = ", ".join(
                known if files[known] == files[rule.id] else f"{known} ({files[known]})"
                for known in dict.fromkeys(hidden_by)
            )
            report(
                RuleError(
                    f"{files[rule.id]}: {rule.id}",
                    f"is never reached: all its events go to {names} before it; put it first, or"
                    " give the other a message",
                )
            )


def lifecycles_in_use(
    names: Mapping[str, str],
    rules: Sequence[RuleSpec],
    replaced: Sequence[RuleSpec],
    report: Report,
) -> list[str]:
    """The lifecycles of which there can be pairs.

    All, but those whose every rule somebody has replaced by one that does something else.
    A lifecycle that cannot begin or cannot end is reported. ``names`` says in which file each is
    declared.
    """
    in_use = []
    for name, file in names.items():
        missing = [verb for verb in ("opens", "closes") if not _doing(verb, name, rules)]
        before = [rule for verb in missing for rule in _doing(verb, name, replaced)]
        if len(missing) == len(("opens", "closes")) and before:
            continue
        if missing:
            known = f"; {before[0]} did, and was replaced" if before else ""
            problem = f"no rule {missing[0]} it{known}"
            report(RuleError(f"{file}: lifecycles: {name}", problem))
        in_use.append(name)
    return in_use


def _doing(verb: str, lifecycle: str, rules: Sequence[RuleSpec]) -> list[str]:
    return [rule.id for rule in rules if getattr(rule, verb) == lifecycle]
