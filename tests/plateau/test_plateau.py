"""Nothing grows for ever: the short form of ``make plateau``, and the parts that it is made of."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from exporter.config import Config
from exporter.rules.loading import load
from tests.plateau.catalogue import catalogue
from tests.plateau.figures import Figures
from tests.plateau.house import Standby
from tests.plateau.play import FULL, SHORT, Played, Sample, Setting
from tests.plateau.table import write
from tests.plateau.town import Town
from tests.plateau.watcher import Timer

ROOT = Path(__file__).resolve().parents[2]
START = 1_795_392_000.0


@pytest.mark.timeout(600)
def test_everything_comes_to_a_plateau(tmp_path: Path) -> None:
    """Memory, ledger, series, open pairs, the file and what waits: of one that lives through it
    all, of one that is killed again and again, and of a standby.
    """
    table = tmp_path / "plateau.csv"
    done = subprocess.run(
        [sys.executable, "-m", "tests.plateau", "--short", "--csv", table],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("\nplateau") == 20
    with table.open(encoding="utf-8") as file:
        assert {row["exporter"] for row in csv.DictReader(file)} == {"steady", "killed", "standby"}


def test_the_house_counts_what_the_town_shows() -> None:
    """The play is what it says: events are counted, pairs open, series are born."""
    town = Town(seed=2, began=START - 600.0, previews=2, ttl=600.0)
    town.settle(START)
    before = town.truth.visible.total()
    house = Standby(Config(event_ttl=600.0), catalogue(1), START)
    for page in town.pages():
        house.listed(page)
    for minute in range(1, 31):
        house.now = START + 60.0 * minute
        house.watched(town.advance(house.now))
        house.minute()
    assert house.counting.total == town.truth.visible.total() - before > 1000
    figures = house.figures()
    assert figures.ledger > 1000
    assert figures.series > 300
    assert figures.open > 10
    house.handed_over(town.version)
    assert house.figures().waiting == 0


def test_haste_shortens_how_long_pairs_may_be_open() -> None:
    """All of the catalogue's, and nothing else of it."""
    hurried, plain = (load(catalogue(haste), lambda: 0.0) for haste in (6, 1))
    ages = {name: lifecycle._max_age for name, lifecycle in plain.lifecycles.items()}
    assert {name: 6 * each._max_age for name, each in hurried.lifecycles.items()} == ages
    assert len(ages) > 15


@pytest.mark.parametrize("setting", [FULL, SHORT], ids=["full", "short"])
def test_the_warm_up_outlasts_all_that_has_an_end(setting: Setting) -> None:
    """Else what is on its way to its plateau would be taken for a leak."""
    assert setting in (FULL, SHORT)
    played = FULL if setting == FULL else SHORT
    ages = [
        each._max_age for each in load(catalogue(played.haste), lambda: 0.0).lifecycles.values()
    ]
    longest = max(age for age in ages if age < 7 * 86_400.0 / played.haste)
    assert played.warm_up * 3600.0 >= max(longest, 2 * played.series_ttl, 4 * played.event_ttl)


def test_a_timer_says_it_once() -> None:
    """In turns."""
    timer = Timer(0.0, 10.0, 20.0)
    assert [now for now in range(60) if timer.due(float(now))] == [10, 30, 40]


def test_the_table_has_a_row_for_each_sample_and_each_crash(tmp_path: Path) -> None:
    """In the order of time; a crash has no figures."""
    figures = Figures(90.5, 900.0, 1_234_567, 5_000, 2_000, 600, 12_000.0)
    table = tmp_path / "table.csv"
    write(table, Played(FULL, [Sample(1.5, "killed", figures)], {"killed": [1.25]}))
    assert table.read_text().splitlines() == [
        "minute,exporter,resident,blocks,ledger,series,open,checkpoint,waiting",
        "75,killed,,,,,,,",
        "90,killed,90.5,900,1234567,5000,2000,12000,600",
    ]
