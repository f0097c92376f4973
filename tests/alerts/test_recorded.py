"""What happened on real clusters fires what it should, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from exporter.events import EventRecord
from tests.alerts import recorded
from tests.alerts.rules import alerts
from tests.alerts.test_promtool import promtool

pytestmark = pytest.mark.prometheus

OLD = "kubernetes-1.20.2/watch/core-v1.1.ndjson"
NEW = "kubernetes-1.36.3/watch/core-v1.1.ndjson"


@dataclass(frozen=True)
class Scenario:
    """Part of a recording: the events about some objects, until a time of that day."""

    title: str
    recording: str
    objects: str
    """How their ``namespace/name`` begins, several with ``|`` between."""
    until: str
    fires: frozenset[str]

    def wanted(self, record: EventRecord) -> bool:
        where = f"{record.object_namespace}/{record.object_name}"
        return where.startswith(tuple(self.objects.split("|"))) and (
            record.last_time.partition("T")[2] < self.until
        )


def scenario(title: str, recording: str, objects: str, until: str, *fires: str) -> Scenario:
    return Scenario(title, recording, objects, until, frozenset(fires))


# At 11:50 the node of 1.36 was tainted, and at 07:50 that of 1.20; then all pods were evicted.
SCENARIOS = [
    scenario("a crash loop", NEW, "broken/crashloop-", "11:50", "KubeEventContainerCrashLooping"),
    scenario(
        "a crash loop whose node is tainted",
        OLD,
        "broken/crashloop-",
        "24:00",
        "KubeEventContainerCrashLooping",
        "KubeEventPodsEvicted",
    ),
    scenario(
        "a full node",
        NEW,
        "sched/crowd-|sched/too-big|sched/big-",
        "11:50",
        "KubeEventSchedulingInsufficientResources",
    ),
    scenario(
        "a missing secret, as a volume",
        NEW,
        "broken/no-secret-vol",
        "11:50",
        "KubeEventVolumeMountFailed",
    ),
    scenario(
        "a missing secret, as a variable",
        NEW,
        "lab/secret-key-mis",
        "11:50",
        "KubeEventContainerStartFailing",
    ),
    # Nothing was ever pulled from there: for all that events tell, a name that is misspelt.
    scenario(
        "a dead registry",
        NEW,
        "pull/refused|broken/refused",
        "11:59",
        "KubeEventImagePullBackOff",
        "KubeEventImagePullFailing",
        "KubeEventPodsEvicted",
    ),
    scenario(
        "a registry that wants another secret",
        NEW,
        "pull/a401",
        "11:50",
        "KubeEventImagePullBackOff",
        "KubeEventImagePullUnauthorized",
    ),
    scenario(
        "a tag that does not exist",
        NEW,
        "pull/wrong-tag",
        "11:50",
        "KubeEventImageNotFound",
        "KubeEventImagePullBackOff",
    ),
    scenario("a quota that is used up", OLD, "quota/", "07:50", "KubeEventPodQuotaExceeded"),
    scenario("rollouts that go well", NEW, "shop/medium-|shop/large-|shop/slow-", "11:50"),
    scenario("an autoscaler without metrics for a while", OLD, "shop/web", "07:50"),
    scenario("jobs that come and go", OLD, "batch/tick|batch/good", "07:50"),
    scenario(
        "an autoscaler without a target",
        NEW,
        "lab/ghost",
        "24:00",
        "KubeEventHPATargetUnavailable",
    ),
    scenario("a job that fails", OLD, "batch/bad", "07:50", "KubeEventJobFailed"),
    scenario(
        "jobs that fail in all ways",
        NEW,
        "jobs/backoff|jobs/fail-policy|jobs/per-index|batch/deadline",
        "11:50",
        "KubeEventJobDeadlineExceeded",
        "KubeEventJobFailed",
    ),
    scenario("a cron job long due", NEW, "jobs/ancient", "11:50", "KubeEventCronJobMissed"),
    scenario(
        "a budget over bare pods",
        NEW,
        "lab/bare",
        "11:50",
        "KubeEventDisruptionBudgetBroken",
    ),
]


@pytest.mark.parametrize("told", SCENARIOS, ids=lambda told: told.title)
def test_scenario(told: Scenario, tmp_path: Path) -> None:
    """Its alerts have fired when it is over, and no other."""
    severities = {alert.name: alert.rule["labels"]["severity"] for alert in alerts()}
    samples = recorded.scraped([told.recording], told.wanted)
    expected = {name: severities[name] for name in told.fires}
    promtool("test", "rules", recorded.write(tmp_path / "recorded_test.yaml", samples, expected))
