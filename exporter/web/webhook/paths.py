# SPDX-License-Identifier: Apache-2.0
"""Where batches are posted to, and the region that the path names.

The API server keeps the path of its webhook's URL and drops the query, so the region stands there.
"""

from __future__ import annotations

import re

MAX_REGIONS = 64
OTHER_REGION = "other"
# Nothing that is escaped: a region goes into a label as it stands.
_PATH = re.compile(
    r"/audit(?:/webhook|/([A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)/webhook)?"
)


def region_of(target: str) -> str | None:
    """The region that a request's target names, ``""`` where it names none; None for a target
    that is none of ours.
    """
    match = _PATH.fullmatch(target.partition("?")[0])
    return None if match is None else match[1] or ""


class Regions:
    """Those seen first, up to a number; later ones are ``other``."""

    def __init__(self, limit: int = MAX_REGIONS) -> None:
        self._limit = limit
        self._known: set[str] = set()

    def name(self, region: str) -> str:
        """What the region is called: as it is, or ``other``."""
        if region and region not in self._known:
            if len(self._known) >= self._limit:
                return OTHER_REGION
            self._known.add(region)
        return region
