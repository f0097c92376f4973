"""Replicas of one exporter in the election, their clocks, the network and the API server.

A simulation without a second of waiting: what happens next is taken from a calendar. Each
replica has its turn when its candidate wants to wake up, unless it is paused.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from math import inf

from exporter.config.timing import LeaseTiming
from exporter.election.candidate import Candidate
from exporter.election.hooks import Hooks
from exporter.election.lease import LeasePlace
from exporter.election.request import Request
from exporter.election.telemetry import ElectionTelemetry
from exporter.kube.telemetry import Failure
from tests.unit.election.leases import WALL, LeaseServer

TIMING = LeaseTiming(lease_duration=15.0, renew_deadline=10.0, retry_period=2.0)
GRACE_SECONDS = 1.5


class Fate(Enum):
    """What becomes of a request."""

    ANSWERED = "answered"
    REQUEST_LOST = "request lost"
    ANSWER_LOST = "answer lost"
    REFUSED = "refused"
    """Somebody on the way answers 503."""
    GARBLED = "garbled"
    """It is done, and the answer cannot be read."""


@dataclass(frozen=True)
class Weather:
    """What the network does to one replica: seconds to the server, and back."""

    there: float = 0.01
    back: float = 0.01
    fate: Fate = Fate.ANSWERED


CALM = Weather()


@dataclass(eq=False)
class Replica:
    """One process. Its clock has nothing in common with others' but about its rate."""

    name: str
    rate: float
    offset: float
    world: World
    handed: list[str] = field(default_factory=list)
    weather: Weather = CALM
    awake_from: float = 0.0
    stopped: bool = False
    waiting: Request | None = None
    turn: float | None = None

    def __post_init__(self) -> None:
        self.telemetry = ElectionTelemetry()
        self.candidate = Candidate(
            LeasePlace("monitoring", "exporter"),
            self.name,
            TIMING,
            self.telemetry,
            hooks=Hooks(on_started_leading=self._began),
            note=lambda *_: None,
            uniform=lambda: 0.5,
        )

    @property
    def now(self) -> float:
        """On its own clock."""
        return self.offset + self.rate * self.world.time

    def when(self, local: float) -> float:
        """The moment at which its clock shows ``local``, or shortly after."""
        return (local - self.offset) / self.rate + 1e-6

    @property
    def leads(self) -> bool:
        return self.candidate.leading(self.now)

    def _began(self, payload: str) -> None:
        """The hook: what is handed over is what stands in the Lease."""
        assert payload == self.world.shown
        self.handed.append(payload)


class World:
    """``server`` has the Lease; ``checked`` is called after everything that happens."""

    def __init__(self, checked: Callable[[], None]) -> None:
        self.time = 0.0
        self.server = LeaseServer()
        self.replicas: list[Replica] = []
        self.shown = ""
        """The payload of the version that the server's latest answer was about."""
        self._checked = checked
        self._calendar: list[tuple[float, int, Replica | None, Callable[[], None]]] = []
        self._numbers = itertools.count()

    @property
    def running(self) -> list[Replica]:
        """Those that are not about to end."""
        return [replica for replica in self.replicas if not replica.stopped]

    def start(self, rate: float = 1.0) -> Replica:
        """A new process with a name of its own."""
        number = next(self._numbers)
        replica = Replica(f"replica-{number}", rate, 1000.0 * number, self)
        self.replicas.append(replica)
        self.rouse(replica)
        return replica

    def kill(self, replica: Replica) -> None:
        """What it had sent may still arrive."""
        if replica in self.replicas:
            self.replicas.remove(replica)

    def stop(self, replica: Replica) -> None:
        """SIGTERM: it leads no more; it has a moment to release the Lease before it is killed."""
        replica.candidate.stop()
        replica.waiting, replica.stopped = None, True
        self.rouse(replica)
        self._at(self.time + GRACE_SECONDS, None, lambda: self.kill(replica))

    def rouse(self, replica: Replica) -> None:
        """There may be something for it to do."""
        if replica.waiting is None:
            turn = max(replica.when(replica.candidate.wake_at), self.time)
            replica.turn = turn
            if turn < inf:
                self._at(turn, replica, lambda: self._turn(replica, turn))

    def run(self, seconds: float) -> None:
        """All that happens in this time."""
        end = self.time + seconds
        while self._calendar and self._calendar[0][0] <= end:
            when, _, replica, event = heapq.heappop(self._calendar)
            self.time = max(self.time, when)
            if replica is not None and replica.awake_from > self.time:
                self._at(replica.awake_from, replica, event)
            elif replica is None or replica in self.replicas:
                event()
                self._checked()
        self.time = end
        self._checked()

    def _at(self, when: float, replica: Replica | None, event: Callable[[], None]) -> None:
        """``event`` is an act of ``replica``, or of nobody who could be paused or dead."""
        heapq.heappush(self._calendar, (when, next(self._numbers), replica, event))

    def _turn(self, replica: Replica, turn: float) -> None:
        if turn != replica.turn or replica.waiting is not None:
            return  # it was roused for an earlier moment meanwhile
        request = replica.candidate.next_request(replica.now, WALL)
        if request is None:
            self.rouse(replica)
            return
        replica.waiting = request
        self._send(replica, request)

    def _send(self, replica: Replica, request: Request) -> None:
        weather = replica.weather
        limit = replica.when(request.started + request.timeout)
        self._at(limit, replica, lambda: self._gave_up(replica, request))
        if weather.fate is Fate.REFUSED:
            back = self.time + weather.there + weather.back
            self._at(back, replica, lambda: self._told(replica, request, (503, b"{}")))
        elif weather.fate is not Fate.REQUEST_LOST:
            self._at(self.time + weather.there, None, lambda: self._done(replica, request, weather))

    def _done(self, replica: Replica, request: Request, weather: Weather) -> None:
        """The server does what it is asked to, whether its sender still lives or not."""
        before, holder, payload = self.server.document, self.server.holder, self.server.payload
        answer = self.server.answer(request)
        after = self.server.payload
        if before and self.server.holder not in ("", holder):
            assert after == payload, "who takes over leaves the payload for a third to find"
        if weather.fate is Fate.GARBLED:
            answer = (200, b"<html>")
        if weather.fate is not Fate.ANSWER_LOST:
            back = self.time + weather.back
            self._at(back, replica, lambda: self._told(replica, request, answer, after))

    def _told(
        self, replica: Replica, request: Request, answer: tuple[int, bytes], payload: str = ""
    ) -> None:
        if replica.waiting is request:
            replica.waiting = None
            self.shown = payload
            replica.candidate.answered(*answer, replica.now)
            self.rouse(replica)

    def _gave_up(self, replica: Replica, request: Request) -> None:
        if replica.waiting is request:
            replica.waiting = None
            replica.candidate.broken(Failure.SILENT, "no answer", replica.now)
            self.rouse(replica)
