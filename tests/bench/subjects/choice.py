"""Which subjects are measured: ours, what is built in to compare with, and what was asked for."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from tests.bench.subjects.go_build import CannotBuildError, built
from tests.bench.subjects.subject import (
    Subject,
    exporter,
    informer_in_go,
    informer_in_python,
    installed,
)

BUILT_IN = ("ours", "pure", "go", "python")
"""As the command line names them."""


def chosen(
    python: Path, directory: Path, names: Sequence[str] = (), others: Sequence[Subject] = ()
) -> list[Subject]:
    """The columns, in order; prints what each is, and why one is missing.

    ``python`` is of the environment whose exporter is ours. Where that is compiled, the one of
    the environment that runs this stands beside it.
    """
    wanted = names or BUILT_IN
    subjects: list[Subject] = []
    words, compiled = installed(str(python.absolute()), directory)
    own = [(python, f"ours, {'compiled' if compiled else 'pure'}", words)]
    if compiled and not installed(sys.executable, directory)[1]:
        pure, _ = installed(sys.executable, directory)
        own.append((Path(sys.executable), "ours, pure", pure))
    for (path, name, said), key in zip(own, ("ours", "pure"), strict=False):
        if key in wanted:
            print(f"{name}: {said}")
            subjects.append(exporter(str(path.absolute()), name=name))
    for other in others:
        print(f"{other.name}: {' '.join(other.command)}")
    subjects += others
    if "go" in wanted:
        try:
            subjects.append(informer_in_go(built()))
            print("informer in Go: lean, on client-go; it counts wrongly by design")
        except CannotBuildError as reason:
            print(f"informer in Go: n/a, {reason}")
    if "python" in wanted:
        print("informer in Python: of the kubernetes package; it counts wrongly by design")
        subjects.append(informer_in_python())
    return subjects


def commanded(
    commands: Sequence[str],
    names: Sequence[str],
    metrics_paths: Sequence[str],
    ready_paths: Sequence[str],
) -> list[Subject]:
    """Other exporters: the first name and paths belong to the first command, and so on.

    ValueError for a command that cannot be used, and for a name or path without a command.
    """
    for given, flag in (
        (names, "name"),
        (metrics_paths, "metrics-path"),
        (ready_paths, "ready-path"),
    ):
        if len(given) > len(commands):
            raise ValueError(f"a --{flag} without its --command")
    return [
        Subject.of(
            command,
            name=names[at] if at < len(names) else "",
            metrics_path=metrics_paths[at] if at < len(metrics_paths) else "/metrics",
            ready_path=ready_paths[at] if at < len(ready_paths) else "",
        )
        for at, command in enumerate(commands)
    ]
