# SPDX-License-Identifier: Apache-2.0
"""How a process begins with its checkpoint: goes on from it, or says why it cannot."""

from __future__ import annotations

from pathlib import Path

from exporter.checkpoint.state import Restored
from exporter.checkpoint.store import CheckpointError, Store, UnusableFileError, opened, set_aside
from exporter.notes import Note


def begin(path: Path, about: str, note: Note) -> tuple[Store | None, Restored | None]:
    """The store, None where there can be none, and what it restores, if anything.

    What cannot be used is set aside; a checkpoint is never a reason not to run.
    """
    store: Store | None = None
    for _ in range(2):  # as it is, then anew
        try:
            store = opened(path)
            return store, store.load(about)
        except UnusableFileError as error:
            if store:
                store.close()
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
