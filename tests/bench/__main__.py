"""``python -m tests.bench``: the exporter beside what people would use instead, measured.

Runs every scenario several times for both, in turn, prints each figure and a table against the
bars of the design, and exits 1 where a bar is missed by more than the noise (2: usage).
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

if __package__ in (None, ""):  # run as a file: make the project's root importable
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from tests.bench.measure import Subject, installed
from tests.bench.report import machine, table
from tests.bench.scenarios import FULL, SCENARIOS, SHORT, Bench, Size

SUBJECTS: tuple[Subject, ...] = ("ours", "alternative")
SKIPPED_IN_SHORT: dict[Subject, tuple[str, ...]] = {
    "ours": ("growth",),
    "alternative": ("memory", "ready", "scrape_100k", "growth"),
}
"""A minute or more each."""


def make_certificate(directory: Path) -> Path | None:
    """A certificate for loopback, key and chain in one file; None without trustme."""
    try:
        import trustme
    except ImportError:
        return None
    path = directory / "server.pem"
    issued = trustme.CA().issue_cert("127.0.0.1", "localhost")
    issued.private_key_and_cert_chain_pem.write_to_path(str(path))
    return path


def turns(name: str, subject: Subject, size: Size) -> int:
    """How often a scenario runs: once where a run takes long and no bar hangs on its spread."""
    if name in SKIPPED_IN_SHORT.get(subject, ()) and size.short:
        return 0
    once = name == "growth" or (subject == "alternative" and name != "stream")
    return 1 if once else size.runs


def main() -> int:
    """Parse the command line, run, print; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--short", action="store_true", help="one run, fewer events, under 90 s")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all runs as JSON")
    parser.add_argument("--only", action="append", choices=SCENARIOS, help="repeatable")
    parser.add_argument("--subject", choices=SUBJECTS, help="only one of the two")
    parser.add_argument(
        "--python",
        type=Path,
        default=Path(sys.executable),
        metavar="FILE",
        help="of the environment whose exporter is measured; by default the one that runs this",
    )
    parser.add_argument("--no-fail", action="store_true", help="exit 0 though a bar is missed")
    arguments = parser.parse_args()
    began = time.monotonic()
    ran_on = machine()
    command = shlex.join(["python", "-m", "tests.bench", *sys.argv[1:]])
    print(f"command: {command}")
    print("machine: " + ", ".join(f"{name} {value}" for name, value in ran_on.items()))
    runs: dict[Subject, dict[str, list[float]]] = {
        subject: defaultdict(list) for subject in SUBJECTS
    }
    errors = []
    with tempfile.TemporaryDirectory(prefix="kube-event-metrics-bench-") as temporary:
        directory = Path(temporary)
        python = str(arguments.python.absolute())
        exporter = installed(python, directory)
        print(f"exporter: {exporter}")
        size = SHORT if arguments.short else FULL
        certificate = make_certificate(directory)
        print(f"paced events go over {'TLS' if certificate else 'plain HTTP (no trustme)'}")
        bench = Bench(size, directory, certificate, python)
        for name in arguments.only or SCENARIOS:
            for turn in range(size.runs):
                for subject in (arguments.subject,) if arguments.subject else SUBJECTS:
                    if turn >= turns(name, subject, size):
                        continue
                    started = time.monotonic()
                    try:
                        figures = SCENARIOS[name](bench, subject)
                    except (AssertionError, RuntimeError, OSError) as error:
                        print(f"{name} {turn + 1} {subject} FAILED: {error}", flush=True)
                        if subject == "ours":
                            errors.append(f"{name}: {error}")
                        continue
                    for key, value in figures.items():
                        runs[subject][key].append(value)
                    if not figures:
                        continue
                    shown = ", ".join(f"{key} {value:.4g}" for key, value in figures.items())
                    took = time.monotonic() - started
                    print(f"{name} {turn + 1} {subject} [{took:.1f} s]: {shown}", flush=True)
    text, missed = table(runs["ours"], runs["alternative"])
    print(f"\n{text}\n\n{time.monotonic() - began:.0f} s in all")
    for title in missed:
        print(f"bar missed: {title}")
    for failure in errors:
        print(f"error: {failure}")
    if arguments.json:
        document = {"command": command, "exporter": exporter, "machine": ran_on}
        document |= {"runs": runs, "missed": missed}
        arguments.json.write_text(json.dumps(document, indent=2) + "\n")
    return int(bool(missed or errors) and not arguments.no_fail)


if __name__ == "__main__":
    sys.exit(main())
