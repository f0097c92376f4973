"""What is sent is what is said to be sent: the loads, the marks, the rules, the curves' table."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from exporter.rules.loading import load, read
from tests.bench.curves.points import Point
from tests.bench.curves.rules import write_rules
from tests.bench.curves.table import write
from tests.bench.feeding.answers import interspersed
from tests.bench.feeding.events import Load, again, mixed

ROOT = Path(__file__).resolve().parents[2]
CLUSTER = Load("cluster", 20, 1, 1_795_350_000 * 10**9)
GRID = Load("grid", 2, 50, 1_795_350_000 * 10**9)


@pytest.mark.parametrize("load_", [CLUSTER, GRID])
def test_every_frame_is_one_occurrence(load_: Load) -> None:
    """Each event begins at 1 and rises by 1; who carries no count is never repeated."""
    latest: Counter[int] = Counter()
    frames = list(mixed(load_, 5000, 0.3))
    for i, count in frames:
        assert count == latest[i] + 1
        assert count == 1 or load_.repeatable(i)
        latest[i] = count
    repeats = sum(count > 1 for _, count in frames)
    assert 0.28 < repeats / 5000 < 0.32


def test_repeats_go_on_where_the_last_ones_ended() -> None:
    """Or they would be duplicates, which cost less and count nothing."""
    counts: dict[int, int] = {}
    latest = Counter(dict.fromkeys(range(100), 1))
    for _ in range(3):
        for i, count in again(GRID, 500, 0, 100, counts):
            assert count == latest[i] + 1
            latest[i] = count


def test_an_event_is_json_of_the_usual_size() -> None:
    """A line of a watch, 1.1 kB; the same in a list."""
    for i in range(24):
        line = CLUSTER.frame(i, 1, 7)
        frame = msgspec.json.decode(line)
        item = msgspec.json.decode(CLUSTER.item(i, 1, 7))
        assert frame["object"] == {"kind": "Event", "apiVersion": "v1", **item}
        assert 900 < len(line) < 1400


def test_marks_stand_evenly_among_the_writes() -> None:
    """And it is known at which place each does."""
    writes = [b"%d" % number for number in range(7)]
    every, places = interspersed(writes, [b"a", b"b", b"c"])
    assert every == [b"0", b"1", b"a", b"2", b"3", b"b", b"4", b"5", b"c", b"6"]
    assert {every[place]: mark for place, mark in places.items()} == {b"a": 0, b"b": 1, b"c": 2}
    assert interspersed([], [b"a", b"b"])[0] == [b"a", b"b"]


@pytest.mark.parametrize("count", [1, 1000])
def test_rule_files_of_any_length_can_be_used(tmp_path: Path, count: int) -> None:
    """Each reason of the load has a rule of its own."""
    book = load(read([str(write_rules(tmp_path / "rules.yaml", count))]), time.monotonic)
    assert len(list(book.all())) == count
    assert book.rules_for("Normal", "kubelet", "Pod", f"Reason{count - 1:03d}")


def test_the_curves_are_written_as_a_table(tmp_path: Path) -> None:
    """What was not measured is empty."""
    write(tmp_path / "c.csv", [Point("ours", "live", 1000, 5.25, 70.0)])
    head, row = (tmp_path / "c.csv").read_text().splitlines()
    assert row == "ours,live,1000,5.25,70,,"
    assert head.count(",") == row.count(",")


@pytest.mark.timeout(300)
def test_the_curves_are_measured(tmp_path: Path) -> None:
    """In their short form, of ours: events, series and rules; whatever was sent was counted."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tests.bench", "--short", "--no-plot"),
            *("--subject", "ours", "--curves", str(tmp_path)),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = (tmp_path / "curves.csv").read_text().splitlines()[1:]
    assert [row.split(",")[-6:-4] for row in rows] == [
        ["live", "1000"],
        ["live", "3000"],
        ["series", "1000"],
        ["series", "3000"],
        ["rules", "10"],
        ["rules", "100"],
    ]
