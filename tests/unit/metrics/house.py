"""A page over a few families, with a clock that tests move and readers of every kind."""

from __future__ import annotations

from collections.abc import Mapping

from exporter.metrics.births import Births, Scrapers
from exporter.metrics.bounds import LabelBounds
from exporter.metrics.counter import CounterFamily, GaugeFamily
from exporter.metrics.declaration import Declaration, MetricType
from exporter.metrics.histogram import HistogramFamily
from exporter.metrics.page import Page
from exporter.metrics.series import Describe, Family, Series
from exporter.metrics.text import Format

COUNTER = Declaration("kube_things_total", MetricType.COUNTER, "Things.", ("reason",))
GAUGE = Declaration("kube_level", MetricType.GAUGE, "A level.", ("reason",))
HISTOGRAM = Declaration(
    "kube_wait_seconds", MetricType.HISTOGRAM, "Waiting.", ("reason",), buckets=(1, 2.5)
)


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


class House:
    """Families share the births; the page shows them in the order they were made."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.births = Births(self.clock)
        self.scrapers = Scrapers(self.births, self.clock)
        self._families: list[Family[Series]] = []

    def counter(
        self,
        declaration: Declaration = COUNTER,
        *,
        limit: int = 0,
        bounds: LabelBounds | None = None,
        describe: Describe | None = None,
    ) -> CounterFamily:
        family = CounterFamily(
            declaration,
            births=self.births,
            bounds=bounds or (LabelBounds() if limit else None),
            limit=limit,
            describe=describe,
        )
        self._families.append(family)
        return family

    def gauge(self, declaration: Declaration = GAUGE, *, limit: int = 0) -> GaugeFamily:
        family = GaugeFamily(
            declaration,
            births=self.births,
            bounds=LabelBounds() if limit else None,
            limit=limit,
        )
        self._families.append(family)
        return family

    def histogram(
        self, declaration: Declaration = HISTOGRAM, *, describe: Describe | None = None
    ) -> HistogramFamily:
        family = HistogramFamily(declaration, births=self.births, describe=describe)
        self._families.append(family)
        return family

    def page(self) -> Page:
        """All families so far."""
        return Page(self._families, self.births, self.scrapers)

    def text(self, scraper: str = "", format_: Format = Format.TEXT) -> str:
        """The page as it is rendered; nobody is told that it was sent."""
        return b"".join(self.page().render(format_, scraper)[0]).decode()

    def scrape(
        self, scraper: str, connection: object = None, *, sent: bool = True
    ) -> dict[str, float]:
        """The samples of a scrape, which is sent whole unless a test says otherwise.

        By default all are asked for on one connection.
        """
        page = self.page()
        parts, showing = page.render(Format.TEXT, scraper, connection)
        body = b"".join(parts).decode()
        if sent:
            page.shown(showing)
        return dict(samples(body))

    def curl(self) -> dict[str, float]:
        """The samples a person sees."""
        return dict(samples(self.text()))


def samples(text: str) -> Mapping[str, float]:
    """What stands before each sample's value, and the value."""
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            head, _, value = line.rpartition(" ")
            found[head] = float(value)
    return found
