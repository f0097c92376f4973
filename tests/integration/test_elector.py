"""The elector on a real connection: an API server that answers, refuses, hangs and goes away."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from exporter.config.timing import LeaseTiming
from exporter.demo import ApiServer, EventStore
from exporter.demo.faults import Hang, Reset, Script, Status
from exporter.election import Elector, Hooks, LeasePlace
from exporter.election.lease import PROGRESS
from exporter.kube.connection import Cluster, ClusterChoice
from tests.integration.watched_cluster import until
from tests.unit.kube.clusters import Clock

PLACE = LeasePlace("monitoring", "exporter")
TIMING = LeaseTiming(lease_duration=2.0, renew_deadline=1.6, retry_period=0.1)


class Replica:
    """An elector that runs, and what it told."""

    def __init__(self, kubeconfig: Path, clock: Callable[[], float] | None = None) -> None:
        self.notes: list[str] = []
        self.handed: list[str] = []
        self.observed: list[str] = []
        self.stopped = 0
        self.ended = False
        more = {"clock": clock} if clock else {}
        self.cluster = Cluster(ClusterChoice(str(kubeconfig)), {}, **more)
        self.elector = Elector(
            self.cluster,
            PLACE,
            TIMING,
            Hooks(self.handed.append, self._stopped, self.observed.append),
            note=lambda _level, message, _fields: self.notes.append(message),
        )
        self.task = asyncio.create_task(self.elector.run())

    def _stopped(self) -> None:
        self.stopped += 1

    async def leads(self) -> None:
        """Return once it does."""
        await until(lambda: self.elector.leading, "it leads")

    async def failed(self, cause: str) -> None:
        """Return once a request has failed so."""
        await until(lambda: self.elector.telemetry.failures[cause], f"a failure: {cause}")

    async def end(self) -> None:
        """As the exporter ends; once."""
        if self.ended:
            return
        self.ended = True
        self.elector.step_down()
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task
        await self.elector.release()
        await self.cluster.close()


class House:
    """A server, and the replicas that were started."""

    def __init__(self, folder: Path) -> None:
        self.server = ApiServer(EventStore())
        self.kubeconfig = folder / "kubeconfig"
        self.replicas: list[Replica] = []

    def replica(self, clock: Callable[[], float] | None = None) -> Replica:
        self.replicas.append(Replica(self.kubeconfig, clock))
        return self.replicas[-1]

    @property
    def holder(self) -> str:
        return str(self._lease["spec"]["holderIdentity"])

    @property
    def payload(self) -> str:
        return str(self._lease["metadata"].get("annotations", {}).get(PROGRESS, ""))

    @property
    def _lease(self) -> dict[str, Any]:
        return self.server.leases[PLACE.namespace, PLACE.name]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    house = House(tmp_path)
    async with house.server:
        house.server.kubeconfig(house.kubeconfig)
        yield house
        for replica in house.replicas:
            await replica.end()


async def test_the_payload_goes_from_one_to_the_next(house: House) -> None:
    """The standby sees it while it stands by, and is handed it when the leader has ended."""
    first = house.replica()
    await first.leads()
    assert first.handed == [""]
    second = house.replica()
    assert first.elector.publish("as far as this")
    await until(lambda: "as far as this" in second.observed, "the standby sees it")
    assert not second.elector.publish("mine")
    await first.end()
    assert first.stopped == 1
    await second.leads()
    assert second.handed == ["as far as this"]
    assert house.holder == second.elector.identity


async def test_what_is_published_after_the_last_renewal_is_handed_over(house: House) -> None:
    """From the moment at which it leads no more until its release."""
    first = house.replica()
    await first.leads()
    first.elector.step_down()
    assert not first.elector.leading
    assert first.elector.publish("the last page")
    await first.end()
    second = house.replica()
    await second.leads()
    assert second.handed == ["the last page"]


async def test_identities_differ(house: House) -> None:
    """On one host as well; they begin with its name, for people."""
    first, second = house.replica().elector.identity, house.replica().elector.identity
    assert first != second
    assert first.rpartition("_")[0] == second.rpartition("_")[0] != ""


@pytest.mark.parametrize(
    ("script", "cause"),
    [
        (Status(403), "forbidden"),
        (Status(429, retry_after=0), "throttled"),
        (Status(500), "server_error"),
        (Hang(), "silent"),
    ],
    ids=str,
)
async def test_one_failure_does_not_end_a_lead(house: House, script: Script, cause: str) -> None:
    """It is counted, told, and over with the next renewal."""
    replica = house.replica()
    await replica.leads()
    house.server.on_lease(script)
    await replica.failed(cause)
    await until(lambda: "lease reachable again" in replica.notes, "it is over")
    assert replica.elector.leading
    assert replica.stopped == 0
    assert replica.elector.telemetry.last_failure == ""


async def test_a_lost_answer_does_not_end_a_lead(house: House) -> None:
    """The write was done; when it is made again it is a conflict, and what stands there is read."""
    replica = house.replica()
    await replica.leads()
    house.server.on_lease(Reset(), Reset())
    assert replica.elector.publish("progress")
    await house.server.wait_for_request(lambda r: r.verb == "get", count=2)
    await until(lambda: house.payload == "progress", "it is written")
    assert replica.elector.leading
    assert replica.stopped == 0


async def test_a_server_that_goes_away_ends_the_lead(house: House) -> None:
    """For as long as it is away; the elector goes on, and leads again when it is back."""
    replica = house.replica()
    await replica.leads()
    await house.server.stop()
    await replica.failed("refused")
    await until(lambda: replica.stopped, "it leads no more")
    assert not replica.elector.leading
    assert replica.notes.count("update of the lease failed") <= 1
    await house.server.start()
    await replica.leads()
    assert replica.elector.telemetry.transitions == 2


async def test_without_rights_it_never_leads(house: House) -> None:
    """It says what is missing, once, and leads when it is given."""
    house.server.access = lambda verb, _resource, _namespace: verb != "create"
    replica = house.replica()
    await until(lambda: replica.elector.telemetry.failures["forbidden"] >= 3, "three tries")
    assert replica.elector.unready == "not allowed to create leases in namespace monitoring"
    assert replica.notes == ["not allowed to create leases in namespace monitoring"]
    house.server.access = lambda *_: True
    await replica.leads()
    assert replica.elector.unready == ""


async def test_before_the_first_look_it_is_not_ready(house: House) -> None:
    """It cannot know whether it stands by."""
    await house.server.stop()
    replica = house.replica()
    await replica.failed("refused")
    assert replica.elector.unready == "the lease monitoring/exporter was not read yet"
    await house.server.start()
    await replica.leads()
    assert replica.elector.unready == ""


async def test_refused_credentials_are_renewed(house: House) -> None:
    """A token that was rotated is read again at once, not within its minute."""
    house.server.token = "one"
    house.server.kubeconfig(house.kubeconfig)
    replica = house.replica(Clock())
    await replica.leads()
    house.server.token = "two"
    house.server.kubeconfig(house.kubeconfig)
    await replica.failed("unauthorized")
    await until(lambda: "lease reachable again" in replica.notes, "it is let in")
    assert replica.elector.leading


async def test_a_kubeconfig_that_breaks_is_a_failure(house: House) -> None:
    """Counted as such; the lead ends by its deadline, and nothing else does."""
    clock = Clock()
    replica = house.replica(clock)
    await replica.leads()
    text = house.kubeconfig.read_text()
    house.kubeconfig.write_text("{")
    clock.now += 61.0
    await replica.failed("credentials")
    await until(lambda: replica.stopped, "it leads no more")
    house.kubeconfig.write_text(text)
    await replica.leads()


async def test_a_release_that_hangs_is_given_up(house: House) -> None:
    """There is a second for it, and others wait for the Lease to run out."""
    replica = house.replica()
    await replica.leads()
    house.server.on_lease(*[Hang()] * 9)
    async with asyncio.timeout(1.5):
        await replica.end()
    assert house.holder == replica.elector.identity
    house.server.lease_faults.clear()
    second = house.replica()
    await second.leads()


async def test_a_release_survives_a_conflict(house: House) -> None:
    """Somebody has written meanwhile: it is read again."""
    replica = house.replica()
    await replica.leads()
    house.server.on_lease(Status(409))
    await replica.end()
    assert house.holder == ""
