# SPDX-License-Identifier: Apache-2.0
"""Two exporters and one Lease on a real API server, with the rights of deploy/ and no more."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
import yaml

from exporter.config.timing import LeaseTiming
from exporter.election import PAYLOAD_LIMIT_BYTES, Elector, Hooks, LeasePlace
from exporter.election.lease import PROGRESS
from exporter.kube.connection import Cluster as Connection
from exporter.kube.connection import ClusterChoice
from tests.envtest.api import ApiError, Json
from tests.envtest.cluster import EVENTS_READER, Cluster
from tests.envtest.events import EventWriter
from tests.envtest.exporter_process import ExporterProcess, RunExporter
from tests.integration.watched_cluster import until

pytestmark = [pytest.mark.envtest, pytest.mark.timeout(240)]

_DEPLOY = Path(__file__).parents[2] / "deploy" / "rbac-leader-election.yaml"
_LEASES = "/apis/coordination.k8s.io/v1/namespaces/{}/leases"
_LEASE_SECONDS, _RETRY_SECONDS = 3.0, 0.5
_TIMES = (
    *("--leader-election.lease-duration", f"{_LEASE_SECONDS}s"),
    *("--leader-election.renew-deadline", "2s"),
    *("--leader-election.retry-period", f"{_RETRY_SECONDS}s"),
)
# See tests/integration/test_failover.py.
_TAKE_OVER_SECONDS = _LEASE_SECONDS + 1.2 * _RETRY_SECONDS + 2.0
_FAMILIES = re.compile(r"^# TYPE kube_(?!event_metrics_)", re.MULTILINE)


class Replicas:
    """Exporters of one namespace."""

    def __init__(
        self, cluster: Cluster, kubeconfig: Path, namespace: str, run: RunExporter
    ) -> None:
        self._cluster = cluster
        self.kubeconfig = kubeconfig
        self._run = run
        self.namespace = namespace

    @property
    def flags(self) -> tuple[str, ...]:
        return ("--leader-election", "--leader-election.namespace", self.namespace, *_TIMES)

    def start(self, *, ready: bool = True) -> ExporterProcess:
        return self._run(self.kubeconfig, *self.flags, ready=ready)

    def pair(self) -> tuple[ExporterProcess, ExporterProcess]:
        """Leader and standby."""
        leader = self.start()
        wait_for_lead(leader, 30.0)
        return leader, self.start()

    def lease(self) -> Json:
        path = f"{_LEASES.format(self.namespace)}/kube-event-metrics"
        return self._cluster.admin.request("GET", path)

    def check(self) -> list[str]:
        """What `check` prints."""
        command = [sys.executable, "-m", "exporter", "check", "--kubeconfig", str(self.kubeconfig)]
        done = subprocess.run(
            [*command, *self.flags], capture_output=True, text=True, check=False, timeout=60
        )
        return done.stdout.splitlines()


@pytest.fixture
def replicas(
    cluster: Cluster, namespace: str, tmp_path: Path, run_exporter: RunExporter
) -> Replicas:
    """They may do with Leases what the Role of deploy/ allows, in the namespace of the test."""
    role, _ = yaml.safe_load_all(_DEPLOY.read_text())
    token = cluster.service_account(namespace, "exporter", EVENTS_READER)
    cluster.grant(namespace, "exporter", role["rules"], scope="namespace")
    kubeconfig = cluster.kubeconfig(tmp_path / "kubeconfig", token=token)
    return Replicas(cluster, kubeconfig, namespace, run_exporter)


def shows_events(exporter: ExporterProcess) -> bool:
    """Whether it shows the metrics of events; one that has ended does not."""
    try:
        status, page = exporter.get("/metrics")
    except OSError:
        return False
    assert status == 200
    return bool(_FAMILIES.search(page))


def wait_for_lead(exporter: ExporterProcess, within: float) -> None:
    exporter.process.wait_for(lambda: shows_events(exporter), "leads", within)


@contextmanager
def witness(one: ExporterProcess, other: ExporterProcess) -> Iterator[None]:
    """Asks both in turn meanwhile: never is one leading before and after the other led."""
    over, both = threading.Event(), threading.Event()

    def watch() -> None:
        last = shows_events(other)
        while not over.is_set():
            between, after = shows_events(one), shows_events(other)
            if last and between and after:
                both.set()
            last = after

    asking = threading.Thread(target=watch)
    asking.start()
    try:
        yield
    finally:
        over.set()
        asking.join()
    assert not both.is_set(), "two show the metrics of events"


def test_one_leads(replicas: Replicas, writer: EventWriter) -> None:
    """With exactly these rights; the other is ready, and shows its own metrics."""
    leader, standby = replicas.pair()
    with witness(leader, standby):
        writer.create("BackOff", count=2)
        assert leader.counted(writer) == {"BackOff": 2}
        assert not shows_events(standby)
        assert leader.value("kube_event_metrics_leader") == 1
        assert standby.value("kube_event_metrics_leader") == 0
        for exporter in (leader, standby):
            assert exporter.value("kube_event_metrics_lease_failures_total") == 0
    spec = replicas.lease()["spec"]
    assert spec["leaseDurationSeconds"] == _LEASE_SECONDS
    assert spec["leaseTransitions"] == 0


def test_sigterm_hands_over_at_once(replicas: Replicas) -> None:
    """The Lease is released, and taken with the standby's next look at it."""
    leader, standby = replicas.pair()
    with witness(leader, standby):
        leader.stop()
        wait_for_lead(standby, 1.2 * _RETRY_SECONDS + 1.0)
    assert replicas.lease()["spec"]["leaseTransitions"] == 1


