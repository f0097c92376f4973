# SPDX-License-Identifier: Apache-2.0
"""The handover: what a leader says to the standby after each scrape, as text in its Lease.

How far it has seen the cluster, and what no scraper was shown of that. Only births of the last
scrapes are held back, so it is short.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from exporter.checkpoint.state import Cut, Held, amount_of

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Handover:
    """What the leader has shown; nothing where there was no leader."""

    versions: Mapping[str, int] = field(default_factory=dict)
    """resourceVersions up to which it had seen all, by scope."""
    held: Sequence[Held] = ()
    """What is missing of that on every page that was sent."""

    def is_beyond(self, other: Handover) -> bool:
        """Whether it has seen more of some scope."""
        return any(to > other.versions.get(scope, 0) for scope, to in self.versions.items())


def written(cut: Cut, limit: int) -> tuple[str, int]:
    """The text of a cut that was shown, of ``limit`` bytes at the most, and how many series had
    no room in it.
    """
    rows = [json.dumps(each.what) for each in cut.held]
    head = f'{{"handover":{_VERSION},"versions":{json.dumps(cut.versions)},"held":['
    room = limit - len(head) - len("]}")
    kept: list[str] = []
    for row in rows:  # JSON of json.dumps is ASCII: a character is a byte
        room -= len(row) + 1
        if room < 0:
            break
        kept.append(row)
    return f"{head}{','.join(kept)}]}}", len(rows) - len(kept)


def read(text: str) -> Handover | None:
    """What a leader wrote; an empty one where nobody did, None where it cannot be read."""
    if not text:
        return Handover()
    try:
        found = json.loads(text)
        if found["handover"] != _VERSION:
            return None
        versions = {str(scope): int(version) for scope, version in found["versions"].items()}
        held = [
            Held(str(family), tuple(map(str, labels)), amount_of(amount))
            for family, labels, amount in found["held"]
        ]
    except (ValueError, TypeError, LookupError, AttributeError):
        return None
    return Handover(versions, held)
