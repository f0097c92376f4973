# SPDX-License-Identifier: Apache-2.0
"""Which records were counted already: batches are sent again, and logs overlap.

A record is known by its audit id, its stage and both its times: clients can choose the audit id,
so it alone must hide nothing. Kept are 64 bits of a hash of them, in two generations of which the
older one goes as a whole.
"""

from __future__ import annotations

from xxhash import xxh3_64_intdigest

from exporter.audit.record import AuditRecord


class Identities:
    """The records of a bounded past.

    At most ``limit`` are known, and at least half as many of the latest. ``seed`` is 64 bits that
    nobody else knows: who may choose an audit id must not be able to choose one that looks like
    another's to us.
    """

    def __init__(self, *, limit: int, seed: int = 0) -> None:
        self.limit = limit
        self.evicted = 0
        """Forgotten for want of room; such a record that comes again is counted again."""
        self._seed = seed
        self._room = max(limit // 2, 1)
        self._latest: set[int] = set()
        self._before: set[int] = set()

    def __len__(self) -> int:
        return len(self._latest) + len(self._before)

    def is_new(self, record: AuditRecord) -> bool:
        """Whether it was not met before; from now on it was."""
        # The audit id is last: it may hold anything.
        text = f"{record.stage}\n{record.received}\n{record.staged}\n{record.audit_id}"
        identity = xxh3_64_intdigest(text.encode(), self._seed)
        if identity in self._latest or identity in self._before:
            return False
        if len(self._latest) >= self._room:
            self.evicted += len(self._before)
            self.next_generation()
        self._latest.add(identity)
        return True

    def next_generation(self) -> None:
        """Another period has passed: what was not met in this one or the one before is old."""
        self._before = self._latest
        self._latest = set()
