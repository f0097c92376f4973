# SPDX-License-Identifier: Apache-2.0
"""One process' part in the election: what to ask about the Lease next, and do we lead?

A state machine without I/O, with the semantics of client-go's tools/leaderelection. The
shell asks ``next_request``, does it, and tells what came: ``answered`` or ``broken``.

    standby --the Lease is free, or unchanged for its duration: claimed--> leader
    leader  --not renewed within the deadline, held by another, stopped--> standby

Why two never lead at once, if their clocks run at about the same rate. The leader believes
in its lead until ``renew_deadline`` after it *sent* its last renewal that succeeded, and
the server stored that one later. A standby saw the stored version later still, and sends
its claim when ``lease_duration``, which is longer, has passed since. The claim names the
version it saw: the server refuses it if a renewal came in between. No time stamp in the
Lease is compared with a clock. And as the clock is asked whenever somebody wants to know
who leads, a process that was stopped for a while wakes up as a standby.

In one thing it is stricter: client-go claims a Lease that was deleted at once, though its
holder leads on until it learns of that. Who has seen the Lease before waits here.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from exporter.config.timing import JITTER_FACTOR, LeaseTiming
from exporter.election import lease as objects
from exporter.election.hooks import Hooks
from exporter.election.lease import Lease, LeasePlace
from exporter.election.publication import Publication
from exporter.election.request import Request, Verb
from exporter.election.sight import Sight
from exporter.election.telemetry import ElectionTelemetry
from exporter.election.trouble import Trouble
from exporter.kube.refusals import refusal
from exporter.kube.telemetry import Failure
from exporter.notes import Note

_RELEASE_AGAIN_SECONDS = 0.2


class Candidate:
    """Takes part as ``identity``, which no other process ever has.

    ``now`` is seconds of a clock that does not go back, the same in all calls.
    """

    def __init__(
        self,
        place: LeasePlace,
        identity: str,
        timing: LeaseTiming,
        telemetry: ElectionTelemetry,
        *,
        hooks: Hooks,
        note: Note,
        uniform: Callable[[], float],
    ) -> None:
        self._place = place
        self._identity = identity
        self._timing = timing
        self._telemetry = telemetry
        self._hooks = hooks
        self._note = note
        self._uniform = uniform
        self._sight = Sight(timing.lease_duration)
        self._trouble = Trouble(place, telemetry, note)
        self._publication = Publication()

        self._leads = False
        self._valid_until = -inf
        self._fresh = False
        """Whether what is in sight may be written over; else it is read first."""
        self._claims = False
        """Whether we may hold the Lease: we claimed it, and saw nobody else hold it since."""
        self._stopping = False
        self._asked: Request | None = None
        self._due = -inf
        self._conflicts = 0
        self._renew_credentials = False

    def leading(self, now: float) -> bool:
        """Whether we lead at this moment."""
        return self._leads and now < self._valid_until

    @property
    def released(self) -> bool:
        """Whether there is nothing left to give up."""
        return not self._claims

    @property
    def wake_at(self) -> float:
        """When there is something to do; a ``publish`` can make it earlier."""
        if self._stopping:
            return inf if self.released else self._due
        if not self._leads:
            return self._due
        due = min(self._due, self._publication.due) if self._fresh else self._due
        return min(due, self._valid_until)

    def publish(self, payload: str, now: float) -> bool:
        """Write ``payload`` into the Lease as soon as may be; False if we do not lead.

        From ``stop`` to the release it is still taken. Raises ``PayloadTooLargeError``.
        """
        taken = self._claims if self._stopping else self.leading(now)
        if taken:
            self._publication.offer(payload)
        return taken

    def stop(self) -> None:
        """Lead no more, from this moment on; all that is left to do is to release the Lease."""
        if self._asked is not None or self._sight.lease is None:
            self._fresh = False  # what was asked may have arrived
        self._asked = None
        self._stopping = True
        self._due = -inf
        if self._leads:
            self._ceased("stopping")

    def next_request(self, now: float, wall: float) -> Request | None:
        """What to ask now; None where there is nothing to do before ``wake_at``.

        ``wall`` is Unix seconds, for people who read the Lease.
        """
        self._look_at_clock(now)
        if self._asked is not None or now < self.wake_at:
            return None
        verb, path, body = self._read_or_write(wall)
        timeout = self._timing.renew_deadline / 2
        if self._leads:
            timeout = min(timeout, self._valid_until - now)
        renew, self._renew_credentials = self._renew_credentials, False
        self._claims = self._claims or verb.writes
        self._asked = Request(verb, path, body, now, timeout, self._publication.payload, renew)
        return self._asked

    def answered(
        self, status: int, body: bytes, now: float, retry_after: float | None = None
    ) -> None:
        """The server's answer to the last request; ``retry_after`` is its header's, seconds."""
        asked = self._taken(now)
        if asked is None:
            return
        verb = asked.verb
        if status in (200, 201):
            found = objects.read(body)
            if found is None:
                self._failed(asked, Failure.UNREADABLE, "the answer is no Lease", now)
                return
            news = self._observed(found, now)
        elif status == 404 and verb is Verb.GET:
            news = self._observed(None, now)
        elif asked.overtaken(status) and not self._conflicts:
            # Somebody else wrote, or a write of our own of which we were not told.
            self._conflicts += 1
            self._due = now
            return
        else:
            self._failed(asked, *refusal(status, body), now, retry_after)
            return
        if self._stopping:
            self._went_on_releasing(verb)
        elif verb.writes:
            self._claimed(asked, now)
        else:
            self._looked(now, news=news)

    def broken(self, cause: Failure, detail: str, now: float) -> None:
        """No answer came; a write may have arrived all the same."""
        asked = self._taken(now)
        if asked is not None:
            self._failed(asked, cause, detail, now)

    def _read_or_write(self, wall: float) -> tuple[Verb, str, bytes]:
        place, lease = self._place, self._sight.lease
        if not self._fresh:
            return Verb.GET, place.path, b""
        body = objects.written(
            place,
            lease,
            "" if self._stopping else self._identity,
            seconds=self._timing.lease_duration,
            wall=wall,
            payload=self._publication.payload,
        )
        if lease is None:
            return Verb.CREATE, place.collection, body
        return Verb.UPDATE, place.path, body

    def _taken(self, now: float) -> Request | None:
        self._look_at_clock(now)
        asked, self._asked = self._asked, None
        self._fresh = False
        return asked

    def _observed(self, found: Lease | None, now: float) -> bool:
        """The Lease is this, or there is none; whether that is news."""
        news = self._sight.saw(found, now)
        self._telemetry.observed = True
        holder = found.holder if found else ""
        if holder != self._telemetry.holder:
            self._telemetry.holder = holder
            if holder not in ("", self._identity):
                self._note("info", "led by another", {"leader": holder})
        if found and holder != self._identity:
            self._claims = False
            if self._leads:
                self._ceased(f"the lease is held by {holder or 'nobody'}")
        return news

    def _looked(self, now: float, *, news: bool) -> None:
        """The Lease was read: it is claimed at once if it is free."""
        lease = self._sight.lease
        if news and lease and not self._leads:
            self._hooks.on_observed(lease.payload)
        self._fresh = self._sight.free_for(self._identity, now, leads=self._leads)
        self._due = now
        if not self._fresh:
            self._in_order()
            # As soon as it can be free, but not in step with other standbys until then.
            self._due = min(now + self._pause(), self._sight.runs_out)

    def _claimed(self, asked: Request, now: float) -> None:
        """The Lease was written; by all that is right it has our name in it now."""
        lease = self._sight.lease
        if lease is None or lease.holder != self._identity:
            self._failed(asked, Failure.UNREADABLE, "the answer names another holder", now)
            return
        self._in_order()
        self._due = now
        until = asked.started + self._timing.renew_deadline
        if now >= until:
            return  # told too late: it is ours, and has to be claimed again
        self._fresh = True
        self._valid_until = until
        news = self._publication.wrote(asked.payload, asked.started, len(asked.body))
        if news and asked.payload is not None:
            self._hooks.on_published(asked.payload)
        self._due = asked.started + self._pause()
        if not self._leads:
            self._began(lease)

    def _went_on_releasing(self, verb: Verb) -> None:
        lease = self._sight.lease
        self._fresh = self._claims = lease is not None and lease.holder == self._identity
        if verb.writes and self.released:
            self._note("info", "lease released", {})

    def _began(self, lease: Lease) -> None:
        self._leads = True
        self._publication.forget()
        self._telemetry.transitions += 1
        self._note("info", "leading", {"transitions": lease.transitions})
        self._hooks.on_started_leading(lease.payload)

    def _ceased(self, why: str) -> None:
        self._leads = False
        self._valid_until = -inf
        if not self._stopping:
            self._publication.forget()
        self._note("info" if self._stopping else "warning", "leading no more", {"why": why})
        self._hooks.on_stopped_leading()

    def _look_at_clock(self, now: float) -> None:
        if self._leads and now >= self._valid_until:
            self._due = now
            failure = self._telemetry.last_failure
            self._ceased("not renewed in time" + (f" ({failure})" if failure else ""))

    def _in_order(self) -> None:
        self._conflicts = 0
        self._trouble.over()

    def _failed(
        self,
        asked: Request,
        cause: Failure,
        detail: str,
        now: float,
        retry_after: float | None = None,
    ) -> None:
        self._conflicts = 0
        self._renew_credentials = cause is Failure.UNAUTHORIZED
        self._trouble.failed(asked.verb, cause, detail)
        if self._stopping:
            self._due = now + _RELEASE_AGAIN_SECONDS
            return
        self._due = asked.started + self._pause()
        if retry_after is not None:
            self._due = max(self._due, now + min(retry_after, self._timing.lease_duration))
        self._publication.not_before(self._due)

    def _pause(self) -> float:
        """The retry period, stretched at random: replicas do not go in step."""
        return self._timing.retry_period * (1.0 + (JITTER_FACTOR - 1.0) * self._uniform())