def test_sigkill_hands_over_when_the_lease_runs_out(
    replicas: Replicas, writer: EventWriter
) -> None:
    """Within its duration and one look."""
    leader, standby = replicas.pair()
    with witness(leader, standby):
        leader.kill()
        wait_for_lead(standby, _TAKE_OVER_SECONDS)
    writer.create("Evicted")
    assert standby.counted(writer) == {"Evicted": 1}


def test_restart_of_the_api_server(cluster: Cluster, replicas: Replicas) -> None:
    """Away for longer than the deadline: nobody leads then, and one leads afterwards."""
    leader, standby = replicas.pair()
    with witness(leader, standby):
        cluster.stop_apiserver()
        leader.process.wait_for(lambda: not shows_events(leader), "leads no more", 10.0)
        assert leader.ready()
        cluster.start_apiserver()
        leader.process.wait_for(
            lambda: shows_events(leader) or shows_events(standby), "one leads", 30.0
        )
    assert leader.value("kube_event_metrics_lease_failures_total") > 0


def test_a_lease_made_beforehand(cluster: Cluster, replicas: Replicas) -> None:
    """Labels and annotations of whoever made it stay, over renewals and a release."""
    leases = _LEASES.format(replicas.namespace)
    mine = {"labels": {"app": "kem"}, "annotations": {"note": "mine"}}
    body = {"metadata": {"name": "kube-event-metrics", **mine}}
    cluster.admin.request("POST", leases, body)
    leader = replicas.start()
    wait_for_lead(leader, 30.0)
    leader.stop()
    metadata = replicas.lease()["metadata"]
    assert (metadata["labels"], metadata["annotations"]) == (mine["labels"], mine["annotations"])
    assert replicas.lease()["spec"]["holderIdentity"] == ""


def test_the_role_allows_no_other_lease(cluster: Cluster, replicas: Replicas) -> None:
    """It can be created, for RBAC cannot tell; but neither read nor updated."""
    reader = cluster.client(cluster.token(replicas.namespace, "exporter"))
    leases = _LEASES.format(replicas.namespace)
    reader.request("POST", leases, {"metadata": {"name": "other"}})
    for method in ("GET", "PUT", "DELETE"):
        with pytest.raises(ApiError) as caught:
            reader.request(method, f"{leases}/other", {"metadata": {"name": "other"}})
        assert caught.value.status == 403


async def test_the_largest_payload_is_handed_over(replicas: Replicas) -> None:
    """The API server takes it, and gives it back to the one who takes over."""
    handed: list[str] = []
    payload = "\u00e9" * (PAYLOAD_LIMIT_BYTES // 2)
    async with _leading(replicas, handed) as elector:
        assert elector.publish(payload)
        await until(lambda: _published(replicas) == payload, "it is written")
    async with _leading(replicas, handed):
        assert handed == ["", payload]


@asynccontextmanager
async def _leading(replicas: Replicas, handed: list[str]) -> AsyncIterator[Elector]:
    """An elector of our own, for as long as it leads."""
    connection = Connection(ClusterChoice(str(replicas.kubeconfig)), {})
    elector = Elector(
        connection,
        LeasePlace(replicas.namespace, "kube-event-metrics"),
        LeaseTiming(),
        Hooks(on_started_leading=handed.append),
        note=lambda *_: None,
    )
    task = asyncio.create_task(elector.run())
    try:
        await until(lambda: elector.leading, "it leads")
        yield elector
    finally:
        task.cancel()
        await elector.release()
        await connection.close()


def _published(replicas: Replicas) -> str:
    return str(replicas.lease()["metadata"].get("annotations", {}).get(PROGRESS, ""))


def test_check_tells_what_is_missing(
    cluster: Cluster, namespace: str, tmp_path: Path, run_exporter: RunExporter
) -> None:
    """Without the Role nothing about Leases is allowed, and the exporter is not ready."""
    token = cluster.service_account(namespace, "exporter", EVENTS_READER)
    kubeconfig = cluster.kubeconfig(tmp_path / "kubeconfig", token=token)
    replicas = Replicas(cluster, kubeconfig, namespace, run_exporter)
    where = f"leases in namespace {namespace}"
    told = [line for line in replicas.check() if "leases" in line]
    assert [line.partition(":")[0] for line in told] == ["FAIL  rights"] * 3
    exporter = replicas.start(ready=False)
    exporter.wait_for_value("kube_event_metrics_lease_failures_total", cause="forbidden")
    assert f"not allowed to get {where}" in exporter.get("/readyz")[1]
    role, _ = yaml.safe_load_all(_DEPLOY.read_text())
    cluster.grant(namespace, "exporter", role["rules"], scope="namespace")
    assert [line for line in replicas.check() if "leases" in line] == [
        f"ok    rights: may {verb} {where}" for verb in ("get", "create", "update")
    ]
    exporter.wait_ready()
    wait_for_lead(exporter, 30.0)
