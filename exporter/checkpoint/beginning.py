# SPDX-License-Identifier: Apache-2.0
"""How a process begins with its checkpoint: goes on from it, or says why it cannot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from exporter.checkpoint.database import (
    CheckpointError,
    Database,
    UnusableFileError,
    set_aside,
)
from exporter.notes import Note

D = TypeVar("D", bound=Database)
R = TypeVar("R")


def begin(
    path: Path, opened: Callable[[Path], D], load: Callable[[D], R], note: Note
) -> tuple[D | None, R | None]:
    """The file, None where there can be none, and what it restores, if anything.

    What cannot be used is set aside; a checkpoint is never a reason not to run.
    """
    file: D | None = None
    for _ in range(2):  # as it is, then anew
        try:
            file = opened(path)
            return file, load(file)
        except UnusableFileError as error:
            if file:
                file.close()
            try:
                aside = set_aside(path)
            except OSError as problem:
                _refuse(note, path, f"{error}, and cannot be moved: {problem.strerror}")
                return None, None
            fields: dict[str, object] = {"path": path, "reason": str(error), "kept_as": aside}
            note("error", "checkpoint set aside, starting from a baseline", fields)
        except CheckpointError as error:
            _refuse(note, path, str(error))
            return None, None
    _refuse(note, path, "a new one cannot be read")
    return None, None


def _refuse(note: Note, path: Path, reason: str) -> None:
    fields: dict[str, object] = {"path": path, "reason": reason}
    note("error", "no checkpoint, starting from a baseline and keeping nothing", fields)
