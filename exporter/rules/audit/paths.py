# SPDX-License-Identifier: Apache-2.0
"""Paths into a body: ``spec.containers[].securityContext.privileged``."""

from __future__ import annotations

import re
from collections.abc import Iterator

_PATH = re.compile(r"[\w-]+(?:\[\])*(?:\.[\w-]+(?:\[\])*)*", re.ASCII)
_STEP = re.compile(r"\[\]|[\w-]+", re.ASCII)
_EACH = "[]"
# Deeper than this a body may have been cut (``exporter.audit.mending``).
_MOST_STEPS = 24

Path = tuple[str, ...]


class PathError(ValueError):
    """A text that is no path."""


def path(written: str) -> Path:
    """The steps of a path; raises ``PathError``."""
    if not _PATH.fullmatch(written):
        raise PathError(
            f"{written!r} is no path: keys with points between them, [] behind a list's"
        )
    steps = tuple(_STEP.findall(written))
    if len(steps) > _MOST_STEPS:
        raise PathError(f"{written!r} has {len(steps)} steps, more than {_MOST_STEPS}")
    return steps


def texts_at(body: object, steps: Path) -> Iterator[str]:
    """The texts, numbers and booleans at a path, as JSON writes them; a body may be anything."""
    found = [body]
    for step in steps:
        if step == _EACH:
            found = [item for one in found if isinstance(one, list) for item in one]
        else:
            found = [one[step] for one in found if isinstance(one, dict) and step in one]
    for one in found:
        if isinstance(one, str):
            yield one
        elif isinstance(one, bool):
            yield "true" if one else "false"
        elif isinstance(one, int | float):
            yield repr(one)
