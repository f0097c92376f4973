# SPDX-License-Identifier: Apache-2.0
"""``--web.auth.kubernetes`` with a real API server, its accounts and its rights."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from exporter.kube.connection import Cluster as Connection
from exporter.kube.connection import ClusterChoice
from exporter.reviewing import ApiReviewer
from exporter.web.reviews import Reviews, Standing, UnansweredError, Verdict
from tests.envtest.cluster import EVENTS_READER, Cluster
from tests.envtest.events import EventWriter
from tests.envtest.exporter_process import RunExporter
from tests.envtest.process import eventually
from tests.envtest.relay import Relay
from tests.integration.prometheus_server import Prometheus, program
from tests.unit.kube.clusters import Clock
from tests.unit.web.web_config import TLS, WebConfig

pytestmark = [pytest.mark.envtest, pytest.mark.timeout(180)]

_REVIEWER = [
    *EVENTS_READER,
    {
        "apiGroups": ["authentication.k8s.io"],
        "resources": ["tokenreviews"],
        "verbs": ["create"],
    },
    {
        "apiGroups": ["authorization.k8s.io"],
        "resources": ["subjectaccessreviews"],
        "verbs": ["create"],
    },
]
_SCRAPES = [{"nonResourceURLs": ["/metrics"], "verbs": ["get"]}]
_SWITCH = "--web.auth.kubernetes"
_HERE = "127.0.0.1"
# The API server remembers for ten seconds whose a token was.
_SOON = 30


def exporters_kubeconfig(
    cluster: Cluster, namespace: str, folder: Path, port: int | None = None
) -> Path:
    token = cluster.service_account(namespace, "reviewer", _REVIEWER)
    return cluster.kubeconfig(folder / "reviewer.kubeconfig", token=token, port=port)


def test_who_may_get_the_metrics_and_who_may_not(
    cluster: Cluster, writer: EventWriter, tmp_path: Path, run_exporter: RunExporter
) -> None:
    """By the tokens of service accounts: with the right, without it, and of nobody."""
    namespace = writer.namespace
    exporter = run_exporter(exporters_kubeconfig(cluster, namespace, tmp_path), _SWITCH)
    assert exporter.get("/metrics") == (401, "no valid bearer token\n")
    exporter.token = cluster.service_account(namespace, "stranger", [])
    name = f"system:serviceaccount:{namespace}:stranger"
    assert exporter.get("/metrics") == (403, f"{name} may not get /metrics\n")
    exporter.token = "eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl"
    assert exporter.get("/metrics")[0] == 401
    exporter.token = cluster.service_account(namespace, "scraper", _SCRAPES)
    writer.create("Pulled")
    assert exporter.counted(writer) == {"Pulled": 1}
    assert exporter.get("/")[0] == 403
    assert exporter.get("/readyz")[0] == 200
    exporter.token = cluster.admin_token
    assert exporter.get("/")[0] == 200
    reviews = "kube_event_metrics_web_reviews_total"
    assert exporter.value(reviews, kind="token", result="denied") == 1
    assert exporter.value(reviews, kind="token", result="allowed") == 3
    # However often the scraper came.
    assert exporter.value(reviews, kind="access", result="allowed") == 3
    assert exporter.value(reviews, kind="access", result="denied") == 2
    assert exporter.value(reviews, result="error") == 0
    assert "bearer tokens come in the clear" in exporter.process.output()


def test_a_right_that_is_given_is_seen(
    cluster: Cluster, namespace: str, tmp_path: Path, run_exporter: RunExporter
) -> None:
    """Soon: a no does not hold for long."""
    exporter = run_exporter(exporters_kubeconfig(cluster, namespace, tmp_path), _SWITCH)
    exporter.token = cluster.service_account(namespace, "scraper", [])
    assert exporter.get("/metrics")[0] == 403
    cluster.grant(namespace, "scraper", _SCRAPES)
    exporter.process.wait_for(lambda: exporter.get("/metrics")[0] == 200, "is let in", 30)


def test_while_the_api_server_is_away(
    cluster: Cluster, namespace: str, relay: Relay, tmp_path: Path, run_exporter: RunExporter
) -> None:
    """Who was let in is; others are told to come again, and are let in once it is back."""
    kubeconfig = exporters_kubeconfig(cluster, namespace, tmp_path, relay.port)
    exporter = run_exporter(kubeconfig, _SWITCH)
    known = cluster.service_account(namespace, "scraper", _SCRAPES)
    newcomer = cluster.token(namespace, "scraper")
    exporter.token = known
    assert exporter.get("/metrics")[0] == 200
    relay.cut()
    assert exporter.get("/metrics")[0] == 200
    exporter.token = newcomer
    assert exporter.get("/metrics")[0] == 503
    assert exporter.get("/livez")[0] == 200
    assert "a token cannot be reviewed" in exporter.process.output()
    relay.restore()
    exporter.process.wait_for(lambda: exporter.get("/metrics")[0] == 200, "is let in", 30)
    for token in (known, newcomer):
        assert token not in exporter.process.output()


def test_without_events_tokens_are_reviewed_too(
    cluster: Cluster, namespace: str, tmp_path: Path, run_exporter: RunExporter
) -> None:
    """An exporter of audit events alone needs the cluster for it."""
    kubeconfig = exporters_kubeconfig(cluster, namespace, tmp_path)
    flags = ("--audit.only", "--audit.log.path", str(tmp_path / "audit.log"))
    exporter = run_exporter(kubeconfig, _SWITCH, *flags)
    assert exporter.get("/metrics")[0] == 401
    exporter.token = cluster.service_account(namespace, "scraper", _SCRAPES)
    assert exporter.get("/metrics")[0] == 200


@pytest.mark.parametrize("gone", ["the account", "the token", "the right"])
async def test_what_is_taken_away_lets_in_for_a_minute(
    cluster: Cluster, namespace: str, tmp_path: Path, gone: str
) -> None:
    """By our clock, which is moved; and no longer."""
    clock = Clock()
    kubeconfig = exporters_kubeconfig(cluster, namespace, tmp_path)
    connection = Connection(ClusterChoice(str(kubeconfig)))
    reviews = Reviews(ApiReviewer(connection), clock=clock)
    cluster.service_account(namespace, "scraper", [])
    subject = {"kind": "ServiceAccount", "name": "scraper", "namespace": namespace}
    bindings = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
    before = {each["metadata"]["name"] for each in cluster.admin.request("GET", bindings)["items"]}
    cluster.bind("/apis/rbac.authorization.k8s.io/v1", "ClusterRole", _SCRAPES, subject)
    after = {each["metadata"]["name"] for each in cluster.admin.request("GET", bindings)["items"]}
    token = cluster.token(namespace, "scraper", bound_to="bound")

    async def standing() -> Standing:
        return (await reviews.verdict(token, "/metrics", _HERE)).standing

    async def comes_to(expected: Standing) -> None:
        async with asyncio.timeout(_SOON):
            while await standing() is not expected:
                clock.now += 60
                await asyncio.sleep(0.05)

    await comes_to(Standing.ALLOWED)
    account = f"/api/v1/namespaces/{namespace}/serviceaccounts/scraper"
    expected, path = {
        "the account": (Standing.UNKNOWN, account),
        "the token": (Standing.UNKNOWN, f"/api/v1/namespaces/{namespace}/secrets/bound"),
        "the right": (Standing.DENIED, f"{bindings}/{(after - before).pop()}"),
    }[gone]
    cluster.admin.request("DELETE", path)
    asked = sum(reviews.tally.reviews.values())
    clock.now += 59.9
    assert await standing() is Standing.ALLOWED
    assert sum(reviews.tally.reviews.values()) == asked
    await comes_to(expected)
    await connection.close()


async def test_an_outage_lets_in_for_five_minutes_who_was_in(
    cluster: Cluster, namespace: str, relay: Relay, tmp_path: Path
) -> None:
    """By our clock, from the last yes on."""
    clock = Clock()
    kubeconfig = exporters_kubeconfig(cluster, namespace, tmp_path, relay.port)
    connection = Connection(ClusterChoice(str(kubeconfig)))
    reviews = Reviews(ApiReviewer(connection), clock=clock)
    token = cluster.service_account(namespace, "scraper", _SCRAPES)
    allowed = Verdict(Standing.ALLOWED, f"system:serviceaccount:{namespace}:scraper")
    assert await reviews.verdict(token, "/metrics", _HERE) == allowed
    await asyncio.to_thread(relay.cut)
    clock.now += 299
    assert await reviews.verdict(token, "/metrics", _HERE) == allowed
    clock.now += 2
    with pytest.raises(UnansweredError):
        await reviews.verdict(token, "/metrics", _HERE)
    await asyncio.to_thread(relay.restore)
    assert await reviews.verdict(token, "/metrics", _HERE) == allowed
    await connection.close()


_SCRAPE = """\
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: kube-event-metrics
    honor_labels: true
    scheme: https
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
    tls_config: {{ca_file: {folder}/ca.crt}}
    authorization: {{credentials_file: {credentials}}}
