# SPDX-License-Identifier: Apache-2.0
"""A real API server sends its audit events and logs them, while exporters are killed.

What Prometheus has stored in the end is what the API server's own log says, for every label set.
"""

from __future__ import annotations

import logging
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.chaos.truth import Counts
from tests.envtest.assets import Assets
from tests.envtest.audit_load import AuditLoad, make_users
from tests.envtest.audit_scene import AuditExporter, AuditScene, lost_and_doubled, pass_time
from tests.envtest.audit_truth import (
    BEGAN,
    DENIED,
    METRICS,
    OPERATIONS,
    REQUESTS,
    Json,
    believed,
    counts,
    events,
    files,
)
from tests.envtest.audited import AuditConfiguration, audit_errors, audited_cluster
from tests.envtest.cluster import Cluster
from tests.envtest.process import ServerProcess, eventually
from tests.integration.prometheus_server import Prometheus, free_port

pytestmark = [pytest.mark.envtest, pytest.mark.prometheus, pytest.mark.timeout(300)]

_POLICY = Path(__file__).with_name("audit-policy.yaml")
_DUPLICATES = 'kube_event_metrics_audit_duplicates_total{source="webhook"}'
_RECEIVED = "kube_audit_last_received_timestamp_seconds"
_CATCH_UP_WITHIN = 30.0

logger = logging.getLogger(__name__)


@pytest.fixture
def configuration(tmp_path: Path) -> AuditConfiguration:
    """Keys, tokens and folders."""
    return AuditConfiguration(tmp_path / "configuration")


@pytest.fixture
def house() -> Iterator[ExitStack]:
    """All that a test starts ends with it."""
    with ExitStack() as stack:
        yield stack


def truth(*configurations: AuditConfiguration) -> Counts:
    """What the logs say, after it has been looked at whether they say enough to judge by."""
    told = counts(event for each in configurations for event in events(each.log))
    causes = {dict(label_set)["cause"] for label_set in told[DENIED]}
    assert causes == {"unauthenticated", "authorizer", "admission", "impersonation"}
    classes = {dict(label_set)["user_class"] for label_set in told[REQUESTS]}
    assert classes >= {"service_account", "system", "anonymous", "user", "impersonated"}
    codes = {dict(label_set)["code"] for label_set in told[REQUESTS]}
    assert codes >= {"101", "200", "201", "204", "400", "401", "403", "404", "405", "409", "500"}
    began = {dict(label_set).get("subresource", "watch") for label_set in told[BEGAN]}
    assert began >= {"exec", "attach", "log", "watch"}
    assert believed(told)[OPERATIONS].total() > 0
    return believed(told)


def check_policy(found: Sequence[Json]) -> None:
    """The policy of deploy/audit lets through what its comments say."""
    assert {each["stage"] for each in found} == {"ResponseStarted", "ResponseComplete"}
    bodies = {resource_of(each) for each in found if "requestObject" in each}
    assert bodies >= {"pods", "clusterroles", "clusterrolebindings"}
    assert bodies.isdisjoint({"secrets", "configmaps", "serviceaccounts", ""})
    assert {each["level"] for each in found if resource_of(each) == "secrets"} == {"Metadata"}
    assert not any("responseObject" in each for each in found)
    # What keeps a lease alive is not told.
    leases = {each["verb"] for each in found if resource_of(each) == "leases"}
    assert leases <= {"create", "delete"}
    began = [each for each in found if each["stage"] == "ResponseStarted"]
    assert any(each["responseStatus"]["code"] == 401 for each in began)
    # Who asks for /version without a known token is told of without an object.
    assert any(each.get("objectRef", {}).get("subresource") == "exec" for each in began)
    # Of those who are known, watches begin untold; but secrets come before that rule.
    known = [each for each in began if "system:authenticated" in each["user"].get("groups", ())]
    assert {resource_of(each) for each in known if each["verb"] == "watch"} <= {"secrets"}


