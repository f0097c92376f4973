# SPDX-License-Identifier: Apache-2.0
"""The loop around a candidate: makes its requests about the Lease, tells it what came back."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import time
import uuid
from collections.abc import Callable
from typing import NoReturn

import aiohttp

from exporter.config.timing import LeaseTiming
from exporter.election.candidate import Candidate
from exporter.election.hooks import Hooks
from exporter.election.lease import LeasePlace
from exporter.election.request import Request
from exporter.election.telemetry import ElectionTelemetry
from exporter.kube.connection import Cluster, ConnectionConfigError
from exporter.kube.headers import retry_after
from exporter.kube.telemetry import Failure
from exporter.kube.watcher import cause_of
from exporter.notes import Note

# etcd's own limit for an object is 1.5 MiB by default.
_MAX_ANSWER_BYTES = 2 * 1024 * 1024
# Of the time between SIGTERM and our end.
_RELEASE_SECONDS = 1.0
_LONGEST_NAP_SECONDS = 60.0


def elapsed() -> float:
    """Seconds since the machine started, those in which it was suspended included.

    ``time.monotonic`` stands still meanwhile on Linux, and the Lease does not.
    """
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


class Elector:
    """The part of our own process. ``clock`` gives seconds that do not go back."""

    def __init__(
        self,
        cluster: Cluster,
        place: LeasePlace,
        timing: LeaseTiming,
        hooks: Hooks,
        *,
        note: Note,
        clock: Callable[[], float] = elapsed,
    ) -> None:
        self.telemetry = ElectionTelemetry()
        self.place = place
        self.identity = f"{socket.gethostname()}_{uuid.uuid4().hex}"
        self._cluster = cluster
        self._clock = clock
        self._woken = asyncio.Event()
        self._candidate = Candidate(
            place,
            self.identity,
            timing,
            self.telemetry,
            hooks=hooks,
            note=lambda level, message, fields: note(
                level, message, {"lease": f"{place.namespace}/{place.name}", **fields}
            ),
            uniform=random.random,
        )

    @property
    def leading(self) -> bool:
        """Whether this process leads at this moment."""
        return self._candidate.leading(self._clock())

    @property
    def unready(self) -> str:
        """Why this process can neither lead nor take over; ``""`` if it can.

        Once it could it can: an API server that is away is no reason to end us.
        """
        telemetry, place = self.telemetry, self.place
        if telemetry.refused:
            return f"not allowed to {telemetry.refused} leases in namespace {place.namespace}"
        if not telemetry.observed:
            return f"the lease {place.namespace}/{place.name} was not read yet"
        return ""

    def publish(self, payload: str) -> bool:
        """Have ``payload`` written into the Lease, soon and with the next renewal at the latest.

        False if we do not lead: then it is not taken. Raises ``PayloadTooLargeError``.
        """
        taken = self._candidate.publish(payload, self._clock())
        self._woken.set()
        return taken

    async def run(self) -> NoReturn:
        """Stand by or lead, for ever. Only cancellation and programming errors end it."""
        while True:
            self._woken.clear()
            request = self._candidate.next_request(self._clock(), time.time())
            if request is not None:
                await self._exchange(request)
                continue
            with contextlib.suppress(TimeoutError):
                nap = min(self._candidate.wake_at - self._clock(), _LONGEST_NAP_SECONDS)
                async with asyncio.timeout(nap):
                    await self._woken.wait()

    def step_down(self) -> None:
        """Lead no more, from this moment on. Then ``run`` is to be cancelled."""
        self._candidate.stop()

    async def release(self) -> None:
        """Give the Lease up if we hold it, so that another takes over at once; for a second."""
        self.step_down()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_RELEASE_SECONDS):
                while not self._candidate.released:
                    request = self._candidate.next_request(self._clock(), time.time())
                    if request is None:
                        await asyncio.sleep(self._candidate.wake_at - self._clock())
                    else:
                        await self._exchange(request)

    async def _exchange(self, request: Request) -> None:
        candidate, clock = self._candidate, self._clock
        try:
            # Under a limit of its own: a plug-in that is cut off each time would never end well.
            await self._cluster.load(refused=request.renew_credentials)
            async with asyncio.timeout(request.started + request.timeout - clock()):
                status, body, wait = await self._ask(request)
        except ConnectionConfigError as error:
            candidate.broken(Failure.CREDENTIALS, str(error), clock())
        except TimeoutError as error:
            detail = str(error) or f"no answer in {request.timeout:.1f} s"
            candidate.broken(cause_of(error), detail, clock())
        except (aiohttp.ClientError, OSError) as error:
            candidate.broken(cause_of(error), str(error) or type(error).__name__, clock())
        else:
            candidate.answered(status, body, clock(), wait)

    async def _ask(self, request: Request) -> tuple[int, bytes, float | None]:
        method = request.verb.method
        async with self._cluster.request(method, request.path, request.body) as response:
            body = bytearray()
            while len(body) <= _MAX_ANSWER_BYTES and (data := await response.content.readany()):
                body += data
            return response.status, bytes(body), retry_after(response.headers, time.time())
