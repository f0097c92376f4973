"""Each receiver of the shipped configuration sends our texts, of alerts that fire and that end.

A real Alertmanager writes to the demo's inbox; every wait is divided by 300.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.demo import settings
from deploy.demo.inbox import Inbox, Message
from tests.envtest.process import eventually
from tests.notifications.alertmanager_server import SHIPPED, Alertmanager
from tests.notifications.scaled_time import faster

pytestmark = pytest.mark.alertmanager

_LABELS = {"alertname": "KubeEventOfOurOwn", "cluster": "prod"}
ALERTS = {
    "page": {**_LABELS, "severity": "critical", "namespace": "shop"},
    "chat": {**_LABELS, "severity": "warning", "namespace": "media"},
    "team-payments": {**_LABELS, "severity": "warning", "namespace": "payments"},
    "digest": {**_LABELS, "severity": "info", "namespace": "batch"},
}


@pytest.fixture
def arrived() -> list[Message]:
    """What the inbox got."""
    return []


@pytest.fixture
def alertmanager(arrived: list[Message], tmp_path: Path) -> Iterator[Alertmanager]:
    """One that waits hardly at all."""
    with Inbox(arrived.append) as inbox:
        configuration = settings.alertmanager_settings(dict(SHIPPED), inbox.url)
        running = Alertmanager(faster(configuration, 300), tmp_path)
        try:
            running.wait_ready()
            yield running
        finally:
            running.process.stop()


def test_each_sends_our_texts(alertmanager: Alertmanager, arrived: list[Message]) -> None:
    """The subject as the title, the text as the text; and the end, but for the digest."""

    def message(receiver: str, title: str) -> Message | None:
        return next((m for m in arrived if (m.receiver, m.title) == (receiver, title)), None)

    alertmanager.post(*ALERTS.values())
    for receiver, labels in ALERTS.items():
        title = f"[{labels['severity']}] KubeEventOfOurOwn:"
        title += f" cluster prod, namespace {labels['namespace']} (1 firing)"
        told = eventually(lambda r=receiver, t=title: message(r, t), f"{receiver}: {title}")  # type: ignore[misc]
        assert "\n- Look here.\n" in told.text
        assert "\nSilence it: http://127.0.0.1:" in told.text
    json = "firing, 1 as JSON: alertname=KubeEventOfOurOwn, cluster=prod, namespace=shop"
    eventually(lambda: message("webhook", json), "the webhook gets everything")

    alertmanager.post(*ALERTS.values(), over=True)
    for receiver in ALERTS.keys() - {"digest"}:
        title = "[resolved] KubeEventOfOurOwn:"
        title += f" cluster prod, namespace {ALERTS[receiver]['namespace']}"
        told = eventually(lambda r=receiver, t=title: message(r, t), f"{receiver}: {title}")  # type: ignore[misc]
        assert "\nResolved: 1\n- Look here.\n" in told.text
    assert "level=error" not in alertmanager.process.output()