def resource_of(event: Json) -> str:
    """What it is about; empty where it is about none."""
    return str(event.get("objectRef", {}).get("resource", ""))


def caught_up(
    scene: AuditScene, prometheus: Prometheus, exporter: AuditExporter, wanted: Counts
) -> Counts:
    """What was seen of it three pages after it was enough, or after it was long enough."""

    def enough() -> bool:
        found = scene.seen(prometheus, exporter)
        return found[REQUESTS].total() >= wanted[REQUESTS].total()

    try:
        eventually(enough, "all requests are counted", within=_CATCH_UP_WITHIN)
    except AssertionError:
        logger.warning("some requests are not counted")  # which ones, the verdict says
    pages = exporter.scrapes.pages
    eventually(lambda: exporter.scrapes.pages >= pages + 3, "three more pages")
    exporter.lives.check()
    assert exporter.lives.now.ready()
    return scene.seen(prometheus, exporter)


def tell(name: str, exporter: AuditExporter, wanted: Counts, seen: Counts) -> None:
    """The figures, for people."""
    lost, doubled = lost_and_doubled(wanted, seen)
    logger.info(
        "%s: %d requests, %d label sets, %d kills (%d in a batch, %d in a page, %d put off), "
        "%s answers lost, lost %d, doubled %d",
        name,
        wanted[REQUESTS].total(),
        sum(len(wanted[metric]) for metric in METRICS),
        exporter.killer.kills,
        exporter.in_batch,
        exporter.killer.in_page,
        exporter.killer.put_off,
        exporter.batches.lost if exporter.batches else "no",
        sum(times for (metric, _), times in lost.items() if metric == REQUESTS),
        sum(times for (metric, _), times in doubled.items() if metric == REQUESTS),
    )


def lose_an_answer(scene: AuditScene, exporter: AuditExporter) -> None:
    """The exporter has answered, and the API server must send again."""
    line = exporter.batches
    assert line is not None
    lost = line.lost
    scene.loop.ask(line.lose)
    eventually(lambda: line.lost > lost, "an answer is lost")


def be_away(scene: AuditScene, exporter: AuditExporter) -> None:
    """Nobody takes batches until the API server has tried twice."""
    line = exporter.batches
    assert line is not None
    scene.loop.run(line.close())
    pass_time(3.0)
    scene.loop.run(line.open())


def another_server(
    cluster: Cluster, folder: Path, flags: Sequence[str]
) -> tuple[ServerProcess, int]:
    """A second API server of the same cluster, and its port."""
    port = free_port()
    command = cluster.apiserver_command(f"--secure-port={port}", *flags)
    server = ServerProcess(command, folder / "second.log")
    server.wait_for(cluster.client(port=port).ready, "ready", 60)
    return server, port


@contextmanager
def at_peace() -> Iterator[None]:
    """What is done in it leaves the webhook alone, for as long as lies between two tries.

    An API server tries five times, at 0, 1, 3, 5 and 9 seconds or a little later. Whoever is away
    for three of them, and loses an answer before, is there for the fifth.
    """
    ends = time.monotonic() + 4.5
    yield
    pass_time(ends - time.monotonic())


