"""One exporter, in a process of its own: takes orders from standard input, answers with figures."""

from __future__ import annotations

import gc
import sys

import msgspec

from exporter.config import Config
from exporter.metrics.text import Format
from tests.plateau.catalogue import catalogue
from tests.plateau.house import House, Leader, Standby
from tests.plateau.orders import (
    AnyOrder,
    Begin,
    Closed,
    HandedOver,
    Listed,
    Measured,
    Minute,
    Scraped,
    Watched,
    taken,
)


def main() -> None:
    """Until the orders end."""
    orders = taken(sys.stdin.buffer)
    first = next(orders)
    assert isinstance(first, Begin)
    house = _built(first)
    gc.collect()
    gc.freeze()  # as ``run`` does
    for order in orders:
        house.now = order.now
        _obey(house, order)


def _built(begin: Begin) -> House:
    config = Config(
        event_ttl=begin.event_ttl,
        series_ttl=begin.series_ttl,
        checkpoint_path=begin.checkpoint,
    )
    return (Leader if begin.checkpoint else Standby)(config, catalogue(begin.haste), begin.now)


def _obey(house: House, order: AnyOrder) -> None:
    match order:
        case Watched():
            house.watched(order.lines)
        case Listed():
            house.listed(order.body)
        case Closed():
            house.closed()
        case Minute():
            house.minute()
        case Scraped():
            assert isinstance(house, Leader)
            format_ = Format.OPENMETRICS if order.openmetrics else Format.TEXT
            house.scraped(order.scraper, order.connection, format_, sent=order.sent)
        case HandedOver():
            assert isinstance(house, Standby)
            house.handed_over(order.version)
        case Measured():
            print(msgspec.json.encode(house.figures()).decode(), flush=True)
        case Begin():
            raise RuntimeError("a process begins once")


if __name__ == "__main__":
    main()
