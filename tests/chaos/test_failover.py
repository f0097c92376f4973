"""Of two exporters the leader is killed again and again, and its standby takes over."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.run import play
from tests.chaos.setup import failover

pytestmark = [pytest.mark.prometheus, pytest.mark.timeout(300)]

SECONDS = 30.0


@pytest.mark.parametrize("seed", [1, 2], ids="seed {}".format)
def test_no_take_over_loses_or_doubles_an_occurrence(seed: int, tmp_path: Path) -> None:
    """Over both instances the increases are what occurred, for every label set and bucket."""
    outcome = play(failover(seed, SECONDS), tmp_path)
    assert not outcome.differences, outcome.report()
    assert outcome.kills >= 1, outcome.report()
    assert outcome.kills + outcome.ended_in_order >= 2, outcome.report()