def test_by_webhook_alone_and_by_log_alone_each_request_counts_once(
    assets: Assets, configuration: AuditConfiguration, house: ExitStack, tmp_path: Path
) -> None:
    """Exporters are killed between batches, in the middle of one and in the middle of a page;
    answers are lost, the receiver is away, the log is rotated each megabyte. Of two API servers the
    webhook takes both's batches, on TLS with a certificate of either side, and the log is one's.
    An exporter without a checkpoint loses what came while it was down.
    """
    scene = AuditScene(house, tmp_path, seed=1)
    port = free_port()
    flags = (*configuration.receive(port), *configuration.by_certificate())
    webhook = scene.exporter("webhook", *flags, webhook_port=port)
    log = scene.exporter("log", *configuration.follow())
    forgetful = scene.exporter("forgetful", *configuration.follow(), checkpoint=False)
    prometheus = scene.scrape()
    assert webhook.batches is not None
    cluster = audited_cluster(
        assets,
        tmp_path / "cluster",
        configuration.flags(webhook.batches.port, "certificate", policy=_POLICY),
    )
    house.callback(cluster.stop)
    second = configuration.beside(tmp_path / "second")
    second_flags = second.flags(webhook.batches.port, "certificate", policy=_POLICY, region="eu-2")
    server, server_port = another_server(cluster, tmp_path, second_flags)
    house.callback(server.stop, signal.SIGKILL)
    users = make_users(cluster)
    with (
        AuditLoad(cluster, users, seed=1, callers=2) as load,
        AuditLoad(cluster, users, seed=2, callers=1, port=server_port),
    ):
        eventually(lambda: load.codes[101], "requests are made")
        for turn in range(4):
            lose_an_answer(scene, webhook)
            webhook.die(in_batch=turn != 2, in_page=turn == 2)
            with at_peace():
                log.die(load.ask_more, in_page=turn == 1)
        be_away(scene, webhook)
        with at_peace():
            forgetful.die(load.ask_more)
        webhook.die()
    for client in (cluster.admin, cluster.client(port=server_port)):
        assert audit_errors(client) == {}, "an API server gave something up: no fair test"
    assert (server.stop(within=60), cluster.end_apiserver()) == (0, 0)
    wanted = truth(configuration)
    assert len(files(configuration.log)) > 8, "files of the log"
    logger.info("%d files of the log", len(files(configuration.log)))
    for name, exporter, due in (
        ("webhook", webhook, truth(configuration, second)),
        ("log", log, wanted),
    ):
        seen = caught_up(scene, prometheus, exporter, due)
        tell(name, exporter, due, seen)
        assert lost_and_doubled(due, seen) == (Counter(), Counter())
    for region in ("eu-1", "eu-2"):
        assert webhook.lives.now.value(_RECEIVED, region=region, source="webhook") > 0
    assert webhook.in_batch > 0, "none was killed in the middle of a batch"
    again = prometheus.query(f"sum(increase({_DUPLICATES}[10m]))")
    assert float(again[0]["value"][1]) > 0, "a batch sent again is recognised"
    seen = scene.seen(prometheus, forgetful)
    tell("without a checkpoint", forgetful, wanted, seen)
    lost, doubled = lost_and_doubled(wanted, seen)
    assert (lost.total() > 0, doubled) == (True, Counter())


def test_by_webhook_and_log_of_one_api_server_each_request_counts_once(
    assets: Assets, configuration: AuditConfiguration, house: ExitStack, tmp_path: Path
) -> None:
    """As shipped: policy, flags and kubeconfig of deploy/audit, with a token. Rotated files are
    compressed, and the API server dies too: what its webhook then lacks stands in its log.
    """
    scene = AuditScene(house, tmp_path, seed=2)
    port = free_port()
    flags = (*configuration.receive(port), *configuration.by_token(), *configuration.follow())
    both = scene.exporter("both", *flags, webhook_port=port)
    prometheus = scene.scrape()
    assert both.batches is not None
    cluster = audited_cluster(
        assets,
        tmp_path / "cluster",
        configuration.flags(both.batches.port, "token", "--audit-log-compress"),
    )
    house.callback(cluster.stop)
    with AuditLoad(cluster, make_users(cluster), seed=2, callers=3) as load:
        eventually(lambda: load.codes[101], "requests are made")
        both.die(load.ask_more, in_batch=True)
        lose_an_answer(scene, both)
        both.die(in_page=True)
        cluster.restart_apiserver()
        both.die()
        both.die(in_batch=True)
    assert cluster.end_apiserver() == 0
    check_policy(events(configuration.log))
    wanted = truth(configuration)
    assert any(path.suffix == ".gz" for path in files(configuration.log))
    seen = caught_up(scene, prometheus, both, wanted)
    tell("both", both, wanted, seen)
    assert lost_and_doubled(wanted, seen) == (Counter(), Counter())
