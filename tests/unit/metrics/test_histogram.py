from __future__ import annotations

import pytest

from exporter.metrics.declaration import Declaration, MetricType
from exporter.metrics.text import Format
from tests.unit.metrics.house import House

PLAIN = Declaration("kube_wait_seconds", MetricType.HISTOGRAM, "Waiting.", buckets=(1, 2.5))


@pytest.fixture
def house() -> House:
    return House()


@pytest.mark.parametrize(
    ("value", "buckets"),
    [
        (0.0, [1, 1, 1]),
        (1.0, [1, 1, 1]),
        (1.0000001, [0, 1, 1]),
        (2.5, [0, 1, 1]),
        (2.6, [0, 0, 1]),
        (float("inf"), [0, 0, 1]),
    ],
)
def test_bucket_holds_what_is_not_above_its_bound(
    house: House, value: float, buckets: list[int]
) -> None:
    """Upper bounds are inclusive and buckets cumulative, as the format says."""
    house.histogram(PLAIN).at(()).observe(value)
    seen = house.curl()
    assert [seen[f'kube_wait_seconds_bucket{{le="{b}"}}'] for b in ("1.0", "2.5", "+Inf")] == (
        buckets
    )
    assert seen["kube_wait_seconds_count"] == 1
    assert seen["kube_wait_seconds_sum"] == value


def test_repeated_event_repeats_its_value(house: House) -> None:
    """One observation of three occurrences counts three times in bucket, sum and count."""
    house.histogram(PLAIN).at(()).observe(0.5, times=3)
    seen = house.curl()
    assert seen['kube_wait_seconds_bucket{le="1.0"}'] == 3
    assert seen["kube_wait_seconds_sum"] == 1.5
    assert seen["kube_wait_seconds_count"] == 3


def test_bounds_are_written_as_floats_in_both_formats(house: House) -> None:
    """OpenMetrics wants le="1.0", and both formats must give Prometheus the same series."""
    house.histogram(PLAIN).at(()).observe(1)
    for format_ in Format:
        text = house.text(format_=format_)
        assert 'le="1.0"' in text
        assert 'le="1"' not in text


def test_exemplar_stands_in_the_bucket_of_its_value(house: House) -> None:
    """The latest exemplar of each bucket is kept with its own value, in OpenMetrics only."""
    wait = house.histogram(PLAIN, describe=lambda detail: (("pod", str(detail)),)).at(())
    wait.observe(0.5, detail="fast")
    wait.observe(9.25, detail="slow")
    wait.observe(9.5, detail="slower")
    text = house.text(format_=Format.OPENMETRICS)
    assert 'le="1.0"} 1 # {pod="fast"} 0.5\n' in text
    assert 'le="2.5"} 1\n' in text
    assert 'le="+Inf"} 3 # {pod="slower"} 9.5\n' in text
    assert "pod" not in house.text()
