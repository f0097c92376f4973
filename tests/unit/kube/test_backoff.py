from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.kube.backoff import (
    INITIAL_SECONDS,
    MAX_RETRY_AFTER_SECONDS,
    MAX_SECONDS,
    RESET_SECONDS,
    Backoff,
)


def waits(backoff: Backoff, count: int, now: float = 0.0) -> list[float]:
    """The waits of failures that come as soon as one may ask again."""
    found = []
    for _ in range(count):
        found.append(backoff.after_failure(now))
        now += found[-1]
    return found


class TestBackoff:
    def test_waits_double_up_to_the_maximum(self) -> None:
        """Without jitter: 0.8 s, doubled to 30 s, as client-go's reflector."""
        assert waits(Backoff(lambda: 0.0), 8) == [0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0, 30.0]

    @given(st.lists(st.floats(0, 1, exclude_max=True), min_size=12, max_size=12))
    def test_jitter_stretches_a_wait_by_up_to_its_length(self, jitter: list[float]) -> None:
        """No wait is shorter than without jitter, and none more than twice as long."""
        drawn = iter(jitter)
        plain = waits(Backoff(lambda: 0.0), 12)
        for wait, base in zip(waits(Backoff(lambda: next(drawn)), 12), plain, strict=True):
            assert base <= wait <= 2 * base

    def test_hours_of_failures_wait_no_longer_than_a_minute(self) -> None:
        """A day of failures never makes the wait longer than twice the maximum."""
        assert max(waits(Backoff(lambda: 0.999), 3000)) < 2 * MAX_SECONDS

    def test_two_good_minutes_begin_anew(self) -> None:
        """A failure long after the last one is a first failure."""
        backoff = Backoff(lambda: 0.0)
        now = sum(waits(backoff, 6)) + RESET_SECONDS + MAX_SECONDS + 1
        assert backoff.after_failure(now) == INITIAL_SECONDS

    def test_the_wait_itself_is_no_good_time(self) -> None:
        """The longest wait and a request that hangs for its whole limit do not begin anew."""
        backoff = Backoff(lambda: 0.999)
        now = 0.0
        for _ in range(10):
            wait = backoff.after_failure(now)
            now += wait + 65.0
        assert backoff.after_failure(now) > MAX_SECONDS

    def test_the_servers_own_time_is_a_minimum(self) -> None:
        """Retry-After is never undercut, and a shorter one does not shorten the wait."""
        assert Backoff(lambda: 0.0).after_failure(0.0, retry_after=7.0) == 7.0
        assert Backoff(lambda: 0.0).after_failure(0.0, retry_after=0.1) == INITIAL_SECONDS

    @pytest.mark.parametrize("named", [float("inf"), 1e30, MAX_RETRY_AFTER_SECONDS])
    def test_the_servers_own_time_is_heard_within_reason(self, named: float) -> None:
        """A server that says to come back next year is asked again in five minutes."""
        wait = Backoff(lambda: 0.0).after_failure(0.0, retry_after=named)
        assert wait == MAX_RETRY_AFTER_SECONDS

    @pytest.mark.parametrize("named", [float("nan"), -5.0, float("-inf")])
    def test_a_senseless_time_is_none(self, named: float) -> None:
        """A Retry-After that is no time leaves the wait as it is."""
        assert Backoff(lambda: 0.0).after_failure(0.0, retry_after=named) == INITIAL_SECONDS
