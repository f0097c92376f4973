"""Who is told of what: asked of amtool, for each severity and namespace."""

from __future__ import annotations

import pytest

from deploy.demo.settings import ALERTMANAGER
from tests.alerts.rules import Alert, alerts
from tests.notifications.alertmanager_server import SHIPPED, amtool, routes

pytestmark = pytest.mark.alertmanager


@pytest.mark.parametrize(
    ("severity", "namespace", "receivers"),
    [
        ("critical", "shop", ["webhook", "page"]),
        ("critical", "payments", ["webhook", "page"]),
        ("critical", "", ["webhook", "page"]),
        ("warning", "shop", ["webhook", "chat"]),
        ("warning", "", ["webhook", "chat"]),
        ("warning", "payments", ["webhook", "team-payments"]),
        ("warning", "payments-batch", ["webhook", "team-payments"]),
        ("warning", "paymentsx", ["webhook", "chat"]),
        ("warning", "not-payments", ["webhook", "chat"]),
        ("info", "shop", ["webhook", "digest"]),
        ("info", "payments", ["webhook", "digest"]),
    ],
)
def test_receivers(severity: str, namespace: str, receivers: list[str]) -> None:
    """A page wakes whoever is on call, also for a team's namespace; a ticket goes to the team."""
    labels = {"alertname": "KubeEventPodsEvicted", "severity": severity, "namespace": namespace}
    assert routes({name: value for name, value in labels.items() if value}) == receivers


def test_an_unknown_severity_is_seen() -> None:
    """A typing error in a rule of your own is no way to lose an alert."""
    labels = {"alertname": "KubeEventOfOurOwn", "severity": "urgent", "namespace": "shop"}
    assert routes(labels) == ["webhook", "chat"]
    assert routes({"alertname": "Other", "severity": "urgent"}) == ["chat"]


def test_alerts_of_others_do_not_reach_the_webhook() -> None:
    """It is asked for ours."""
    assert routes({"alertname": "Other", "severity": "critical"}) == ["page"]


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert.name)
def test_every_shipped_alert_has_a_reader(alert: Alert) -> None:
    """By its own severity, whatever namespace it is about."""
    severity = alert.rule["labels"]["severity"]
    reader = {"critical": "page", "warning": "chat", "info": "digest"}[severity]
    assert routes({"alertname": alert.name, "severity": severity}) == ["webhook", reader]


def test_the_tree_is_the_one_that_amtool_shows() -> None:
    """As many routes as the file has: none is swallowed by a typing error."""
    shown = amtool("config", "routes", "show", f"--config.file={ALERTMANAGER}").stdout
    assert shown.count("receiver: ") == 6
    assert {r["name"] for r in SHIPPED["receivers"]} <= set(shown.replace("\n", " ").split())
