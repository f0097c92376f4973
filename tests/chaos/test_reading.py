"""What the chaos tests judge by is right itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.chaos.increases import increase
from tests.chaos.outcome import Outcome
from tests.chaos.scrape_line import Answers
from tests.chaos.setup import pair
from tests.chaos.truth import EVENTS, METRICS, PULL_SECONDS, Truth, labels, since


class TestIncrease:
    @pytest.mark.parametrize(
        ("samples", "increased"),
        [
            ([], 0),
            ([3], 0),
            ([0, 3], 3),
            ([3, 3, 5], 2),
            ([0, 5, 1], 6),
            ([5, 0, 1], 1),
            ([1, 1], 0),
        ],
        ids=str,
    )
    def test_it_is_prometheus_rule(self, samples: list[float], increased: float) -> None:
        """The first sample adds nothing; a fall is a new start, from 0."""
        assert increase(samples) == increased

    @given(st.lists(st.lists(st.integers(0, 9), min_size=1), min_size=1))
    def test_lives_that_begin_at_zero_add_up(self, lives: list[list[int]]) -> None:
        """A counter that each life shows at 0 first has increased by what all lives counted."""
        samples: list[float] = []
        for steps in lives:
            samples += [sum(steps[:n]) for n in range(len(steps) + 1)]
        assert increase(samples) == sum(map(sum, lives))


class TestTruth:
    def test_a_pull_is_in_every_bucket_from_its_own_on(self) -> None:
        """Buckets are cumulative, their bounds inclusive."""
        truth = Truth()
        truth.pulled("shop", "docker.io", 120, 2)
        buckets = truth.counts()[f"{PULL_SECONDS}_bucket"]
        bounds = {float(dict(label_set)["le"]) for label_set in buckets}
        assert bounds == {120, 300, 600, 1800, float("inf")}
        assert set(buckets.values()) == {2}

    def test_what_was_before_does_not_count(self) -> None:
        """Label sets without news are left out."""
        truth = Truth()
        truth.not_created("shop", "quota", "FailedCreate", 3)
        before = truth.counts()
        truth.not_created("shop", "quota", "FailedCreate", 1)
        counts = since(before, truth.counts())
        assert sum(map(len, counts.values())) == 1
        assert sum(each.total() for each in counts.values()) == 1

    def test_the_spelling_of_a_bound_does_not_matter(self) -> None:
        """Text and OpenMetrics differ in it; and a label that is empty is not stored."""
        assert labels({"le": "10", "a": "b"}) == labels({"a": "b", "le": "10.0", "c": ""})


def test_both_kinds_of_errors_are_told_apart() -> None:
    """Too few is lost, too many is doubled, and the message says how to run it again."""
    outcome = Outcome(pair(7, 30))
    truth, seen = Truth().counts(), Truth().counts()
    for reason, occurred, counted in (("A", 3, 1), ("B", 1, 4), ("C", 2, 2)):
        truth[EVENTS][labels({"reason": reason})] = occurred
        seen[EVENTS][labels({"reason": reason})] = counted
    assert EVENTS in METRICS
    outcome.compare("127.0.0.1", truth, seen)
    assert (outcome.lost, outcome.doubled, len(outcome.differences)) == (2, 3, 2)
    assert "python -m tests.chaos pair --seed 7 --seconds 30" in outcome.report()


@given(st.lists(st.binary(), min_size=1, max_size=5), st.integers(1, 50))
def test_the_end_of_a_page_is_seen_however_it_comes(bodies: list[bytes], size: int) -> None:
    """In pieces of any size; the next answer comes only after the one before was taken whole."""
    answers = Answers()
    for body in bodies:
        answers.awaited = True
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n"
        page = head % len(body) + body
        pieces = [page[start : start + size] for start in range(0, len(page), size)]
        *parts, last = [answers.feed(piece) for piece in pieces]
        assert not any(parts)
        assert last
        assert not answers.awaited
