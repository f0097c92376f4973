"""``--profile``: a table of where the time of an event goes, for each of our builds."""

from __future__ import annotations

import json
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from tests.bench.feeding.events import Load, mixed
from tests.bench.scenarios.bench import REPEATS, Bench, cluster
from tests.bench.subjects.subject import Subject

_STAGES = Path(__file__).with_name("stages.py")
_ROUNDS = 3
TITLES = {
    "framing": "cutting the stream into lines",
    "decoding": "decoding",
    "record": "the record: one spelling of an event",
    "ledger": "the ledger: what of it is new",
    "counting": "the families of every event",
    "rules": "the catalogue: its rules and their families",
    "pairs": "the catalogue: pairs of events",
    "watch": "intake, self-metrics, the clock",
    "client": "aiohttp and uvloop (by difference)",
    "kernel": "the kernel",
}


def profile(bench: Bench, subjects: Sequence[Subject]) -> str:
    """Microseconds an event and shares, as a Markdown table."""
    frames = bench.directory / "frames"
    load = cluster(20)
    events = bench.size.streamed
    with frames.open("wb") as file:
        for number, (i, count) in enumerate(mixed(load, events, REPEATS)):
            file.write(load.frame(i, count, 1_001 + number))
    found = {
        subject.name: _steps(bench, subject, frames, load, events)
        for subject in subjects
        if subject.ours
    }
    return told(found)


def told(found: Mapping[str, Mapping[str, float]]) -> str:
    """The table of these columns."""
    lines = ["| of an event | " + " | ".join(found) + " |", "|---" * (len(found) + 1) + "|"]
    for step, title in {**TITLES, "all": "all"}.items():
        cells = [
            f"{of_one[step]:.1f} us" + (f", {of_one[step] / of_one['all']:.0%}" * (step != "all"))
            for of_one in found.values()
        ]
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _steps(
    bench: Bench, subject: Subject, frames: Path, load: Load, events: int
) -> dict[str, float]:
    done = subprocess.run(
        [subject.command[0], "-P", str(_STAGES), str(frames)],
        cwd=bench.directory,
        capture_output=True,
        text=True,
        check=True,
    )
    steps: dict[str, float] = json.loads(done.stdout)
    all_, kernel = _whole(bench, subject, load, events)
    return {**steps, "client": all_ - kernel - sum(steps.values()), "kernel": kernel, "all": all_}


def _whole(bench: Bench, subject: Subject, load: Load, events: int) -> tuple[float, float]:
    """Of the process as ``stream`` measures it: microseconds an event, and those in the kernel."""
    every, kernel = [], []
    for _ in range(_ROUNDS):
        with bench.feeder() as feeder, bench.served(subject, feeder) as server:
            feeder.do("prepare", load=asdict(load), events=events, repeats=REPEATS)
            before, kernel_before = server.cpu(), server.kernel_cpu()
            feeder.do("stream")
            server.settle()
            every.append((server.cpu() - before) / events * 1e6)
            kernel.append((server.kernel_cpu() - kernel_before) / events * 1e6)
            server.counted(events)
    return statistics.median(every), statistics.median(kernel)
