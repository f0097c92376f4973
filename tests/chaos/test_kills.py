"""The exporter is killed at random moments, and comes back to what it had committed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.run import play
from tests.chaos.setup import kills

pytestmark = [pytest.mark.prometheus, pytest.mark.timeout(300)]

SECONDS = 35.0


@pytest.mark.parametrize("seed", [1, 2, 3], ids="seed {}".format)
def test_no_death_loses_or_doubles_an_occurrence(seed: int, tmp_path: Path) -> None:
    """Killed while it makes a page, sends one, lists, watches or waits, or ended in order: the
    increases in Prometheus are what occurred, for every label set, counter and bucket.
    """
    outcome = play(kills(seed, SECONDS), tmp_path)
    assert not outcome.differences, outcome.report()
    assert outcome.kills >= 1, outcome.report()
    assert outcome.kills + outcome.ended_in_order >= 2, outcome.report()
    assert len(outcome.faults) >= 5, outcome.report()
