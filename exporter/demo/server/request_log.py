# SPDX-License-Identifier: Apache-2.0
"""What an API server has been asked, and a way to wait until it has been.

Tests assert on the one and wait by the other, so that none of them needs to sleep.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """One request: `verb` is list, watch or the HTTP method in lower case; `page` counts from 1.

    `authorized` says whether it carried credentials, not which.
    """

    method: str
    path: str
    query: Mapping[str, str]
    verb: str
    namespace: str
    page: int
    authorized: bool


class Changed:
    """Wakes whoever waits for a condition, each time something it may depend on has changed."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def notify(self) -> None:
        """Something has changed: conditions are looked at again."""
        self._event.set()

    async def until(self, condition: Callable[[], bool], patience: float) -> None:
        """Return once `condition` holds; TimeoutError after `patience` seconds."""
        async with asyncio.timeout(patience):
            while not condition():
                self._event.clear()
                await self._event.wait()
