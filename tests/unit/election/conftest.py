"""One Lease, and one who leads."""

from __future__ import annotations

import pytest

from tests.unit.election.contest import Contender, Contest


@pytest.fixture
def contest() -> Contest:
    return Contest()


@pytest.fixture
def leader(contest: Contest) -> Contender:
    """One that has just begun to lead."""
    leader = contest.candidate("leader")
    leader.work()
    assert leader.leads
    leader.told.clear()
    return leader
