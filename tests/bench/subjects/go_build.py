"""Builds the informer in Go, once, into the user's cache, as .ci/assets does with its programs."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[1] / "informer"
_FILES = ("go.mod", "go.sum", "main.go")
_OLDEST_GO = (1, 26)


class CannotBuildError(Exception):
    """There is no Go here that could build it; the text says what is missing."""


def built(environ: Mapping[str, str] = os.environ) -> Path:
    """The program; CannotBuildError where it is not built yet and cannot be.

    Its directory is named after the files it is made of. Half a minute from an empty Go cache.
    """
    made_of = hashlib.sha256(b"".join((SOURCES / name).read_bytes() for name in _FILES))
    cache = environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME", "/"), ".cache")
    directory = Path(cache, "kube-event-metrics", "bench", made_of.hexdigest()[:12])
    program = directory / "informer"
    if os.access(program, os.X_OK):
        return program
    go = shutil.which("go", path=environ.get("PATH"))
    if go is None:
        raise CannotBuildError("go is missing: the informer in Go needs Go 1.26 or newer")
    # Asked from outside the module, where Go does not fetch a newer toolchain of itself.
    local = {**environ, "GOTOOLCHAIN": "local", "GOWORK": "off", "CGO_ENABLED": "0"}
    said = subprocess.run(
        [go, "env", "GOVERSION"], cwd="/", env=local, capture_output=True, text=True, check=False
    ).stdout.strip()
    version = re.match(r"go(\d+)\.(\d+)", said)
    if version is None or (int(version[1]), int(version[2])) < _OLDEST_GO:
        raise CannotBuildError(f"{said or 'this go'} is too old: 1.26 or newer is needed")
    directory.mkdir(parents=True, exist_ok=True)
    # Renamed when whole, so that a build cut short or a second one never shows.
    unfinished = directory / f"informer.{os.getpid()}"
    command = [go, "build", "-mod=readonly", "-ldflags", "-s -w", "-o", str(unfinished), "."]
    done = subprocess.run(
        command, cwd=SOURCES, env=local, capture_output=True, text=True, check=False
    )
    if done.returncode:
        unfinished.unlink(missing_ok=True)
        raise CannotBuildError(f"go build failed: {done.stderr.strip()[-500:]}")
    unfinished.rename(program)
    return program
