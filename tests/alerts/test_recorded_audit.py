"""What was asked of real API servers fires what it should, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from exporter.audit import AuditRecord, Denial, UserClass, denial_of
from tests.alerts import recorded, recorded_audit
from tests.alerts.rules import alerts
from tests.alerts.test_promtool import promtool

pytestmark = pytest.mark.prometheus

OLD, NEW = "kubernetes-1.20.2", "kubernetes-1.36.3"
_SENSITIVE = "kube_audit_sensitive_operations_total"


@dataclass(frozen=True)
class Scenario:
    """Part of a recording, and what of it is worth an alert."""

    title: str
    version: str
    wanted: Callable[[AuditRecord], bool]
    fires: frozenset[str] = frozenset()
    of_operations: frozenset[str] = frozenset()
    """Fires too, where sensitive operations are counted."""


def _all(_: AuditRecord) -> bool:
    return True


def _machines(record: AuditRecord) -> bool:
    """Kubelets and controllers, but for the pods that a quota or a policy refused them."""
    if record.user_class not in (UserClass.NODE, UserClass.SYSTEM):
        return False
    return denial_of(record) is not Denial.ADMISSION


def _strangers(record: AuditRecord) -> bool:
    return record.user_class in (UserClass.ANONYMOUS, UserClass.UNAUTHENTICATED)


# In both clusters quotas and policies were played that refuse pods, and people deleted what they
# had made. 1.20.2 panicked; a drain of 1.36.3 met a disruption budget.
SCENARIOS = [
    Scenario(
        "an old cluster",
        OLD,
        _all,
        frozenset({"KubeAuditAdmissionDenied", "KubeAuditPanic"}),
        frozenset({"KubeAuditNamespaceDeleted", "KubeAuditVolumeDeleted"}),
    ),
    Scenario(
        "a new cluster",
        NEW,
        _all,
        frozenset({"KubeAuditAdmissionDenied", "KubeAuditEvictionBlocked"}),
        frozenset(
            {
                "KubeAuditAdmissionConfigChanged",
                "KubeAuditEphemeralContainer",
                "KubeAuditEventsDeleted",
                "KubeAuditNamespaceDeleted",
                "KubeAuditNodeDeleted",
                "KubeAuditVolumeDeleted",
            }
        ),
    ),
    # API servers were restarted: kubelets and controllers were refused while roles were not known.
    Scenario("kubelets and controllers of an old cluster", OLD, _machines),
    Scenario("kubelets and controllers of a new cluster", NEW, _machines),
    Scenario("a few requests without credentials", NEW, _strangers),
]


@pytest.mark.parametrize("told", SCENARIOS, ids=lambda told: told.title)
def test_scenario(told: Scenario, tmp_path: Path) -> None:
    """Its alerts have fired when it is over, and no other."""
    severities = {alert.name: alert.rule["labels"]["severity"] for alert in alerts()}
    samples = recorded_audit.scraped(recorded_audit.audited(told.version), told.wanted)
    fires = told.fires
    if any(series.startswith(_SENSITIVE) for series in samples):
        fires |= told.of_operations
    expected = {name: severities[name] for name in fires}
    promtool("test", "rules", recorded.write(tmp_path / "recorded_test.yaml", samples, expected))
