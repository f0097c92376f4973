"""From a pod whose image does not exist to the text on somebody's screen, and to its end.

Everything is real and shipped: the exporter as a process, a Prometheus with the rules of alerts/,
an Alertmanager with alerts/alertmanager.yml and its templates, a server that gets what the
receivers send. Only the receivers' addresses are others, and time runs 30 times as fast: every
duration of the rules, of the Alertmanager configuration and of Prometheus is divided by 30
(scaled_time.py). A scrape interval of 30 s is one of 1 s here, `for: 1m` is 2 s, the window of
10 min is 20 s; the kubelet's back-off runs as fast.

The bound. A failure is scraped, as a birth at 0 and then at its value, within two scrape intervals;
the rule is evaluated within an evaluation interval of that, fires after `for`, and Alertmanager
waits for `group_wait` for others of its group. What the machine itself takes for these hops does
not run faster, so it is allowed a second of its own.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from deploy.demo import settings
from deploy.demo.inbox import Inbox, Message
from tests.alerts.rules import alerts
from tests.envtest.exporter_process import ExporterProcess
from tests.envtest.process import eventually
from tests.integration.background_cluster import BackgroundCluster
from tests.integration.prometheus_server import Prometheus
from tests.notifications.alertmanager_server import SHIPPED, Alertmanager
from tests.notifications.bad_image import BadImage
from tests.notifications.scaled_time import faster, seconds
from tests.promql.known import rule_files

pytestmark = [pytest.mark.prometheus, pytest.mark.alertmanager, pytest.mark.timeout(240)]

FACTOR = 30
INTERVAL = "30s"
ALERT = "KubeEventImageNotFound"
_THE_MACHINE_ITSELF = 1.0


@dataclass(frozen=True)
class Scene:
    """All that runs."""

    cluster: BackgroundCluster
    prometheus: Prometheus
    alertmanager: Alertmanager
    arrived: list[tuple[float, Message]]
    """What the receivers were sent, with the time on the monotonic clock."""

    def message(self, receiver: str, *parts: str) -> tuple[float, Message] | None:
        """The first one to a receiver about our alert whose title has all these parts."""
        for at, message in self.arrived:
            ours = message.receiver == receiver and ALERT in message.text
            if ours and all(part in message.title for part in parts):
                return at, message
        return None


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """The cluster with one event in it, and all behind it up, knowing each other."""
    folder = tmp_path_factory.mktemp("end-to-end")
    for path in rule_files():
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        (folder / path.name).write_text(settings.dump(faster(document, FACTOR)), encoding="utf-8")
    arrived: list[tuple[float, Message]] = []
    running: list[ExporterProcess | Alertmanager | Prometheus] = []
    with (
        Inbox(lambda message: arrived.append((time.monotonic(), message))) as inbox,
        BackgroundCluster() as cluster,
    ):
        try:
            cluster.record("Before")
            kubeconfig = cluster.kubeconfig(folder / "kubeconfig")
            exporter = ExporterProcess(kubeconfig, folder / "exporter.log")
            running.append(exporter)
            exporter.wait_ready()
            alertmanager = Alertmanager(
                faster(settings.alertmanager_settings(dict(SHIPPED), inbox.url), FACTOR), folder
            )
            running.append(alertmanager)
            alertmanager.wait_ready()
            prometheus = _prometheus(folder, exporter.port, alertmanager.port)
            running.append(prometheus)
            _wait_until_all_is_known(prometheus)
            yield Scene(cluster, prometheus, alertmanager, arrived)
        finally:
            for each in reversed(running):
                each.process.stop()


def _prometheus(folder: Path, exporter: int, alertmanager: int) -> Prometheus:
    configuration = settings.prometheus_settings(
        settings.load(settings.PROMETHEUS),
        rules=folder,
        exporter=f"127.0.0.1:{exporter}",
        alertmanager=f"127.0.0.1:{alertmanager}",
    )
    configuration["global"] = {"scrape_interval": INTERVAL, "evaluation_interval": INTERVAL}
    return Prometheus(
        exporter,
        folder,
        configuration=settings.dump(faster(configuration, FACTOR)),
        flags=[f"--query.lookback-delta={5 * 60 // FACTOR}s"],
    )


def _wait_until_all_is_known(prometheus: Prometheus) -> None:
    prometheus.process.wait_for(prometheus.answers, "answers", 30)
    prometheus.process.wait_for(lambda: prometheus.value("up") == 1.0, "has scraped", 30)
    prometheus.process.wait_for(
        lambda: prometheus.get("alertmanagers")["activeAlertmanagers"], "knows its peer", 30
    )
    prometheus.process.wait_for(
        lambda: {rule["health"] for rule in prometheus.rules()} == {"ok"},
        "has evaluated all rules",
        60,
    )


def bound() -> float:
    """Seconds from the first failure to the notification, as the docstring above reckons."""
    (rule,) = (alert.rule for alert in alerts() if alert.name == ALERT)
    waits = [INTERVAL, INTERVAL, INTERVAL, rule["for"], SHIPPED["route"]["group_wait"]]
    return sum(map(seconds, waits)) / FACTOR + _THE_MACHINE_ITSELF


def test_a_bad_image_is_notified_in_time_grouped_readable_and_resolved(scene: Scene) -> None:
    """Two bad images of one namespace are one message to its readers, and so is their end."""

    def bad(image: str, namespace: str = "shop") -> BadImage:
        return BadImage(scene.cluster, image, namespace=namespace, pod=image[:3], factor=FACTOR)

    with (
        bad("registry.example.com/shop/web:v9") as first,
        bad("mirror.example.net/shop/cart:v9"),
        bad("registry.example.com/payments/api:v9", "payments"),
    ):
        at, _ = eventually(lambda: scene.message("chat", "shop"), "a notification")
        took = at - first.since
        print(f"\nnotified {took:.2f} s after the first failure; the bound is {bound():.2f} s")
        assert took <= bound()

        _, both = eventually(lambda: scene.message("chat", "shop", "(2 firing)"), "both in one")
        eventually(lambda: scene.message("team-payments", "payments", "(1 firing)"), "the team's")
        ended = time.monotonic()

    assert both.title == (
        "[warning] An image that a pod asks for does not exist:"
        " cluster demo, namespace shop (2 firing)"
    )
    lines = both.text.splitlines()
    assert lines[:2] == [f"{ALERT}, warning", "Where: cluster demo, namespace shop"]
    for registry in ("registry.example.com", "mirror.example.net"):
        assert any(f"to pull from {registry} in namespace shop" in line for line in lines)
    assert any(line.startswith("What to do: https://") for line in lines)
    assert any(line.startswith("Silence it: http://127.0.0.1:") for line in lines)
    assert "payments" not in both.text

    at, over = eventually(
        lambda: scene.message("chat", "[resolved]", "shop"), "a resolved one", within=120
    )
    print(f"resolved {at - ended:.2f} s after the pods were deleted")
    assert "Resolved: " in over.text
    assert "Firing" not in over.text
    eventually(lambda: scene.message("team-payments", "[resolved]"), "the team's", within=30)
    assert scene.message("page", "") is None
