"""Access to the recordings beside this file; ``README.md`` says what they are."""

from __future__ import annotations

import gzip
from pathlib import Path

FOLDER = Path(__file__).parent
VERSIONS = ("kubernetes-1.20.2", "kubernetes-1.36.3")


def body(path: str) -> bytes:
    """The bytes of one recording, named without its ``.gz``: ``kubernetes-1.20.2/http/x.body``."""
    return gzip.decompress((FOLDER / f"{path}.gz").read_bytes())


def lines(path: str) -> list[bytes]:
    """The lines of a recorded watch, without their line breaks."""
    return [line for line in body(path).split(b"\n") if line]


def names(pattern: str) -> list[str]:
    """The recordings that a glob pattern finds, as ``body`` takes them, watches in time order."""
    found = (p.relative_to(FOLDER).as_posix().removesuffix(".gz") for p in FOLDER.glob(pattern))
    return sorted(found, key=_in_time)


def _in_time(path: str) -> tuple[str, int, str]:
    # "core-v1.110.ndjson": the number of the connection counts up.
    folder, _, file = path.rpartition("/")
    number = next((part for part in file.split(".")[1:] if part.isdecimal()), "0")
    return folder, int(number), file
