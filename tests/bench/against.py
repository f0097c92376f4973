"""``--against REF``: this exporter beside that of a release, in turn, as a ratio.

Both as pure Python, each in an environment of its own. Times of a shared machine say little; how
the two compare in the same minutes says more. It is reported and fails nothing.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tarfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.bench.processes import ROOT
from tests.bench.reporting.figures import FIGURES
from tests.bench.scenarios.bench import SHORT, Bench
from tests.bench.scenarios.every import SCENARIOS
from tests.bench.subjects.subject import exporter

LAST_RELEASE = "last release"
_RELEASES = "v*"
_SCENARIOS = {"stream": 3, "startup": 3, "memory": 1, "scrape_100k": 2}
"""By name, how often for each of the two."""
_COMPARED = (
    "stream_cpu",
    "startup",
    "memory_live",
    "scrape_100k_none",
    "scrape_100k_some",
    "scrape_100k_all",
)


def last_release(repository: Path = ROOT) -> tuple[str, str]:
    """What to compare with, and why that: the newest release before this commit, else its parent.

    The first is "" in a clone that has neither.
    """
    tag = _git(repository, "describe", "--tags", "--abbrev=0", "--match", _RELEASES, "HEAD~1")
    if tag:
        return tag, "the last release"
    if parent := _git(repository, "rev-parse", "--short", "--verify", "HEAD~1"):
        return parent, "the commit before this one, for there is no release yet"
    return "", "there is neither a release nor a commit before this one in this clone"


def against(bench: Bench, ref: str) -> int:
    """Measure both and print the ratios; the exit code: 1 where the other cannot be installed."""
    why = "as asked for"
    if ref == LAST_RELEASE:
        ref, why = last_release()
        if not ref:
            print(f"nothing to compare with: {why}")
            return 0
    print(f"compared with {ref}: {why}")
    try:
        python = _installed(ref, bench.directory)
    except subprocess.CalledProcessError as error:
        print(f"{ref} cannot be installed: {(error.stderr or b'').decode().strip()[-500:]}")
        return 1
    subjects = (exporter(sys.executable, name="this"), exporter(str(python), name=ref))
    runs: dict[str, dict[str, list[float]]] = {s.name: defaultdict(list) for s in subjects}
    for name, times in _SCENARIOS.items():
        for _ in range(times):
            for subject in subjects:
                for key, value in SCENARIOS[name](bench, subject).items():
                    runs[subject.name][key].append(value)
    print(ratios(runs["this"], runs[ref], ref))
    return 0


def ratios(
    this: Mapping[str, Sequence[float]], other: Mapping[str, Sequence[float]], ref: str
) -> str:
    """A line a figure: median of each, and this over the other."""
    lines = [f"{'median':48} {'this':>9} {ref[:12]:>12} {'ratio':>6}"]
    for figure in FIGURES:
        if figure.key in _COMPARED and this.get(figure.key) and other.get(figure.key):
            new, old = statistics.median(this[figure.key]), statistics.median(other[figure.key])
            title = f"{figure.title}, {figure.unit}"
            lines.append(f"{title:48} {new:9.2f} {old:12.2f} {new / old:6.2f}")
    return "\n".join(lines)


def short(directory: Path) -> Bench:
    """The size of such a run."""
    return Bench(SHORT, directory, None)


def _installed(ref: str, directory: Path) -> Path:
    """The Python of a new environment that has the exporter of a commit, without a compiler."""
    archive, source, environment = (directory / name for name in ("ref.tar", "ref", "ref-venv"))
    command = ["git", "archive", "--output", str(archive), ref]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    with tarfile.open(archive) as packed:
        packed.extractall(source, filter="data")
    subprocess.run(
        [sys.executable, "-m", "venv", str(environment)], check=True, capture_output=True
    )
    python = environment / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "--quiet", str(source)]
    subprocess.run(install, cwd=directory, check=True, capture_output=True)
    return python


def _git(repository: Path, *arguments: str) -> str:
    """What it says, "" where it fails."""
    done = subprocess.run(
        ["git", *arguments], cwd=repository, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else ""
