"""What became of pairs of events, as the page shows it."""

from __future__ import annotations

import pytest

from tests.unit.metrics.exporter import WALL, Exporter
from tests.unit.metrics.house import samples


@pytest.fixture
def exporter() -> Exporter:
    return Exporter()


LIFECYCLES = ("open", "opened_total", "repeated_total", "unmatched_total", "skewed_total")


def lifecycle_value(exporter: Exporter, name: str, *labels: str) -> float:
    """Of the lifecycle `start`, with these labels after its name."""
    own = ",".join(('lifecycle="start"', *labels))
    return samples(exporter.text())[f"kube_event_lifecycle_{name}{{{own}}}"]


def test_every_lifecycle_is_there_at_zero(exporter: Exporter) -> None:
    """Pairs that began, ended, were abandoned or never matched can be told from silence."""
    page = samples(exporter.text())
    for lifecycle, outcomes in (("pull", ["closed"]), ("start", ["ready", "failed"])):
        for name in (*LIFECYCLES, "abandoned_total"):
            assert page[f'kube_event_lifecycle_{name}{{lifecycle="{lifecycle}"}}'] == 0
        for outcome in outcomes:
            labels = f'lifecycle="{lifecycle}",outcome="{outcome}"'
            assert page[f"kube_event_lifecycle_closed_total{{{labels}}}"] == 0
    assert len([head for head in page if head.startswith("kube_event_lifecycle_")]) == 15


def test_unsound_pairs_are_counted(exporter: Exporter) -> None:
    """Closings that could not be paired, and those that lie before their opening."""
    start = exporter.counting.rules.lifecycles["start"]
    start.close(("nothing",), WALL, "ready")
    start.open(("a",), WALL)
    start.close(("a",), WALL - 1, "ready")
    assert lifecycle_value(exporter, "unmatched_total") == 1
    assert lifecycle_value(exporter, "skewed_total") == 1
    assert lifecycle_value(exporter, "closed_total", 'outcome="ready"') == 1
    assert lifecycle_value(exporter, "closed_total", 'outcome="failed"') == 0


def test_pairs_are_counted_from_their_opening_to_their_end(exporter: Exporter) -> None:
    """How many are open is of this moment, and what is too old is abandoned by looking."""
    start = exporter.counting.rules.lifecycles["start"]
    start.open(("a",), WALL)
    start.open(("b",), WALL)
    start.open(("b",), WALL)
    assert lifecycle_value(exporter, "open") == 2
    assert lifecycle_value(exporter, "opened_total") == 2
    assert lifecycle_value(exporter, "repeated_total") == 1
    start.close(("a",), WALL + 1, "failed")
    assert lifecycle_value(exporter, "open") == 1
    exporter.clock.advance(3600.0)
    assert lifecycle_value(exporter, "open") == 0
    assert lifecycle_value(exporter, "abandoned_total") == 1


def test_lifecycles_are_no_metrics_of_the_exporter(exporter: Exporter) -> None:
    """What became of pairs is a fact about the cluster's events, and has its prefix."""
    assert "kube_event_metrics_lifecycle" not in exporter.text()
