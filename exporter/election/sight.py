# SPDX-License-Identifier: Apache-2.0
"""What one candidate has seen of the Lease, when on its own clock, and whether it is free."""

from __future__ import annotations

from math import inf

from exporter.election.lease import Lease


class Sight:
    """``duration`` seconds is a Lease good for that does not say for how long."""

    def __init__(self, duration: float) -> None:
        self.lease: Lease | None = None
        """As last seen; None where there is none."""
        self._duration = duration
        self._promised = duration
        self._version: str | None = None
        self._since = inf
        self._met = False

    def saw(self, found: Lease | None, now: float) -> bool:
        """The server showed this version, or that there is no Lease; whether that is news."""
        self.lease = found
        self._met = self._met or found is not None
        version = found.version if found else ""
        if version == self._version:
            return False
        self._version, self._since = version, now
        if found and found.holder:
            # The holder's own figure, as client-go: its flags may differ from ours.
            self._promised = found.duration or self._duration
        return True

    @property
    def runs_out(self) -> float:
        """When the Lease is free, if nothing changes."""
        return self._since + self._promised

    def free_for(self, identity: str, now: float, *, leads: bool) -> bool:
        """Whether ``identity``, who ``leads`` or not, can claim it without two leading."""
        if self.lease is not None and self.lease.holder in ("", identity):
            return True
        if self.lease is None and (leads or not self._met):
            # Otherwise it was deleted: who held it goes on until it learns of that.
            return True
        return now >= self.runs_out
