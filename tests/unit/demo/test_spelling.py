"""Times and durations are spelled as Kubernetes components spell them."""

from __future__ import annotations

import pytest

from exporter.demo.store import spelling
from exporter.demo.story.pod_scenes import go_duration
from tests.unit.demo.wire import NOW


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (0.0, "0s"),
        (0.0004, "0s"),
        (0.055, "55ms"),
        (0.9999, "1s"),
        (1.234, "1.234s"),
        (30.543, "30.543s"),
        (1.5, "1.5s"),
        (60.0, "1m0s"),
        (62.5, "1m2.5s"),
        (3603.0, "1h0m3s"),
        (36000.0, "10h0m0s"),
    ],
)
def test_a_duration_is_spelled_as_go_does(duration: float, text: str) -> None:
    """Whole milliseconds, the units of Go, no trailing zeros."""
    assert go_duration(duration) == text


def test_a_time_is_cut_to_the_second() -> None:
    """metav1.Time has no fraction, and is not rounded up."""
    assert spelling.seconds(NOW + 0.999) == "2026-11-22T11:40:00Z"


def test_a_micro_time_has_six_digits() -> None:
    """metav1.MicroTime always has its fraction."""
    assert spelling.microseconds(NOW) == "2026-11-22T11:40:00.000000Z"