"""


@pytest.mark.prometheus
def test_a_prometheus_scrapes_with_its_own_token(
    cluster: Cluster, writer: EventWriter, tmp_path: Path, run_exporter: RunExporter
) -> None:
    """Over TLS, across a rotation of its token, and with births at 0; one without the right sees
    nothing.
    """
    program("prometheus")
    namespace = writer.namespace
    config = WebConfig(tmp_path, TLS)
    exporter = run_exporter(
        exporters_kubeconfig(cluster, namespace, tmp_path),
        *(_SWITCH, "--web.config.file", str(config.path)),
        ready=False,
    )
    exporter.tls = config.client()
    exporter.wait_ready()
    tokens = {
        "right": cluster.service_account(namespace, "scraper", _SCRAPES),
        "wrong": cluster.service_account(namespace, "stranger", []),
    }
    scraping = {}
    for name, token in tokens.items():
        folder = tmp_path / name
        folder.mkdir()
        (folder / "token").write_text(token)
        text = _SCRAPE.format(
            port=exporter.port, folder=config.folder, credentials=folder / "token"
        )
        scraping[name] = Prometheus(0, folder, configuration=text)
    right, wrong = scraping["right"], scraping["wrong"]
    try:
        for each in scraping.values():
            each.process.wait_for(each.answers, "answers", 30)
        eventually(lambda: right.value("up") == 1.0, "right is up")
        eventually(lambda: wrong.value("up") == 0.0, "wrong is not")
        writer.create("Pulled", count=3)
        series = f'kube_events_total{{namespace="{namespace}",reason="Pulled"}}'
        eventually(lambda: right.value(series) == 3.0, "the events are there")
        (tmp_path / "right" / "token").write_text(cluster.token(namespace, "scraper"))
        exporter.token = cluster.token(namespace, "scraper")
        seen = len(right.raw("up"))
        reviews = "kube_event_metrics_web_reviews_total"
        eventually(
            lambda: exporter.value(reviews, kind="token", result="allowed") == 4,
            "the new tokens are reviewed",
        )
        eventually(lambda: len(right.raw("up")) > seen + 2, "some more scrapes")
        shown, ups = right.raw(series), right.raw("up")
    finally:
        for each in scraping.values():
            each.process.stop()
    assert (shown[0], set(shown), set(ups)) == (0.0, {0.0, 3.0}, {1.0})
    for token in tokens.values():
        assert token not in exporter.process.output()
