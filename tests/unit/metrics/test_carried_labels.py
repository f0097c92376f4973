"""Labels that every series of a family shows, and that tell none apart."""

from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families

from exporter.metrics.births import Births, Scrapers
from exporter.metrics.counter import CounterFamily, GaugeFamily
from exporter.metrics.declaration import Declaration, MetricType
from exporter.metrics.histogram import HistogramFamily
from exporter.metrics.page import Page
from exporter.metrics.series import Family, Series
from exporter.metrics.text import Format
from exporter.selfmetrics import ProcessMetrics

CARRIED = (("cluster", 'eu "1"'), ("team", "shop"))
SCRAPER = "10.0.0.1 Prometheus"


def family(kind: type[Family[Series]], *labels: str) -> Family[Series]:
    type_ = {
        CounterFamily: MetricType.COUNTER,
        GaugeFamily: MetricType.GAUGE,
        HistogramFamily: MetricType.HISTOGRAM,
    }[kind]
    name = "a_total" if type_ is MetricType.COUNTER else "a"
    buckets = (1.0,) if type_ is MetricType.HISTOGRAM else ()
    return kind(Declaration(name, type_, "Help.", labels, buckets), births=Births(lambda: 0.0))


def shown(family: Family[Series], scraper: str = "") -> list[dict[str, str]]:
    """The labels of all samples, as Prometheus' parser reads them."""
    births = Births(lambda: 0.0)
    page = Page((family,), births, Scrapers(births, lambda: 0.0))
    text = b"".join(page.render(Format.TEXT, scraper)[0]).decode()
    return [s.labels for found in text_string_to_metric_families(text) for s in found.samples]


@pytest.mark.parametrize("kind", [CounterFamily, GaugeFamily, HistogramFamily])
@pytest.mark.parametrize("labels", [(), ("b",)], ids=["without", "with"])
def test_they_stand_on_every_sample(kind: type[Family[Series]], labels: tuple[str, ...]) -> None:
    """Of series that were there before, of later ones, and of a birth that is shown at 0."""
    one = family(kind, *labels)
    values = tuple("1" for _ in labels)
    one.at(values)
    one.carry(CARRIED)
    if labels:
        one.at(("2",))
    for scraper in ("", SCRAPER):
        found = shown(one, scraper)
        assert len(found) >= 1 + len(labels)
        assert all(dict(CARRIED).items() <= each.items() for each in found)
    assert set(one.label_values()) <= {(), ("1",), ("2",)}


def test_none_may_be_there_already() -> None:
    """The error names the label and the family."""
    one = family(CounterFamily, "team")
    with pytest.raises(ValueError, match="team is a label of a_total already"):
        one.carry(CARRIED)


def test_nothing_to_carry_changes_nothing() -> None:
    """As without the options."""
    one = family(CounterFamily)
    one.at(())
    one.carry(())
    assert shown(one) == [{}]


def test_nothing_to_carry_leaves_no_comma() -> None:
    """Which Prometheus' parser of OpenMetrics refuses, and with it the whole page."""
    one, births = family(CounterFamily, "b"), Births(lambda: 0.0)
    one.at(("1",))
    one.carry(())
    page = Page((one,), births, Scrapers(births, lambda: 0.0))
    assert b'a_total{b="1"} 0' in b"".join(page.render(Format.TEXT, "")[0])


@pytest.mark.parametrize("format_", Format)
def test_what_prometheus_client_tells_carries_them_too(format_: Format) -> None:
    """Each sample of the process and the interpreter, and none of a page without such labels."""
    text = ProcessMetrics(CARRIED[:1])(format_).decode()
    samples = [line for line in text.splitlines() if not line.startswith("#")]
    assert {line.partition("{")[0].partition("_")[0] for line in samples} == {"process", "python"}
    assert [line for line in samples if 'cluster="eu \\"1\\""' not in line] == []
    assert "cluster" not in ProcessMetrics()(format_).decode()
