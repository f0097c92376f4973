"""What an exporter process is told, and how that goes over its pipe.

The clock is the player's: each order says what time it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

import msgspec

_LENGTH_BYTES = 4


class Order(msgspec.Struct, frozen=True, tag=True):
    """``now`` is in Unix seconds."""

    now: float


class Begin(Order, frozen=True):
    """The first order: what it is. Without a ``checkpoint`` it stands by.

    Pairs of the catalogue may be open for one part in ``haste`` of the time that it says.
    """

    event_ttl: float
    series_ttl: float
    haste: int
    checkpoint: str


class Listed(Order, frozen=True):
    """A page of a list."""

    body: bytes


class Watched(Order, frozen=True):
    """Lines of a watch."""

    lines: bytes


class Closed(Order, frozen=True):
    """The watch has ended, in order."""


class Minute(Order, frozen=True):
    """A minute has passed: the chores of one are due."""


class Scraped(Order, frozen=True):
    """A page is asked for, and ``sent`` whole or not. A person has no name."""

    scraper: str
    connection: int
    openmetrics: bool
    sent: bool


class HandedOver(Order, frozen=True):
    """To a standby: the leader was scraped, and had seen all up to this resourceVersion."""

    version: int


class Measured(Order, frozen=True):
    """Say the figures."""


AnyOrder = Begin | Listed | Watched | Closed | Minute | Scraped | HandedOver | Measured
_DECODER = msgspec.msgpack.Decoder(AnyOrder)


def give(pipe: IO[bytes], order: AnyOrder) -> None:
    """Write one order."""
    body = msgspec.msgpack.encode(order)
    pipe.write(len(body).to_bytes(_LENGTH_BYTES))
    pipe.write(body)
    pipe.flush()


def taken(pipe: IO[bytes]) -> Iterator[AnyOrder]:
    """Read orders until the pipe is closed."""
    while length := pipe.read(_LENGTH_BYTES):
        yield _DECODER.decode(pipe.read(int.from_bytes(length)))
