"""What is put in is what Prometheus' own readers read out, in both formats."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as openmetrics_families,
)
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from exporter.metrics.declaration import Declaration, MetricType
from exporter.metrics.text import Format
from tests.unit.metrics.house import House

LABELS = ("namespace", "reason")
COUNTER = Declaration("kube_things_total", MetricType.COUNTER, "Things.", LABELS)
GAUGE = Declaration("kube_level", MetricType.GAUGE, "A level.", LABELS)
HISTOGRAM = Declaration(
    "kube_wait_seconds", MetricType.HISTOGRAM, "Waiting.", LABELS, buckets=(0.25, 1, 2.5, 60)
)

# Every character but lone surrogates, and more often those that a format could trip over.
texts = st.text(max_size=40) | st.text('\\"\n\r\t\x00\x85\u2028# {},=a', max_size=12)
# prometheus_client 0.26 does not know an escaped quote in an exemplar; that it is escaped is
# shown in tests/unit/metrics/test_text.py.
unquoted = texts.map(lambda text: text.replace('"', "'"))
long_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters='"'), max_size=300)
label_sets = st.tuples(texts, texts)


def read(house: House, format_: Format) -> dict[str, Metric]:
    """The families by name, as a reader of that format sees them."""
    text = house.text(format_=format_)
    parse = (
        openmetrics_families if format_ is Format.OPENMETRICS else text_string_to_metric_families
    )
    return {family.name: family for family in parse(text)}


def by_labels(family: Metric) -> dict[tuple[str, str], Sample]:
    """The samples of a family with one sample a series."""
    return {(s.labels["namespace"], s.labels["reason"]): s for s in family.samples}


@given(st.dictionaries(label_sets, st.integers(0, 2**53), max_size=8))
def test_counters_are_read_back(values: dict[tuple[str, str], int]) -> None:
    """Every label set and count comes back exactly, none more and none less."""
    house = House()
    family = house.counter(COUNTER)
    for labels, value in values.items():
        family.at(labels).inc(value)
    for format_ in Format:
        found = read(house, format_)["kube_things"]
        assert found.type == "counter"
        assert found.documentation == "Things."
        assert {k: s.value for k, s in by_labels(found).items()} == values
        assert len(found.samples) == len(values)


@given(st.dictionaries(label_sets, st.floats() | st.integers(-(2**53), 2**53), max_size=8))
def test_gauges_are_read_back(values: dict[tuple[str, str], float]) -> None:
    """Every number comes back as itself: fractions, infinities and what is no number."""
    house = House()
    family = house.gauge(GAUGE)
    for labels, value in values.items():
        family.at(labels).set(value)
    for format_ in Format:
        found = by_labels(read(house, format_)["kube_level"])
        assert found.keys() == values.keys()
        for labels, value in values.items():
            read_back = found[labels].value
            assert read_back == value or (math.isnan(read_back) and math.isnan(value))


@given(
    st.dictionaries(
        label_sets,
        st.lists(st.tuples(st.floats(0, 1e9), st.integers(1, 50)), min_size=1, max_size=6),
        max_size=4,
    )
)
def test_histograms_are_read_back(
    observed: dict[tuple[str, str], list[tuple[float, int]]],
) -> None:
    """Each bucket counts what is not above its bound, and sum and count are those of all."""
    house = House()
    family = house.histogram(HISTOGRAM)
    for labels, observations in observed.items():
        for value, times in observations:
            family.at(labels).observe(value, times)
    for format_ in Format:
        samples = read(house, format_)["kube_wait_seconds"].samples
        assert len(samples) == 7 * len(observed)
        for sample in samples:
            mine = observed[sample.labels["namespace"], sample.labels["reason"]]
            if sample.name == "kube_wait_seconds_sum":
                assert math.isclose(sample.value, sum(v * n for v, n in mine))
            else:
                bound = float(sample.labels.get("le", "+Inf"))
                assert sample.value == sum(n for v, n in mine if v <= bound)


@given(unquoted, unquoted, st.integers(1, 1000))
def test_exemplars_are_read_back(pod: str, node: str, weight: int) -> None:
    """An exemplar's labels come back whole where they fit, with the value they stand for."""
    house = House()
    family = house.counter(COUNTER, describe=lambda _detail: (("pod", pod), ("node", node)))
    family.at(("shop", "Pulled")).inc(weight, "seen")
    (sample,) = read(house, Format.OPENMETRICS)["kube_things"].samples
    expected = {name: value for name, value in (("pod", pod), ("node", node)) if value}
    if expected:
        assert sample.exemplar is not None
        assert sample.exemplar.labels == expected
        assert sample.exemplar.value == weight
    else:
        assert sample.exemplar is None


@given(long_texts, long_texts, long_texts)
def test_exemplar_of_any_length_is_legal(pod: str, container: str, node: str) -> None:
    """However long the names are, the line stays one that OpenMetrics' reader takes."""
    house = House()
    family = house.counter(
        COUNTER,
        describe=lambda _detail: (("pod", pod), ("container", container), ("node", node)),
    )
    family.at(("shop", "Pulled")).inc(1, "seen")
    (sample,) = read(house, Format.OPENMETRICS)["kube_things"].samples
    if sample.exemplar is not None:
        assert sum(len(k) + len(v) for k, v in sample.exemplar.labels.items()) <= 128


@given(st.text(st.characters(), max_size=20))
def test_any_python_text_makes_a_readable_page(value: str) -> None:
    """Also text that is no Unicode, lone surrogates, gives UTF-8 that both readers take."""
    house = House()
    house.counter(COUNTER).at(("shop", value)).inc(1)
    shown = value.encode("utf-8", "replace").decode()
    for format_ in Format:
        assert by_labels(read(house, format_)["kube_things"]).keys() == {("shop", shown)}
