"""The verdict on made-up samples: what grows is found, what is merely uneven is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest

from tests.plateau.figures import FIGURES, Figure, Figures
from tests.plateau.play import FULL, SHORT, Played, Sample
from tests.plateau.verdict import Verdict, verdicts

FLAT = Figures(
    resident=90.0,
    blocks=900.0,
    ledger=100_000,
    series=5_000,
    open=2_000,
    waiting=600,
    checkpoint=12_000.0,
)
COUNTS = ("ledger", "series", "open", "waiting")


def judged(name: str, value: Callable[[float], float]) -> dict[str, Verdict]:
    """By figure, where one of them is of the hour and the others stay."""
    hours = [tick / 6 for tick in range(1, FULL.hours * 6 + 1)]
    samples = [
        Sample(hour, "steady", msgspec.structs.replace(FLAT, **{name: value(hour)}))
        for hour in hours
    ]
    return {v.figure.name: v for v in verdicts(Played(FULL, samples, {}))}


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)
def test_what_grows_at_one_pace_is_found(figure: Figure) -> None:
    """Each figure's tolerance is smaller than what a steady growth since the start comes to."""
    found = judged(figure.name, lambda hour: 1000 * hour)
    assert [name for name, verdict in found.items() if not verdict.holds] == [figure.name]


def test_what_has_come_to_its_height_is_a_plateau() -> None:
    """However it came there, within the warm-up."""
    found = judged("ledger", lambda hour: min(1000 * hour, 24_000))
    assert all(verdict.holds for verdict in found.values())
    assert len(found) == len(FIGURES)


def test_what_falls_is_a_plateau() -> None:
    """Nobody runs out of what is given back."""
    assert judged("ledger", lambda hour: 100_000 - 1000 * hour)["ledger"].holds


def test_one_peak_is_enough() -> None:
    """A height that is reached once is reached."""
    assert not judged("series", lambda hour: 6000 if hour == 40 else 5000)["series"].holds


def test_of_what_is_uneven_a_peak_is_not() -> None:
    """What waits for a scrape is judged by its median."""
    assert judged("waiting", lambda hour: 60_000 if hour == 40 else 600)["waiting"].holds


def test_a_small_town_may_be_more_uneven() -> None:
    """In the short form counts may rise by more, memory may not."""
    samples = [Sample(hour, "steady", FLAT) for hour in (SHORT.warm_up + 1.0, float(SHORT.hours))]
    allowed = {v.figure.name: v.allowed for v in verdicts(Played(SHORT, samples, {}))}
    tolerances = {figure.name: figure.tolerance for figure in FIGURES}
    wider = {name for name, each in allowed.items() if each > tolerances[name]}
    assert wider == set(COUNTS)


def test_a_figure_that_an_exporter_has_not_is_not_judged() -> None:
    """A standby has no file."""
    assert "checkpoint" not in judged("checkpoint", lambda _: 0.0)


def test_a_play_that_is_too_short_to_judge_is_an_error() -> None:
    """No verdict is better than one on nothing."""
    played = Played(replace(FULL, hours=24), [Sample(1.0, "steady", FLAT)], {})
    with pytest.raises(ValueError, match="steady: no samples in one half"):
        list(verdicts(played))


def test_it_names_the_figure_and_its_values() -> None:
    """So that the one who reads it knows what grew, and how much."""
    verdict = judged("ledger", lambda hour: 1000 * hour)["ledger"]
    assert str(verdict) == (
        "steady: ledger entries at most 36,000 in hours 24 to 36, 48,000 in hours 36 to 48: "
        "+33.3%, 5% allowed"
    )
