"""What is measured: any exporter that a command starts, given a kubeconfig and a port."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

_PLACEHOLDERS = ("{kubeconfig}", "{port}")
_PLACEHOLDER = re.compile("|".join(map(re.escape, _PLACEHOLDERS)))


@dataclass(frozen=True, slots=True)
class Subject:
    """One column of the table.

    In ``command`` stand ``{kubeconfig}``, a path, and ``{port}``, a free one of 127.0.0.1.
    """

    name: str
    command: tuple[str, ...]
    metrics_path: str = "/metrics"
    ready_path: str = ""
    """Answers 200 when the first list is done; "" where nothing tells: then the watch does."""
    ours: bool = False
    """Whether our families and promises are to be found there: occurrences are compared with
    those sent. Of others it is told what they count, and they need not give gzip."""
    in_checkout: bool = False
    """Whether the command needs the project's root as its directory; ours must be away from
    there, where its sources would be imported in its place."""
    audit: tuple[str, ...] = ()
    """Reads the audit log ``{log}`` and prints a page; () where there is no such thing."""
    slow: bool = False
    """Known to take ten times ours: what would take minutes is left out or made smaller."""

    def started_with(self, kubeconfig: Path, port: int) -> list[str]:
        """The command, its placeholders filled in."""
        filled = {"{kubeconfig}": str(kubeconfig), "{port}": str(port)}
        # What was filled in is not looked at again.
        return [_PLACEHOLDER.sub(lambda found: filled[found[0]], word) for word in self.command]

    def with_flags(self, *flags: str) -> Self:
        """The same, with more arguments."""
        return replace(self, command=(*self.command, *flags))

    @classmethod
    def of(cls, command: str, *, name: str, metrics_path: str, ready_path: str) -> Self:
        """Somebody's exporter, by a command as a shell reads it.

        ValueError where it is none, or does not say where kubeconfig and port go.
        """
        words = shlex.split(command)
        if not words:
            raise ValueError("an empty command")
        for placeholder in _PLACEHOLDERS:
            if not any(placeholder in word for word in words):
                raise ValueError(f"{command!r}: where does {placeholder} go?")
        for path in filter(None, (metrics_path, ready_path)):
            if not path.startswith("/"):
                raise ValueError(f"{path!r} is no path: it begins with /")
        return cls(
            name or Path(words[0]).name,
            tuple(words),
            metrics_path=metrics_path,
            ready_path=ready_path,
            in_checkout=True,
        )


def exporter(python: str, *, name: str = "ours") -> Subject:
    """Our own, as the environment of ``python`` has it installed."""
    words = (python, "-m", "exporter", "run", "--kubeconfig", "{kubeconfig}")
    flags = ("--web.listen-address", "127.0.0.1:{port}", "--series.limit", "1000000")
    audit = (python, "-m", "exporter", "replay", "--audit", "{log}")
    return Subject(name, words + flags, ready_path="/readyz", ours=True, audit=audit)


def informer_in_python() -> Subject:
    """The ``kubernetes`` package's informer with a Counter."""
    words = (sys.executable, "-m", "tests.bench.subjects.informer_in_python")
    flags = ("--kubeconfig", "{kubeconfig}", "--port", "{port}")
    audit = (sys.executable, "-m", "tests.bench.subjects.audit_in_python", "{log}")
    return Subject("informer in Python", words + flags, in_checkout=True, slow=True, audit=audit)


def informer_in_go(program: Path) -> Subject:
    """client-go's informer with a CounterVec, as ``program`` was built."""
    command = (str(program), "--kubeconfig", "{kubeconfig}", "--listen", "127.0.0.1:{port}")
    return Subject("informer in Go", command)


def installed(python: str, directory: Path) -> tuple[str, bool]:
    """Which exporter ``python`` has: version and kind in words, and whether it is compiled."""
    script = (
        "from exporter.version import COMPILED as c, VERSION; "
        "print(VERSION + ',', 'compiled' if c else 'pure Python')"
    )
    done = subprocess.run(
        [python, "-c", script], cwd=directory, capture_output=True, text=True, check=True
    )
    words = done.stdout.strip()
    return words, words.endswith("compiled")


def named_apart(subjects: Sequence[Subject]) -> list[Subject]:
    """The same, of those with one name each later one with a number: a name is a column."""
    seen: dict[str, int] = {}
    apart = []
    for subject in subjects:
        seen[subject.name] = number = seen.get(subject.name, 0) + 1
        name = subject.name if number == 1 else f"{subject.name} ({number})"
        apart.append(replace(subject, name=name))
    return apart
