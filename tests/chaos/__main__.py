"""``python -m tests.chaos``: chaos runs with the seeds you choose.

Prints a line for each run and a table at the end, keeps the folders of runs that were not exact,
and exits 1 where there was one that should have been (2: usage).
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.chaos.outcome import Outcome
from tests.chaos.run import play
from tests.chaos.setup import VARIANTS

_FIGURES: tuple[tuple[str, Callable[[Outcome], int]], ...] = (
    ("occurrences", lambda outcome: outcome.occurrences),
    ("label sets", lambda outcome: outcome.label_sets),
    ("pages", lambda outcome: outcome.pages),
    ("kills", lambda outcome: outcome.kills),
    ("  in a page", lambda outcome: outcome.kills_in_page),
    ("  put off", lambda outcome: outcome.put_off),
    ("ends in order", lambda outcome: outcome.ended_in_order),
    ("faults", lambda outcome: outcome.faults.total()),
)
_VERDICT: tuple[tuple[str, Callable[[Outcome], int]], ...] = (
    ("lost", lambda outcome: outcome.lost),
    ("doubled", lambda outcome: outcome.doubled),
    ("label sets that differ", lambda outcome: len(outcome.differences)),
)


def main() -> int:
    """Parse the command line, run, print; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("variant", nargs="*", help=f"of {', '.join(VARIANTS)}; all but the last")
    parser.add_argument("--seed", type=int, nargs="+", default=[1], help="one or more")
    parser.add_argument("--seconds", type=float, default=30.0, help="of chaos in a run")
    arguments = parser.parse_args()
    if unknown := set(arguments.variant) - set(VARIANTS):
        parser.error(f"no variant {', '.join(sorted(unknown))}")
    if shutil.which("prometheus") is None:
        parser.error("prometheus is not installed")
    outcomes = [
        _run(variant, seed, arguments.seconds)
        for seed in arguments.seed
        for variant in arguments.variant or list(VARIANTS)[:-1]
    ]
    print("\n" + _table(outcomes))
    return int(any(outcome.differences for outcome in outcomes))


def _run(variant: str, seed: int, seconds: float) -> Outcome:
    folder = Path(tempfile.mkdtemp(prefix="kube-event-metrics-chaos-"))
    outcome = play(VARIANTS[variant](seed, seconds), folder)
    print(outcome.report() if outcome.differences else outcome.summary(), flush=True)
    if outcome.differences:
        print(f"logs and samples: {folder}", flush=True)
    else:
        shutil.rmtree(folder)
    return outcome


def _table(outcomes: Sequence[Outcome]) -> str:
    """A column for each run, and their sum."""
    rows = [(name, [figure(outcome) for outcome in outcomes]) for name, figure in _FIGURES]
    rows += _by_kind([outcome.faults for outcome in outcomes])
    rows.append(("writes", [outcome.writes.total() for outcome in outcomes]))
    rows += _by_kind([outcome.writes for outcome in outcomes])
    rows += [(name, [figure(outcome) for outcome in outcomes]) for name, figure in _VERDICT]
    heads = [f"{outcome.setup.variant} {outcome.setup.seed}" for outcome in outcomes]
    widths = [max(len(head), 8) for head in (*heads, "all")]
    lines = [_line("", [*heads, "all"], widths)]
    lines += [_line(name, [*map(str, row), str(sum(row))], widths) for name, row in rows]
    return "\n".join(lines)


def _by_kind(counts: Sequence[Counter[str]]) -> list[tuple[str, list[int]]]:
    kinds = sorted({kind for each in counts for kind in each})
    return [(f"  {kind}", [each[kind] for each in counts]) for kind in kinds]


def _line(name: str, cells: Sequence[str], widths: Sequence[int]) -> str:
    aligned = (cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
    return f"{name:<26}{'  '.join(aligned)}"


if __name__ == "__main__":
    sys.exit(main())
