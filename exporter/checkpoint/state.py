# SPDX-License-Identifier: Apache-2.0
"""The vocabulary of the checkpoint: what one moment leaves behind, and what a start finds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from exporter.events.changes import Changes
from exporter.metrics.series import Amount

Labels = tuple[str, ...]


def amount_of(value: object) -> Amount:
    """What was read as an amount; ``ValueError`` where it can be none."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, list) and all(
        isinstance(each, int | float) and not isinstance(each, bool) for each in value
    ):
        return value
    raise ValueError(f"{value!r} is no amount")


# No dataclass: 100 000 births on one page are as many of these at once, and made so they cost a
# tenth, and the garbage collector does not go through them.
class Held(msgspec.Struct, frozen=True, gc=False):
    """What a series has that no scraper was shown: it was born too late."""

    family: str
    labels: Labels
    amount: Amount
    birth: int = 0

    @property
    def what(self) -> tuple[str, Labels, Amount]:
        """All but its birth, which another process does not know."""
        return self.family, self.labels, self.amount


@dataclass(frozen=True, slots=True)
class Marks:
    """What a ledger knows beside its entries."""

    since: float
    """Unix seconds on the cluster's clocks, as the next."""
    evicted_up_to: float
    clock: float
    """Seconds on the clock by which entries end."""


@dataclass(slots=True)
class Cut:
    """The state at one moment, as what changed since the cut before it."""

    number: int
    told: int
    """Births up to here are shown at their values."""
    changes: dict[str, Changes]
    """Of the ledgers, by scope."""
    marks: Mapping[str, Marks]
    held: Sequence[Held]
    scrapers: Sequence[str] = ()
    versions: Mapping[str, int] = field(default_factory=dict)
    """resourceVersions up to which all was seen, by scope, where somebody asks for them."""

    def take_in(self, before: Cut) -> None:
        """The changes of a cut before this one belong to it too."""
        for scope, changes in before.changes.items():
            self.changes[scope] = changes.followed_by(self.changes[scope])


@dataclass(frozen=True, slots=True)
class RestoredLedger:
    """Of one scope."""

    marks: Marks
    entries: Sequence[tuple[bytes, int, bool]]
    """Key, entry, and whether it had ended."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What another process left behind."""

    seed: int
    """Of the ledgers' keys."""
    ledgers: Mapping[str, RestoredLedger] = field(default_factory=dict)
    """By scope."""
    held: Sequence[Held] = ()
    scrapers: Iterable[str] = ()
