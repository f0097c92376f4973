# SPDX-License-Identifier: Apache-2.0
"""What is wrong with audit rules that are each right: seen only of all of them together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from exporter.rules.audit.conditions import patterns
from exporter.rules.audit.rulebook import AuditRule
from exporter.rules.problems import Report, RuleError


def check_reachable(rules: Sequence[AuditRule], files: Mapping[str, str], report: Report) -> None:
    """Report each rule that those before it in its subject leave nothing, where that is plain.

    ``files`` says where each rule is written.
    """
    for place, rule in enumerate(rules):
        hiding = [earlier for earlier in rules[:place] if _hides(earlier, rule)]
        hidden_by: dict[str, None] = {}
        for combination in rule.condition.selector.combinations() if hiding else ():
            by = next((e for e in hiding if e.condition.selector.covers(combination)), None)
            if by is None:
                break
            hidden_by[by.id] = None
        else:
            if hidden_by:
                report(_unreachable(rule, hidden_by, files))


def _hides(earlier: AuditRule, rule: AuditRule) -> bool:
    """Whether the earlier one takes all requests of a kind that is meant by both."""
    return (
        not earlier.exceptions
        and earlier.started is rule.started
        and earlier.spec.dry_run is rule.spec.dry_run
        and (not earlier.condition.checks or _asked(earlier) == _asked(rule))
    )


def _asked(rule: AuditRule) -> object:
    """What is looked at of each request."""
    return sorted(patterns(rule.spec)), rule.spec.body


def _unreachable(rule: AuditRule, by: Mapping[str, None], files: Mapping[str, str]) -> RuleError:
    here = files[rule.id]
    names = ", ".join(k if files[k] == here else f"{k} ({files[k]})" for k in by)
    return RuleError(
        f"{here}: {rule.id}",
        f"is never reached: all its requests go to {names} before it; put it first, or give the"
        " other one more condition",
    )
