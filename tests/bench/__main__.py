"""``python -m tests.bench``: the exporter beside what people would use instead, measured.

Runs every scenario several times for all, in turn, prints each figure and a table against the
bars of the design, and exits 1 where a bar is missed by more than the noise (2: usage).
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

if __package__ in (None, ""):  # run as a file: make the project's root importable
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from tests.bench.against import LAST_RELEASE, against, short
from tests.bench.curves import points
from tests.bench.curves.measuring import drawing, measure
from tests.bench.profiling.measuring import profile
from tests.bench.reporting.machine import machine
from tests.bench.reporting.table import NOISE, table
from tests.bench.running import run_all
from tests.bench.scenarios.bench import FULL, SHORT, Bench, make_certificate
from tests.bench.scenarios.every import SCENARIOS
from tests.bench.subjects.choice import BUILT_IN, chosen, commanded
from tests.bench.subjects.subject import Subject, named_apart


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line, run, print; the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = _parser()
    options = parser.parse_args(given)
    try:
        others = commanded(options.command, options.name, options.metrics_path, options.ready_path)
    except ValueError as error:
        parser.error(str(error))
    ran_on = machine()
    command = shlex.join(["python", "-m", "tests.bench", *given])
    print(f"command: {command}")
    print("machine: " + ", ".join(f"{name} {value}" for name, value in ran_on.items()))
    with tempfile.TemporaryDirectory(prefix="kube-event-metrics-bench-") as temporary:
        directory = Path(temporary)
        return _measure(options, others, directory, {"command": command, "machine": ran_on})


def _measure(
    options: argparse.Namespace,
    others: Sequence[Subject],
    directory: Path,
    document: dict[str, object],
) -> int:
    began = time.monotonic()
    if options.against:
        return against(short(directory), options.against)
    draw = drawing() if options.curves and not options.no_plot else None
    names = ("ours", "pure") if options.profile else options.subject or ()
    subjects = named_apart(chosen(options.python, directory, names, others))
    if not subjects:
        print("nothing to measure: no such subject is here")
        return 2
    certificate = make_certificate(directory)
    print(f"paced events go over {'TLS' if certificate else 'plain HTTP (no trustme)'}")
    bench = Bench(SHORT if options.short else FULL, directory, certificate)
    if options.profile:
        print(f"\n{profile(bench, subjects)}")
        return 0
    if options.curves:
        extent = points.SHORT if options.short else points.FULL
        failed = measure(bench, subjects, extent, options.curves, draw)
        print(*failed, f"{time.monotonic() - began:.0f} s in all", sep="\n")
        return int(bool(failed))
    judged = subjects[0]
    outcome = run_all(bench, subjects, options.only or SCENARIOS, judged)
    text, missed = table(outcome.runs, judged.name, markdown=options.markdown)
    print(f"\n{text}\n\n{time.monotonic() - began:.0f} s in all; judged: {judged.name}; {NOISE}")
    for title in missed:
        print(f"bar missed: {title}")
    for name, reason in outcome.skipped.items():
        print(f"skipped: {name}: {reason}")
    for failure in outcome.errors:
        print(f"error: {failure}")
    if options.json:
        document |= {"runs": outcome.runs, "missed": missed, "skipped": outcome.skipped}
        options.json.write_text(json.dumps(document, indent=2) + "\n")
    return int(bool(missed or outcome.errors) and not options.no_fail)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--short", action="store_true", help="one run each, fewer events")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all runs as JSON")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    parser.add_argument(
        "--curves",
        type=Path,
        metavar="DIRECTORY",
        help="measure what an event and a scrape cost as live events, series and rules grow,"
        " instead: curves.csv and curves.svg go there",
    )
    parser.add_argument(
        "--profile",
        action="store_true",
        help="print where the time of an event goes, for our builds, instead",
    )
    parser.add_argument(
        "--against",
        nargs="?",
        const=LAST_RELEASE,
        metavar="REF",
        help="compare with the exporter of a commit, by default of the last release, instead:"
        " a short form, both in turn, as a ratio that fails nothing",
    )
    parser.add_argument("--no-plot", action="store_true", help="of the curves only the table")
    parser.add_argument("--only", action="append", choices=SCENARIOS, help="repeatable")
    parser.add_argument(
        "--subject", action="append", choices=BUILT_IN, help="only these columns; repeatable"
    )
    parser.add_argument(
        "--python",
        type=Path,
        default=Path(sys.executable),
        metavar="FILE",
        help="of the environment whose exporter is measured; by default the one that runs this",
    )
    parser.add_argument("--no-fail", action="store_true", help="exit 0 though a bar is missed")
    other = parser.add_argument_group(
        "any other exporter", "repeatable; the first name and paths belong to the first command"
    )
    other.add_argument(
        "--command",
        action="append",
        default=[],
        metavar="'PROGRAM --kubeconfig {kubeconfig} --listen 127.0.0.1:{port}'",
        help="how it is started, from the project's root",
    )
    for flag, help_ in (
        ("--name", "its column's heading; by default the program's name"),
        ("--metrics-path", "by default /metrics"),
        ("--ready-path", "answers 200 once the first list is done; by default the watch tells"),
    ):
        other.add_argument(flag, action="append", default=[], help=help_)
    return parser


if __name__ == "__main__":
    sys.exit(main())
