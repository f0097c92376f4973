# SPDX-License-Identifier: Apache-2.0
"""The failures of a candidate's requests: each counted, logged once for each change of state."""

from __future__ import annotations

from exporter.election.lease import LeasePlace
from exporter.election.request import Verb
from exporter.election.telemetry import ElectionTelemetry
from exporter.kube.telemetry import Failure
from exporter.notes import Note


class Trouble:
    """From the first failure until all is well again."""

    def __init__(self, place: LeasePlace, telemetry: ElectionTelemetry, note: Note) -> None:
        self._place = place
        self._telemetry = telemetry
        self._note = note
        self._told: tuple[Verb, Failure] | None = None
        self._failures = 0

    def failed(self, verb: Verb, cause: Failure, detail: str) -> None:
        """A request failed."""
        telemetry = self._telemetry
        telemetry.failures[cause] += 1
        telemetry.last_failure = f"{cause.value}: {detail}"
        self._failures += 1
        if cause is Failure.FORBIDDEN:
            telemetry.refused = verb.value
        if self._told == (verb, cause):
            return
        self._told = verb, cause
        fields: dict[str, object] = {"cause": cause.value, "detail": detail}
        if cause is Failure.FORBIDDEN:
            what = f"not allowed to {verb.value} leases in namespace {self._place.namespace}"
            self._note("error", what, fields)
        else:
            self._note("warning", f"{verb.value} of the lease failed", fields)

    def over(self) -> None:
        """What was to be done was done."""
        self._telemetry.last_failure = self._telemetry.refused = ""
        if self._told is not None:
            self._note("info", "lease reachable again", {"after_failures": self._failures})
        self._told = None
        self._failures = 0
