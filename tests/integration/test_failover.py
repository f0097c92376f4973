"""Two exporters, one Lease: who shows the metrics of events, and who takes over when."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import pytest

from exporter.demo import ApiServer, EventStore, LegacyRecorder, ObjectRef
from tests.integration.running_exporter import RunningExporter

LEASE_SECONDS, RETRY_SECONDS = 3.0, 0.5
FLAGS = (
    "--leader-election",
    *("--leader-election.namespace", "monitoring"),
    *("--leader-election.lease-duration", f"{LEASE_SECONDS}s"),
    *("--leader-election.renew-deadline", "2s"),
    *("--leader-election.retry-period", f"{RETRY_SECONDS}s"),
)
# A claim comes when the Lease has been unchanged for its duration since a look, and looks are
# up to 1.2 retry periods apart; the rest is for a busy machine.
TAKE_OVER_SECONDS = LEASE_SECONDS + 1.2 * RETRY_SECONDS + 2.0
PATIENCE_SECONDS = 30.0
# What is declared about the cluster, none of which is about the exporter.
_FAMILIES = re.compile(r"^# TYPE kube_(?!event_metrics_)", re.MULTILINE)


class Page(NamedTuple):
    """What one of them shows at a moment."""

    shows_events: bool
    text: str


class Replica(RunningExporter):
    """One of the exporters."""

    async def page(self) -> Page:
        status, text = await self.get("/metrics")
        assert status == 200
        return Page(bool(_FAMILIES.search(text)), text)

    async def shows_events(self, within: float = PATIENCE_SECONDS) -> None:
        """Return once it does."""
        async with asyncio.timeout(within):
            while not (await self.page()).shows_events:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.02)


class Witness:
    """Asks both replicas in turn, for as long as it is entered."""

    def __init__(self, one: Replica, other: Replica) -> None:
        self._replicas = one, other
        self._task: asyncio.Task[None] | None = None
        self.rounds = 0

    async def _watch(self) -> None:
        one, other = self._replicas
        last = await self._shows(other)
        while True:
            between = await self._shows(one)
            after = await self._shows(other)
            # It led before and after the other was asked: without a break, for it takes longer
            # than a round to lose the lead and to have it back.
            assert not (last and between and after), "two show the metrics of events"
            last = after
            self.rounds += 1

    async def _shows(self, replica: Replica) -> bool:
        try:
            return (await replica.page()).shows_events
        except OSError:
            await asyncio.sleep(0.05)
            return False  # it has ended

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._task is not None
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        assert self.rounds > 0


class House:
    """A cluster, and the exporters that watch it."""

    def __init__(self, folder: Path) -> None:
        self.server = ApiServer(EventStore())
        self.kubeconfig = folder / "kubeconfig"
        self._kubelet = LegacyRecorder(self.server.store, "kubelet", spam_filter=False)

    def occur(self, name: str, reason: str = "BackOff") -> None:
        pod = ObjectRef("Pod", name, "shop", f"uid-{name}")
        self._kubelet.record(time.time(), pod, "Warning", reason, "it happened")

    def replica(self, *flags: str) -> Replica:
        known = ("--kubeconfig", str(self.kubeconfig), "--web.listen-address", "127.0.0.1:0")
        return Replica(self.kubeconfig.parent, "run", *known, *FLAGS, *flags)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    house = House(tmp_path)
    async with house.server:
        house.server.kubeconfig(house.kubeconfig)
        yield house


@contextlib.asynccontextmanager
async def pair(house: House) -> AsyncIterator[tuple[Replica, Replica]]:
    """Leader and standby."""
    async with house.replica() as leader:
        await leader.shows_events()
        async with house.replica() as standby:
            await standby.ready()
            yield leader, standby


async def test_one_shows_the_metrics_of_events(house: House) -> None:
    """The standby is ready, has its own metrics, and says that it stands by."""
    async with pair(house) as (leader, standby), Witness(leader, standby):
        house.occur("web-0")
        await leader.counted("BackOff")
        page = (await standby.page()).text
        assert "kube_event_metrics_leader 0" in page
        assert "kube_event_metrics_leader_transitions_total 0" in page
        assert 'kube_event_metrics_synced{scope=""} 1' in page
        assert "kube_event_metrics_leader 1" in (await leader.page()).text
        assert "Standby: ready to take over." in (await standby.get("/"))[1]
        assert "Ready: every occurrence is counted." in (await leader.get("/"))[1]


async def test_sigterm_hands_over_at_once(house: House) -> None:
    """The standby leads with its next look at the Lease, long before that runs out."""
    async with pair(house) as (leader, standby), Witness(leader, standby):
        leader.tell(signal.SIGTERM)
        assert await leader.ended() == 0
        await standby.shows_events(within=RETRY_SECONDS * 1.2 + 1.0)
        assert 'msg="lease released"' in leader.log


async def test_sigkill_hands_over_when_the_lease_runs_out(house: House) -> None:
    """Within its duration and one look; what occurs then is counted by the one who took over."""
    async with pair(house) as (leader, standby), Witness(leader, standby):
        leader.tell(signal.SIGKILL)
        await leader.ended()
        await standby.shows_events(within=TAKE_OVER_SECONDS)
        house.occur("web-1", "Evicted")
        await standby.counted("Evicted")


async def test_who_was_stopped_for_a_while_comes_back_as_a_standby(house: House) -> None:
    """Its first page after that has no metrics of events, though it has done nothing yet."""
    async with pair(house) as (leader, standby):
        leader.tell(signal.SIGSTOP)
        await standby.shows_events(within=TAKE_OVER_SECONDS)
        leader.tell(signal.SIGCONT)
        assert not (await leader.page()).shows_events
        await leader.logged('msg="led by another"')
        assert (await standby.page()).shows_events


async def test_without_an_api_server_nobody_leads(house: House) -> None:
    """The leader cannot renew: its metrics end with its deadline, and it is not ended by that."""
    async with pair(house) as (leader, standby), Witness(leader, standby):
        await house.server.stop()
        await leader.logged('msg="leading no more"')
        assert not (await leader.page()).shows_events
        assert (await leader.get("/readyz"))[0] == 200
        await house.server.start()
        showing = [asyncio.create_task(r.shows_events()) for r in (leader, standby)]
        await asyncio.wait(showing, return_when=asyncio.FIRST_COMPLETED)
        for task in showing:
            task.cancel()


async def test_without_rights_it_is_not_ready(house: House) -> None:
    """A roll-out with a missing Role stops there, and says what is missing."""
    house.server.access = lambda _verb, resource, _namespace: resource != "leases"
    async with house.replica() as exporter:
        await exporter.logged("not allowed to get leases in namespace monitoring")
        status, reason = await exporter.get("/readyz")
        assert status == 503
        assert "not allowed to get leases in namespace monitoring" in reason
        assert not (await exporter.page()).shows_events
        house.server.access = lambda *_: True
        await exporter.shows_events()
        await exporter.ready()


async def test_who_may_not_watch_does_not_lead(house: House) -> None:
    """It has nothing to show, and asks for no Lease."""
    house.server.access = lambda _verb, resource, _namespace: resource != "events"
    async with house.replica() as exporter:
        await exporter.logged("cause=forbidden")
        assert house.server.leases == {}
        house.server.access = lambda *_: True
        await exporter.shows_events()
