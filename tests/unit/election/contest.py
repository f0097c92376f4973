"""Candidates, their clock and the server that has the Lease: the tests make time pass."""

from __future__ import annotations

import json
from typing import Any

from exporter.config.timing import LeaseTiming
from exporter.election.candidate import Candidate
from exporter.election.hooks import Hooks
from exporter.election.lease import LeasePlace
from exporter.election.request import Request
from exporter.election.telemetry import ElectionTelemetry
from exporter.kube.telemetry import Failure
from tests.unit.election.leases import WALL, LeaseServer

TIMING = LeaseTiming(lease_duration=15.0, renew_deadline=10.0, retry_period=2.0)


class Contest:
    """One Lease and one clock, which shows 1000 at the start."""

    def __init__(self) -> None:
        self.server = LeaseServer()
        self.now = 1000.0

    def candidate(self, name: str = "a", timing: LeaseTiming = TIMING) -> Contender:
        return Contender(self, name, timing)

    def passes(self, seconds: float, *contenders: Contender) -> None:
        """Time in which each of them does all there is to do, and all goes well."""
        end = self.now + seconds
        while self.now < end:
            for contender in contenders:
                contender.work()
            self.now = min(self.now + 0.1, end)
        for contender in contenders:
            contender.work()


class Contender:
    """A candidate, and all that it told."""

    def __init__(self, contest: Contest, name: str, timing: LeaseTiming) -> None:
        self.contest = contest
        self.name = name
        self.telemetry = ElectionTelemetry()
        self.published: list[str] = []
        self.told: list[tuple[str, ...]] = []
        """What its hooks were called with."""
        self.notes: list[tuple[str, str, dict[str, object]]] = []
        self.candidate = Candidate(
            LeasePlace("monitoring", "exporter"),
            name,
            timing,
            self.telemetry,
            hooks=Hooks(
                on_started_leading=lambda payload: self.told.append(("started", payload)),
                on_stopped_leading=lambda: self.told.append(("stopped",)),
                on_observed=lambda payload: self.told.append(("observed", payload)),
                on_published=self.published.append,
            ),
            note=lambda *note: self.notes.append(note),
            uniform=lambda: 0.0,
        )

    @property
    def leads(self) -> bool:
        return self.candidate.leading(self.contest.now)

    def asks(self) -> Request | None:
        """What it asks now; the test answers."""
        return self.candidate.next_request(self.contest.now, WALL)

    def must_ask(self) -> Request:
        """What it asks now, which is something."""
        request = self.asks()
        assert request is not None
        return request

    def answered(self, status: int, body: bytes = b"", retry_after: float | None = None) -> None:
        self.candidate.answered(status, body, self.contest.now, retry_after)

    def refused(self, status: int, message: str = "no") -> None:
        """The answer is a Status."""
        self.answered(status, json.dumps({"kind": "Status", "message": message}).encode())

    def broken(self, cause: Failure = Failure.SILENT) -> None:
        self.candidate.broken(cause, "broken", self.contest.now)

    def work(self) -> list[str]:
        """Ask the server until there is nothing to ask; the verbs."""
        verbs = []
        while (request := self.asks()) is not None:
            verbs.append(request.verb.value)
            self.answered(*self.contest.server.answer(request))
        return verbs

    def publish(self, payload: str) -> bool:
        return self.candidate.publish(payload, self.contest.now)

    def logged(self) -> list[str]:
        return [message for _, message, _ in self.notes]


def spec_of(request: Request) -> dict[str, Any]:
    """What a write says."""
    spec: dict[str, Any] = json.loads(request.body)["spec"]
    return spec
