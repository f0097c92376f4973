"""What is silenced by what, as a real Alertmanager with the shipped rules sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from deploy.demo import settings
from deploy.demo.inbox import Inbox
from tests.alerts.rules import alerts, expected
from tests.envtest.process import eventually
from tests.notifications.alertmanager_server import SHIPPED, Alertmanager

pytestmark = pytest.mark.alertmanager

_SEVERITIES = {alert.name: alert.rule["labels"]["severity"] for alert in alerts()}


@pytest.fixture(scope="module")
def alertmanager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alertmanager]:
    """One for all cases: each has a cluster of its own."""
    with Inbox(lambda _: None) as inbox:
        configuration = settings.alertmanager_settings(dict(SHIPPED), inbox.url)
        running = Alertmanager(configuration, tmp_path_factory.mktemp("alertmanager"))
        try:
            running.wait_ready()
            yield running
        finally:
            running.process.stop()


def alert(name: str, **labels: str) -> dict[str, str]:
    """Its labels, with the severity of the shipped rule."""
    return {"alertname": name, "severity": _SEVERITIES[name], **labels}


SHOP = {"namespace": "shop"}
SLOW = {"registry": "mirror.example.net"}
OTHER = {"registry": "registry.example.com"}

# The cause, what is silenced beside it in its cluster, and what is not.
CASES: Mapping[str, tuple[dict[str, str], list[dict[str, str]], list[dict[str, str]]]] = {
    "registry": (
        alert("KubeEventRegistryFailing", **SLOW),
        [
            alert("KubeEventImagePullFailing", **SHOP, **SLOW, cause="timeout"),
            alert("KubeEventImagePullSlow", **SLOW),
            alert("KubeEventImagePullBackOff", **SHOP),
        ],
        [
            alert("KubeEventImagePullFailing", **SHOP, **OTHER, cause="timeout"),
            alert("KubeEventImagePullSlow", **OTHER),
            # A full disk, a tag that was never pushed, a wrong secret are not the registry's doing.
            alert("KubeEventImagePullFailing", **SHOP, **SLOW, cause="disk"),
            alert("KubeEventImageNotFound", **SHOP, **SLOW),
            alert("KubeEventImagePullUnauthorized", **SHOP, **SLOW),
            alert("KubeEventPodsEvicted", **SHOP, cause="memory"),
        ],
    ),
    "image": (
        alert("KubeEventImageNotFound", **SHOP, **SLOW),
        [alert("KubeEventImagePullBackOff", **SHOP)],
        [
            alert("KubeEventImagePullBackOff", namespace="media"),
            alert("KubeEventImagePullSlow", **SLOW),
        ],
    ),
    "a node": (
        alert("KubeEventNodeNotReady"),
        [
            alert("KubeEventPodsEvicted", **SHOP, cause="taint"),
            alert("KubeEventPodsEvicted", **SHOP, cause="node_lost"),
            alert("KubeEventVolumeMultiAttach", **SHOP),
        ],
        [
            # Of any node: memory is what pods of a node that works run out of.
            alert("KubeEventPodsEvicted", **SHOP, cause="memory"),
            alert("KubeEventContainerKilledByProbe", **SHOP, cause="liveness_probe"),
            alert("KubeEventImagePullFailing", **SHOP, **SLOW, cause="dns"),
            alert("KubeEventContainerCrashLooping", **SHOP),
        ],
    ),
    "many nodes": (
        alert("KubeEventManyNodesNotReady"),
        [
            alert("KubeEventNodeNotReady"),
            alert("KubeEventEvictionStorm"),
            alert("KubeEventPodsEvicted", **SHOP, cause="memory"),
        ],
        [
            alert("KubeEventSchedulingInsufficientResources", **SHOP, cause="insufficient_cpu"),
            alert("KubeEventContainerKilledByProbe", **SHOP, cause="liveness_probe"),
            alert("KubeEventRegistryFailing", **SLOW),
            alert("KubeEventImageNotFound", **SHOP, **SLOW),
            alert("KubeEventPodQuotaExceeded", **SHOP, cause="quota"),
        ],
    ),
    "pressure": (
        alert("KubeEventNodeUnderPressure", lifecycle="node_memory_pressure"),
        [alert("KubeEventNodeEvictionThresholdMet")],
        [alert("KubeEventPodsEvicted", **SHOP, cause="memory")],
    ),
    "an administrator is made": (
        alert("KubeAuditClusterAdminBound", **SHOP, user_class="user"),
        [alert("KubeAuditRbacChanged", **SHOP, user_class="user")],
        [
            alert("KubeAuditRbacChanged", namespace="media", user_class="user"),
            alert("KubeAuditRoleEscalation", **SHOP, user_class="user"),
        ],
    ),
    "somebody acts as an administrator": (
        alert("KubeAuditPrivilegedImpersonation", **SHOP),
        [alert("KubeAuditImpersonation", **SHOP)],
        [alert("KubeAuditImpersonation", namespace="media")],
    ),
    "a quota": (
        alert("KubeEventPodQuotaExceeded", **SHOP, cause="quota"),
        [alert("KubeAuditAdmissionDenied", **SHOP)],
        [alert("KubeAuditAdmissionDenied", namespace="media")],
    ),
    "an audit log that cannot be read": (
        alert("KubeEventMetricsAuditLogUnreadable", instance="a:10360"),
        [alert("KubeAuditGap", source="log", job="a", instance="a:10360")],
        [
            alert("KubeAuditGap", source="log", job="a", instance="b:10360"),
            alert("KubeAuditGap", source="webhook", job="a", region="eu"),
        ],
    ),
    "exporter is down": (
        alert("KubeEventMetricsDown", job="kube-event-metrics"),
        [
            alert("KubeEventMetricsReplicaDown", job="kube-event-metrics", instance="a:10360"),
            alert("KubeEventMetricsOccurrencesMissed", instance="a:10360"),
        ],
        [alert("KubeEventMetricsNoLeader", job="kube-event-metrics")],
    ),
    "exporter is blind": (
        alert("KubeEventMetricsWatchDown", instance="a:10360"),
        [
            alert("KubeEventMetricsRelistStorm", instance="a:10360"),
            alert("KubeEventMetricsOccurrencesMissed", instance="a:10360"),
        ],
        [
            alert("KubeEventMetricsRelistStorm", instance="b:10360"),
            alert("KubeEventMetricsLedgerFull", instance="a:10360"),
        ],
    ),
    "no leader": (
        alert("KubeEventMetricsNoLeader", job="kube-event-metrics"),
        [alert("KubeEventMetricsLeaseFailing", instance="a:10360")],
        [alert("KubeEventMetricsCheckpointFailing", job="a", instance="a:10360")],
    ),
    "many warnings": (
        alert("KubeEventNodeKernelOops", problem="KernelOops"),
        [alert("KubeEventWarningRateAnomaly")],
        [alert("KubeEventNewWarningReason", kind="Pod", reason="New")],
    ),
    "many warnings, and an exporter without leader": (
        alert("KubeEventMetricsNoLeader", job="kube-event-metrics"),
        [{**alert("KubeEventMetricsNoLeader", job="kube-event-metrics"), "severity": "warning"}],
        [alert("KubeEventWarningRateAnomaly")],
    ),
    "eviction storm": (
        alert("KubeEventEvictionStorm"),
        [alert("KubeEventPodsEvicted", **SHOP, cause="memory")],
        [alert("KubeEventPodQuotaExceeded", **SHOP, cause="quota")],
    ),
    "network": (
        alert("KubeEventPodNetworkFailing"),
        [
            alert("KubeEventPodSandboxFailing", **SHOP, cause="network"),
            alert("KubeEventNodeNetworkNotReady"),
        ],
        [alert("KubeEventPodSandboxFailing", **SHOP, cause="other")],
    ),
    "control plane": (
        alert("KubeEventControlPlaneOOMKilled"),
        [alert("KubeEventPodOOMKilled", namespace="kube-system")],
        [alert("KubeEventPodOOMKilled", **SHOP)],
    ),
    "severity": (
        {"alertname": "KubeEventOfOurOwn", "severity": "critical", **SHOP},
        [
            {"alertname": "KubeEventOfOurOwn", "severity": "warning", **SHOP},
            {"alertname": "KubeEventOfOurOwn", "severity": "info", **SHOP},
        ],
        [
            {"alertname": "KubeEventOfOurOwn", "severity": "warning", "namespace": "media"},
            {"alertname": "KubeEventOfAnother", "severity": "warning", **SHOP},
        ],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_silenced_and_what_is_not(alertmanager: Alertmanager, case: str) -> None:
    """In one cluster; the same alerts of another cluster, where the cause is not, stay.

    Alertmanager names one cause for an alert: no case has two that a rule could choose from.
    """
    cause, silenced, heard = CASES[case]
    here, there = {"cluster": f"{case}, here"}, {"cluster": f"{case}, elsewhere"}
    alertmanager.post(cause | here, *(each | here for each in (*silenced, *heard)))
    alertmanager.post(*(each | there for each in (*silenced, *heard)))
    eventually(lambda: {**heard[-1], **there} in _known(alertmanager), "all are known")
    # What is known is not at once seen by the rules.
    for each in silenced:
        labels = each | here
        eventually(lambda asked=labels: cause | here in alertmanager.inhibitors(asked), str(labels))  # type: ignore[misc]
    for each in heard:
        assert cause | here not in alertmanager.inhibitors(each | here), each
    for each in (*silenced, *heard):
        assert cause | here not in alertmanager.inhibitors(each | there), each
    assert alertmanager.inhibitors(cause | here) == []


def test_every_rule_has_a_case() -> None:
    """Each source of an inhibition rule that is named is a cause above; or, as one of several in
    one matcher, beside such a cause.
    """
    tried = {cause["alertname"] for cause, _, _ in CASES.values()}
    for rule in SHIPPED["inhibit_rules"]:
        named = [m for m in rule["source_matchers"] if m.startswith("alertname=")]
        assert all(tried & set(m.split('"')[1].split("|")) or "+" in m for m in named), named


def test_the_cases_have_the_labels_that_the_rules_give() -> None:
    """Those of an alert that promtool has seen fire; else `equal` would be tried on nothing."""
    given: dict[str, set[frozenset[str]]] = {}
    for name, fired in expected():
        given.setdefault(name, set()).update(frozenset(each["exp_labels"]) for each in fired)
    for cause, silenced, heard in CASES.values():
        for each in (cause, *silenced, *heard):
            if each["alertname"] in given:
                own = each.keys() - {"alertname", "severity", "cluster"}
                names = {labels - {"severity", "cluster"} for labels in given[each["alertname"]]}
                assert own in names, (each, names)


def _known(alertmanager: Alertmanager) -> list[Mapping[str, str]]:
    return [known["labels"] for known in alertmanager.alerts()]
