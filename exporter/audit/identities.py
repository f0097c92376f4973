# SPDX-License-Identifier: Apache-2.0
"""Which records were counted already: batches are sent again, and log and webhook say the same.

A record is known by its audit id, its stage and both its times: clients can choose the audit id,
so it alone must hide nothing. Kept are 64 bits of a hash of them, in two generations of which the
older one goes as a whole.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from xxhash import xxh3_64_intdigest

from exporter.audit.record import AuditRecord

_WIDTH = "Q"  # 64 bits


class Remembered(NamedTuple):
    """Identities of one source and generation, as they are kept on disk."""

    source: str
    generation: int
    identities: bytes


class Identities:
    """The records of a bounded past, by the source that brought them first.

    Of each source at most ``limit`` are known, and at least half as many of the latest. A source
    has room of its own: a log of many hours, read at once, must not push out what came by webhook
    and stands in that log further down. ``seed`` is 64 bits that nobody else knows: who may choose
    an audit id must not be able to choose one that looks like another's to us.
    """

    def __init__(self, sources: Iterable[str], *, limit: int, seed: int = 0) -> None:
        self.limit = limit
        self.seed = seed
        self._room = max(limit // 2, 1)
        self._of = {source: _Generations() for source in sources}
        self._tables: Sequence[set[int]] = []
        self._keeping = False
        self._gather()

    def __len__(self) -> int:
        return sum(self.known().values())

    def known(self) -> Mapping[str, int]:
        """How many are known, by source."""
        return {name: len(of.latest) + len(of.before) for name, of in self._of.items()}

    def evicted(self) -> Mapping[str, int]:
        """How many were forgotten for want of room, by source; such a record that comes again is
        counted again.
        """
        return {name: of.evicted for name, of in self._of.items()}

    def is_new(self, record: AuditRecord, source: str) -> bool:
        """Whether no source has brought it before; from now on one has."""
        # The audit id is last: it may hold anything.
        text = f"{record.stage}\n{record.received}\n{record.staged}\n{record.audit_id}"
        identity = xxh3_64_intdigest(text.encode(), self.seed)
        for table in self._tables:
            if identity in table:
                return False
        of = self._of[source]
        if len(of.latest) >= self._room:
            of.evicted += len(of.before)
            of.next()
            self._gather()
        of.latest.add(identity)
        if self._keeping:
            of.untaken[-1].append(identity)
        return True

    def next_generation(self) -> None:
        """Another period has passed: what was not met in this one or the one before is old."""
        for of in self._of.values():
            of.next()
        self._gather()

    def keep_changes(self) -> None:
        """From now on ``take_new`` has what is new."""
        self._keeping = True

    def take_new(self) -> list[Remembered]:
        """What was met since this was last asked for, as far as it is known still."""
        taken = []
        for name, of in self._of.items():
            for age, fresh in enumerate(reversed(of.untaken)):
                if fresh:
                    taken.append(Remembered(name, of.number - age, fresh.tobytes()))
            of.untaken = [array(_WIDTH)]
        return taken

    def oldest(self) -> Mapping[str, int]:
        """The oldest generation that is known, by source."""
        return {name: of.number - 1 for name, of in self._of.items()}

    def restore(self, seed: int, kept: Iterable[Remembered]) -> None:
        """Go on from what another process knew; ``ValueError`` where it cannot be read."""
        self.seed = seed
        kept = [each for each in kept if each.source in self._of]
        for name, of in self._of.items():
            of.number = max((k.generation for k in kept if k.source == name), default=1)
        for each in kept:
            of = self._of[each.source]
            found = array(_WIDTH)
            found.frombytes(each.identities)
            if each.generation == of.number:
                of.latest.update(found)
            else:
                of.before = of.before | set(found)
        self._gather()

    def _gather(self) -> None:
        self._tables = [
            table
            for of in self._of.values()
            for table in (of.latest, of.before)
            if table is not _NONE
        ]


_NONE: set[int] = set()


class _Generations:
    """Of one source."""

    __slots__ = ("before", "evicted", "latest", "number", "untaken")

    def __init__(self) -> None:
        self.latest: set[int] = set()
        self.before = _NONE
        self.number = 1
        """Of the latest generation."""
        self.evicted = 0
        self.untaken = [array(_WIDTH)]
        """What is new in the generation before, if any, and in the latest, which is last."""

    def next(self) -> None:
        self.before, self.latest = self.latest, set()
        self.number += 1
        self.untaken = [self.untaken[-1], array(_WIDTH)]
