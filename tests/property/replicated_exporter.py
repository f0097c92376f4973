"""Exporters of which one leads, and the Prometheus that scrapes each."""

from __future__ import annotations

from exporter.events import Ledger
from exporter.failover import Failover
from exporter.metrics.births import Births, Scrapers
from exporter.metrics.page import Page
from exporter.metrics.text import Format
from exporter.pipeline import Counting, Scope
from exporter.rules.loading import load
from tests.property.dying_exporter import RULES, Prometheus, speaking
from tests.property.event_store import Store
from tests.unit.events.records import EPOCH
from tests.unit.metrics.house import samples


class Lease:
    """What its holder wrote last, as far as the API server could be reached."""

    def __init__(self) -> None:
        self.payload = ""
        self.reachable = True

    def write(self, payload: str, holder: Failover) -> None:
        """By its holder, who is told when it stands there."""
        if self.reachable:
            self.payload = payload
            holder.published(payload)


class Replica:
    """One exporter, with a watch of its own; a standby until it takes over."""

    def __init__(self, cluster: Store, lease: Lease) -> None:
        self.server = Prometheus()
        """Sees it as an instance of its own."""
        self._cluster = cluster
        self._lease = lease
        self._leads = False
        births = Births(lambda: 0.0)
        scrapers = Scrapers(births, lambda: 0.0)
        counting = Counting(load([("r.yaml", RULES)], lambda: 0.0), births, series_limit=100)
        self._ledger = Ledger(retention=1e9, limit=1000)
        self._scope = Scope(counting, self._ledger, monotonic=lambda: 0.0, wall=lambda: 1e12)
        self._version, self._position = cluster.version, len(cluster.history)
        self._failover = Failover(
            counting,
            {"": self._scope},
            lambda: {"": self._version},
            lambda *_: None,
            limit=100_000,
        )
        self._failover.publish = lambda payload: lease.write(payload, self._failover)
        self._page = Page(
            (),
            births,
            scrapers,
            events=list(counting.bounded()),
            events_shown=lambda: self._leads,
        )
        self._page.witnesses = (self._failover,)
        self._ledger.begin_list(server_time=EPOCH + cluster.now)
        for record in cluster.objects.values():
            self._ledger.listed(speaking(record))
        self._ledger.publish_list(cluster.version, 0.0)

    def watch(self, frames: int) -> None:
        """So many of the frames that were not yet delivered to it."""
        for frame in self._cluster.history[self._position : self._position + frames]:
            record = speaking(frame.record)
            if frame.type == "DELETED":
                self._ledger.ended(record, 0.0)
            elif times := self._ledger.changed(record):
                self._scope.occurred(record, times, 1e12)
            self._position += 1
            self._version = record.resource_version

    def scrape(self) -> None:
        """By its Prometheus; a standby has no event families to show."""
        parts, showing = self._page.render(Format.TEXT, "10.0.0.1 Prometheus", id(self))
        body = b"".join(parts).decode()
        self._page.shown(showing)
        self.server.receive(dict(samples(body)))

    def observes(self) -> None:
        """What the leader wrote."""
        self._failover.observed(self._lease.payload)

    def takes_over(self) -> None:
        """The leader is no more."""
        self._failover.started_leading(self._lease.payload)
        self._leads = True

    def steps_down(self) -> None:
        """It could not renew the Lease."""
        self._failover.stopped_leading()
        self._leads = False
