"""A pair of Prometheus servers scrapes one exporter, which lives through every fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.run import play
from tests.chaos.setup import pair

pytestmark = [pytest.mark.prometheus, pytest.mark.timeout(300)]

SECONDS = 30.0
WRITES = {
    "born with a count",
    "expired",
    "jump",
    "new",
    "repeat",
    "returned",
    "series",
    "series jump",
    "series of an old client",
}


@pytest.mark.parametrize("seed", [1, 2], ids="seed {}".format)
def test_both_of_a_pair_see_what_occurred(seed: int, tmp_path: Path) -> None:
    """Whatever breaks between the exporter and its API server: in each of the two the increases
    are what occurred, for every label set, counter and bucket.
    """
    outcome = play(pair(seed, SECONDS), tmp_path)
    assert not outcome.differences, outcome.report()
    assert set(outcome.writes) == WRITES, outcome.report()
    assert len(outcome.faults) >= 6, outcome.report()
