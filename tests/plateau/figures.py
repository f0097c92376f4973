"""What is measured of an exporter, and by how much each figure may still rise."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median

import msgspec


class Figures(msgspec.Struct, frozen=True):
    """Of one exporter at one moment."""

    resident: float
    """VmRSS in MB of 10**6 bytes."""
    blocks: float
    """Thousands of blocks that the interpreter has allocated: memory without the noise of pages."""
    ledger: int
    """Entries."""
    series: int
    """Of the families that count events."""
    open: int
    """Pairs of all lifecycles."""
    waiting: int
    """Changes that wait for a scrape: of the ledger; of a standby the notes of its journal."""
    checkpoint: float = 0.0
    """kB of the file and its log; 0 where there is none."""
    counted: int = 0
    """Occurrences since the process began; it is no figure that should stay."""


@dataclass(frozen=True, slots=True)
class Figure:
    """``name`` is the field of ``Figures``; ``tolerance`` the part by which it may be higher in the
    second half than it was in the first.
    """

    name: str
    title: str
    unit: str
    tolerance: float
    of: Callable[[Iterable[float]], float] = max
    """What of a half is compared."""
    of_name: str = "at most"
    of_the_town: bool = True
    """Whether it is as uneven as the town itself: the more so the smaller that is."""


FIGURES = (
    # The allocator keeps pages that a list of everything once needed.
    Figure("resident", "resident memory", "MB", 0.10, of_the_town=False),
    Figure("blocks", "allocated blocks", "thousands", 0.05, of_the_town=False),
    Figure("ledger", "ledger entries", "", 0.05),
    Figure("series", "series", "", 0.05),
    # Of who is killed only some hundred are open: what the last hour left open by chance.
    Figure("open", "open lifecycles", "", 0.10),
    # The log grows to four megabytes before it is written over.
    Figure("checkpoint", "checkpoint file and its log", "kB", 0.10, of_the_town=False),
    # Some seconds' worth, as uneven as the cluster: its peaks say nothing.
    Figure("waiting", "changes waiting for a scrape", "", 0.25, median, "in the median"),
)
