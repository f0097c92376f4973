"""An exporter without a network: its scopes, its clock and its page."""

from __future__ import annotations

from exporter.election import Elector
from exporter.events import EventObject, Ledger
from exporter.kube.frames import FrameReader, Undecodable
from exporter.kube.telemetry import Telemetry
from exporter.metrics.births import Births, Scrapers
from exporter.metrics.page import Page
from exporter.metrics.text import Format
from exporter.pipeline import Counting, Scope
from exporter.rules.loading import load
from exporter.selfmetrics import ProcessMetrics, SelfMetrics, Watched
from exporter.web.reviews import Tally
from tests.unit.metrics.house import Clock, samples

WALL = 1_795_347_600.0
RULES = """
lifecycles:
  pull: {key: [$uid], max_age: 1h}
  start: {key: [$uid], max_age: 1h}
rules:
  - {id: begins, components: [kubelet], reasons: [Begins], opens: pull}
  - {id: between, components: [kubelet], reasons: [Between], closes: pull, opens: start}
  - {id: ends, components: [kubelet], reasons: [Ends], closes: start, outcome: ready}
  - {id: fails, components: [kubelet], reasons: [Fails], closes: start, outcome: failed}
"""


class Exporter:
    """All of it but the network: two scopes, a clock, a page."""

    def __init__(
        self,
        *scopes: str,
        series_limit: int = 10,
        elector: Elector | None = None,
        reviews: Tally | None = None,
    ) -> None:
        self.clock = Clock()
        births = Births(self.clock)
        self.scrapers = Scrapers(births, self.clock)
        rules = load([("rules.yaml", RULES)], self.clock)
        self.counting = Counting(rules, births, series_limit=series_limit)
        self.watched = [
            Watched(
                Telemetry(scope=scope),
                Scope(
                    self.counting,
                    Ledger(retention=7200.0, limit=100),
                    monotonic=self.clock,
                    wall=lambda: WALL,
                ),
            )
            for scope in scopes or ("",)
        ]
        own = SelfMetrics(
            births,
            self.scrapers,
            self.counting,
            self.watched,
            elector=elector,
            reviews=reviews,
        )
        self.page = Page(
            (*self.counting.families(), *own.families()),
            births,
            self.scrapers,
            refresh=own.refresh,
            foreign=ProcessMetrics(),
        )

    def text(self, format_: Format = Format.TEXT) -> str:
        return b"".join(self.page.render(format_)[0]).decode()

    def value(self, name: str, labels: str = "") -> float:
        """One sample of the page."""
        head = f"kube_event_metrics_{name}{{{labels}}}" if labels else f"kube_event_metrics_{name}"
        return samples(self.text())[head]

    def happens(self, reason: str) -> None:
        """An event of that reason arrives at the first scope."""
        line = (
            b'{"type":"ADDED","object":{"metadata":{"name":"%b","namespace":"shop","uid":"u",'
            b'"resourceVersion":"7"},"involvedObject":{"kind":"Pod","namespace":"shop"},'
            b'"reason":"%b","type":"Normal","count":1,"lastTimestamp":"2026-11-22T11:39:58Z"}}\n'
        )
        frame = FrameReader(EventObject).frame(line % (reason.encode(), reason.encode()))
        assert not isinstance(frame, Undecodable)
        assert isinstance(frame.object, EventObject)
        assert self.watched[0].scope.changed("ADDED", frame.object)
