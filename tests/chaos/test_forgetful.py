"""The other side of the chaos tests: they can tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.run import play
from tests.chaos.setup import forgetful

pytestmark = [pytest.mark.prometheus, pytest.mark.timeout(300)]


def test_without_a_checkpoint_a_death_loses_occurrences(tmp_path: Path) -> None:
    """A new baseline takes what nobody had scraped for the past; it doubles nothing."""
    outcome = play(forgetful(seed=1, seconds=12.0), tmp_path)
    assert outcome.kills + outcome.ended_in_order >= 1, outcome.report()
    assert outcome.lost > 0, outcome.report()
    assert outcome.doubled == 0, outcome.report()
