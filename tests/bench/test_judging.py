"""What makes a figure right or wrong: the judge, the table, the count, the ratio."""

from __future__ import annotations

import itertools
import subprocess
from pathlib import Path

import pytest

from tests.bench.against import last_release, ratios
from tests.bench.profiling.measuring import TITLES, told
from tests.bench.reporting.figures import FIGURES, Figure
from tests.bench.reporting.table import judge, spread, table
from tests.bench.scenarios.bench import FULL, SHORT
from tests.bench.scenarios.every import SCENARIOS, turns
from tests.bench.subjects.server import Scrape, counted
from tests.bench.subjects.subject import exporter, informer_in_python

BARRED = Figure("k", "a figure", "us", 10)


@pytest.mark.parametrize(
    ("runs", "text", "missed"),
    [
        ([9, 10, 30], "met", False),
        ([9.9, 11, 12], "within noise", False),
        ([10.1, 11, 12], "missed (x1.10)", True),
        ([11.4], "within noise", False),
        ([11.6], "missed (x1.16)", True),
        ([], "not measured", False),
    ],
)
def test_a_bar_is_missed_outside_the_noise(runs: list[float], text: str, missed: bool) -> None:
    """By the best of several runs, or by the only one and 15 %."""
    verdict = judge(BARRED, runs)
    assert (verdict.text, verdict.missed) == (text, missed)


@pytest.mark.parametrize(
    ("runs", "text"),
    [([], "n/a"), ([1.04], "1.0"), ([1.04, 0.96], "1.0"), ([3, 1, 2], "2.0 (1.0 to 3.0)")],
)
def test_a_cell_tells_median_and_spread(runs: list[float], text: str) -> None:
    """As far as the digits show one."""
    assert spread(BARRED, runs) == text


def test_nothing_unready_is_forgiven() -> None:
    """A bar of 0 has no noise: one run of several is enough."""
    never = Figure("k", "a figure", "", 0)
    assert judge(never, [0, 1, 0]).missed
    assert judge(never, [1]).missed
    assert judge(never, [0, 0]).text == "met"


def test_every_figure_has_one_meaning() -> None:
    """No key stands twice."""
    keys = [figure.key for figure in FIGURES]
    assert len(keys) == len(set(keys))


def test_no_row_of_the_documents_hangs_in_the_air() -> None:
    """Who stands below another is not shown without it."""
    for above, below in itertools.pairwise(FIGURES):
        if below.title.startswith(" ") and not below.detail and not above.title.startswith(" "):
            assert not above.detail, below.title


def test_the_table_judges_one_column_and_shows_all() -> None:
    """Others may miss what they like; who measured nothing has n/a."""
    runs = {
        "ours": {"stream_cpu": [50.0, 60.0], "latency_paced_max": [999.0]},
        "theirs": {"stream_cpu": [1.0], "paced_cpu": [99.0]},
    }
    text, missed = table(runs, "ours")
    assert missed == [
        "CPU per event, streamed as fast as read, us",
        "write to page at 1 000 a second: median: longest, ms",
    ]
    assert "55.0 (50.0 to 60.0)" in text
    [paced] = [line for line in text.splitlines() if line.startswith("CPU per event at 1 000")]
    assert paced.split() == [
        "CPU",
        "per",
        "event",
        "at",
        "1",
        "000",
        "a",
        "second,",
        "us",
        "n/a",
        "99.0",
        "40",
        "not",
        "measured",
    ]
    assert table(runs, "theirs")[1] == ["CPU per event at 1 000 a second, us"]
    assert table(runs, "ours", markdown=True)[0].splitlines()[1] == "|---|---|---|---|"


PAGE = Scrape(
    0.0,
    0,
    b"# HELP kube_events A text {with} 5\n"
    b'kube_events_total{reason="a"} 3 # {pod="web-0"} 1\n'
    b'kube_events_total{reason="b"} 4\n'
    b'kube_other_total{reason="a"} 9\n',
)


def test_samples_and_totals_are_read_from_a_page() -> None:
    """Without comments, exemplars and other families."""
    assert PAGE.samples() == 3
    assert PAGE.samples("kube_events_total") == 2
    assert PAGE.total("kube_events_total") == 7


def test_ours_must_count_exactly() -> None:
    """One too few and one too many are errors."""
    assert counted(PAGE, 7, exactly=True) == {"counted": 100}
    for wrong in (6, 8):
        with pytest.raises(AssertionError, match=f"counted 7 of {wrong}"):
            counted(PAGE, wrong, exactly=True)


def test_others_count_as_they_count() -> None:
    """It is told, and of who has no such family nothing is."""
    assert counted(PAGE, 14, exactly=False) == {"counted": 50}
    assert counted(Scrape(0, 0, b""), 14, exactly=False) == {}


def test_who_runs_how_often() -> None:
    """What is judged runs several times; the short form once, and less of what is compared."""
    ours, slow = exporter("python"), informer_in_python()
    assert turns("paced", ours, FULL, compared=False) == FULL.runs
    assert turns("stream", slow, FULL, compared=True) == FULL.runs
    assert turns("paced", slow, FULL, compared=True) == 1
    assert turns("stream", slow, SHORT, compared=True) == 1
    assert turns("memory", slow, SHORT, compared=True) == 0
    short = {name for name in SCENARIOS if turns(name, ours, SHORT, compared=False)}
    assert short == {*SCENARIOS} - {"growth", "paced", "scrape_10k"}


def test_a_ratio_is_this_over_the_release() -> None:
    """Of medians; what one of them has not is left out."""
    lines = ratios(
        {"stream_cpu": [6, 9, 8], "startup": [1]}, {"stream_cpu": [4]}, "v1"
    ).splitlines()
    assert lines[1].split()[-3:] == ["8.00", "4.00", "2.00"]
    assert len(lines) == 2


def test_it_is_compared_with_the_release_before_this_commit(tmp_path: Path) -> None:
    """The newest one; where there is none with the commit before; in a shallow clone with none."""

    def git(*arguments: str) -> str:
        who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        command = ["git", *who, *arguments]
        done = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit() -> None:
        git("commit", "--quiet", "--allow-empty", "--message", "a")

    git("init", "--quiet")
    commit()
    assert last_release(tmp_path)[0] == ""
    first = git("rev-parse", "--short", "HEAD")
    commit()
    assert last_release(tmp_path)[0] == first
    git("tag", "v0.1.0")
    git("tag", "nightly")
    assert last_release(tmp_path)[0] == first  # the release itself is compared with what was before
    commit()
    assert last_release(tmp_path)[0] == "v0.1.0"


def test_a_profile_has_a_row_for_every_step() -> None:
    """With its share of all."""
    steps = dict.fromkeys(TITLES, 1.0) | {"all": 10.0}
    lines = told({"ours": steps}).splitlines()
    assert lines[-2:] == ["| the kernel | 1.0 us, 10% |", "| all | 10.0 us |"]
    assert len(lines) == 2 + len(TITLES) + 1
