from __future__ import annotations

import pytest

from exporter.web.terms.rate import Bucket, Rate


def test_a_burst_then_one_in_an_interval() -> None:
    """Who is refused is told when to come again, and is served then."""
    now = 0.0
    bucket = Bucket(Rate(0.5, 3), clock=lambda: now)
    assert [bucket.take() for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]
    now = 0.25
    assert bucket.take() == pytest.approx(0.25)
    now = 0.5
    assert [bucket.take(), bucket.take()] == [0.0, 0.5]


def test_no_pause_saves_more_than_a_burst() -> None:
    now = 0.0
    bucket = Bucket(Rate(1.0, 2), clock=lambda: now)
    now = 1000.0
    assert [bucket.take() for _ in range(3)] == [0.0, 0.0, 1.0]
