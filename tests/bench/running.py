"""Runs the scenarios, all subjects in turn, and keeps what each run gave."""

from __future__ import annotations

import subprocess
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tests.bench.feeding.control_plane import SkippedError
from tests.bench.scenarios.bench import Bench
from tests.bench.scenarios.every import SCENARIOS, turns
from tests.bench.subjects.subject import Subject

FAILURES = (AssertionError, RuntimeError, OSError, subprocess.SubprocessError)
"""What ends a run and not the benchmark."""


@dataclass(slots=True)
class Outcome:
    """All figures, and what went wrong."""

    runs: dict[str, dict[str, list[float]]]
    """By subject and by figure."""
    errors: list[str] = field(default_factory=list)
    """Runs of the judged subject that failed: a wrong count is one."""
    skipped: dict[str, str] = field(default_factory=dict)
    """Scenarios that could not be run here, and why."""


def run_all(
    bench: Bench, subjects: Sequence[Subject], names: Iterable[str], judged: Subject
) -> Outcome:
    """Every scenario as often as it is to run; each run is printed when it is done."""
    outcome = Outcome({subject.name: defaultdict(list) for subject in subjects})
    for name in names:
        for turn in range(bench.size.runs):
            for subject in subjects:
                if turn >= turns(name, subject, bench.size, compared=subject is not judged):
                    continue
                if name in outcome.skipped:
                    continue
                _run(name, turn, bench, subject, outcome, judged=subject is judged)
    return outcome


def _run(
    name: str, turn: int, bench: Bench, subject: Subject, outcome: Outcome, *, judged: bool
) -> None:
    started = time.monotonic()
    head = f"{name} {turn + 1} {subject.name}"
    try:
        figures = SCENARIOS[name](bench, subject)
    except SkippedError as reason:
        outcome.skipped[name] = str(reason)
        print(f"{name} SKIPPED: {reason}", flush=True)
        return
    except FAILURES as error:
        print(f"{head} FAILED: {error}", flush=True)
        if judged:
            outcome.errors.append(f"{name}: {error}")
        return
    for key, value in figures.items():
        outcome.runs[subject.name][key].append(value)
    if figures:
        shown = ", ".join(f"{key} {value:.4g}" for key, value in figures.items())
        print(f"{head} [{time.monotonic() - started:.1f} s]: {shown}", flush=True)
