# SPDX-License-Identifier: Apache-2.0
"""What the leader publishes with its Lease: the latest payload, and when it may be written."""

from __future__ import annotations

from math import inf

from exporter.election.lease import PAYLOAD_LIMIT_BYTES, PayloadTooLargeError

# A payload comes after each scrape, and each is a write of the whole Lease to etcd, which
# keeps all of the last five minutes.
SPACING_SECONDS = 0.1
_BYTES_A_SECOND = 64 * 1024


class Publication:
    """The latest payload counts; one that was not written before the next came is never."""

    def __init__(self) -> None:
        self.payload: str | None = None
        """None as long as the one that stands in the Lease is to stay there."""
        self._written: str | None = None
        self._not_before = -inf

    def offer(self, payload: str) -> None:
        """From now on ``payload`` is to be written. Raises ``PayloadTooLargeError``."""
        if len(payload.encode()) > PAYLOAD_LIMIT_BYTES:
            raise PayloadTooLargeError(f"a payload of more than {PAYLOAD_LIMIT_BYTES} bytes")
        self.payload = payload

    @property
    def due(self) -> float:
        """When to write on its account; infinity where nothing waits to be written."""
        return inf if self.payload == self._written else self._not_before

    def wrote(self, payload: str | None, started: float, size: int) -> bool:
        """A write of ``size`` bytes, begun at ``started``, carried ``payload``; whether it was
        the first to do so.
        """
        news, self._written = payload != self._written, payload
        self.not_before(started + max(SPACING_SECONDS, size / _BYTES_A_SECOND))
        return news

    def not_before(self, moment: float) -> None:
        """A write is not worth a try until then."""
        self._not_before = moment

    def forget(self) -> None:
        """What stands in the Lease is to stay."""
        self.payload = self._written = None
