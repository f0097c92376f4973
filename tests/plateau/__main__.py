"""``python -m tests.plateau``: does anything grow for ever?

Plays days of a busy cluster to three exporters on a simulated clock, prints how large everything
was in the two halves after the warm-up, and exits 1 where something still grows (2: usage).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.plateau.play import FULL, SHORT, Played, play
from tests.plateau.table import write
from tests.plateau.verdict import verdicts


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line, play, judge, print; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.plateau", description=__doc__)
    parser.add_argument(
        "--short", action="store_true", help="a small town whose things live for a shorter time"
    )
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw it, as .svg or .png")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the samples")
    options = parser.parse_args(arguments)
    draw = _drawing() if options.plot else None
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kube-event-metrics-plateau-") as directory:
        played = play(SHORT if options.short else FULL, Path(directory))
    kills = sum(map(len, played.crashes.values()))
    print(
        f"{played.setting.hours} hours in {time.monotonic() - began:.0f} s, {kills} kills; "
        f"{played.shown:,} occurrences shown, {played.counted:,} counted"
    )
    if options.csv:
        write(options.csv, played)
    if draw:
        draw(options.plot, played)
    growing = 0
    for verdict in verdicts(played):
        growing += not verdict.holds
        print(f"{'plateau' if verdict.holds else 'GROWS'}  {verdict}")
    return int(growing > 0)


def _drawing() -> Callable[[Path, Played], None]:
    """Only the plot needs matplotlib: where it is missing, better to hear of it before the play."""
    from tests.plateau.plot import draw

    return draw


if __name__ == "__main__":
    sys.exit(main())
