"""What is silenced by what, as a real Alertmanager with the shipped rules sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from deploy.demo import settings
from deploy.demo.inbox import Inbox
from tests.alerts.rules import alerts
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
    return {"alertname": name, "severity": _SEVERITIES.get(name, "warning"), **labels}


SHOP = {"namespace": "shop"}
SLOW = {"registry": "mirror.example.net"}
OTHER = {"registry": "registry.example.com"}

# The cause, what is silenced beside it in its cluster, and what is not.
CASES: Mapping[str, tuple[dict[str, str], list[dict[str, str]], list[dict[str, str]]]] = {
    "registry": (
        alert("KubeEventRegistryFailing", **SLOW),
        [
            alert("KubeEventImagePullFailing", **SHOP, **SLOW),
            alert("KubeEventImagePullRateLimited", **SLOW),
            alert("KubeEventImagePullSlow", **SLOW),
        ],
        [
            alert("KubeEventImagePullFailing", **SHOP, **OTHER),
            alert("KubeEventImagePullSlow", **OTHER),
            # A tag that was never pushed is not the registry's doing.
            alert("KubeEventImageNotFound", **SHOP, **SLOW),
            alert("KubeEventPodsEvicted", **SHOP, cause="memory"),
        ],
    ),
    "image": (
        alert("KubeEventImageNotFound", **SHOP, **SLOW),
        [alert("KubeEventImagePullFailing", **SHOP, **SLOW)],
        [
            alert("KubeEventImagePullFailing", **SHOP, **OTHER),
            alert("KubeEventImagePullFailing", namespace="media", **SLOW),
        ],
    ),
    "rate limit": (
        alert("KubeEventImagePullRateLimited", **SLOW),
        [alert("KubeEventImagePullFailing", **SHOP, **SLOW)],
        [alert("KubeEventImagePullFailing", **SHOP, **OTHER)],
    ),
    "eviction storm": (
        alert("KubeEventEvictionStorm"),
        [alert("KubeEventPodsEvicted", **SHOP, cause="memory")],
        [alert("KubeEventPodQuotaExceeded", **SHOP, cause="quota")],
    ),
    "network": (
        alert("KubeEventPodNetworkFailing"),
        [alert("KubeEventPodSandboxFailing", **SHOP, cause="network")],
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
    """In one cluster; the same alerts of another cluster, where the cause is not, stay."""
    cause, silenced, heard = CASES[case]
    here, there = {"cluster": f"{case}, here"}, {"cluster": f"{case}, elsewhere"}
    alertmanager.post(cause | here, *(each | here for each in (*silenced, *heard)))
    alertmanager.post(*(each | there for each in (*silenced, *heard)))
    # The last of a post is known last.
    eventually(lambda: {**heard[-1], **there} in _known(alertmanager), "all are known")
    for each in silenced:
        assert cause | here in alertmanager.inhibitors(each | here), each
    for each in heard:
        assert cause | here not in alertmanager.inhibitors(each | here), each
    for each in (*silenced, *heard):
        assert cause | here not in alertmanager.inhibitors(each | there), each
    assert alertmanager.inhibitors(cause | here) == []


def test_every_rule_has_a_case() -> None:
    """Each source of an inhibition rule that is named is a cause above, or of its kind."""
    named = {
        name
        for rule in SHIPPED["inhibit_rules"]
        for matcher in rule["source_matchers"]
        if matcher.startswith("alertname")
        for name in matcher.split('"')[1].split("|")
    }
    tried = {cause["alertname"] for cause, _, _ in CASES.values()}
    assert named - tried == {"KubeEventImagePullUnauthorized"}


def _known(alertmanager: Alertmanager) -> list[Mapping[str, str]]:
    return [known["labels"] for known in alertmanager.alerts()]
