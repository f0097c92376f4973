"""The built-in rules, with pairs that may be open for a shorter time."""

from __future__ import annotations

import re
from collections.abc import Sequence

from exporter.rules.loading import built_in

_MAX_AGE = re.compile(r"max_age: (\d+)([hm])")
_SECONDS = {"h": 3600, "m": 60}


def catalogue(haste: int) -> Sequence[tuple[str, str]]:
    """All files, as name and text; each ``max_age`` is divided by ``haste``."""

    def shorter(age: re.Match[str]) -> str:
        return f"max_age: {int(age[1]) * _SECONDS[age[2]] // haste}s"

    return [(name, _MAX_AGE.sub(shorter, text)) for name, text in built_in()]
