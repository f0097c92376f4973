"""The profile's steps are what the exporter does: they run, and count what it counts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.bench.feeding.events import Load, mixed
from tests.bench.profiling import stages
from tests.bench.profiling.measuring import TITLES

LOAD = Load("cluster", 20, 1, 1_795_350_000 * 10**9)


def test_every_step_is_measured(tmp_path: Path) -> None:
    """By the Python that has the exporter, away from the sources."""
    frames = tmp_path / "frames"
    lines = [LOAD.frame(i, count, 2000 + at) for at, (i, count) in enumerate(mixed(LOAD, 300, 0.3))]
    frames.write_bytes(b"".join(lines))
    done = subprocess.run(
        [sys.executable, "-P", stages.__file__, str(frames), "--rounds", "1"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    steps = json.loads(done.stdout)
    assert list(steps) == [*TITLES][:-2]
    assert sum(steps.values()) > 0
