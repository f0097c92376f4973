# SPDX-License-Identifier: Apache-2.0
"""What an API server has been asked, and a way to wait until it has been.

Tests assert on the log and wait on it, so that none of them needs to sleep.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """One request: `verb` is list, watch or the HTTP method in lower case; `page` counts from 1."""

    method: str
    path: str
    query: Mapping[str, str]
    verb: str = ""
    namespace: str = ""
    page: int = 1
    user_agent: str = ""
    authorization: str = field(default="", repr=False)

    @property
    def authorized(self) -> bool:
        """Whether the request carried any credentials in its header."""
        return bool(self.authorization)


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


class RequestLog:
    """The last requests, oldest first."""

    def __init__(self, changed: Changed) -> None:
        self._changed = changed
        self._seen: deque[SeenRequest] = deque(maxlen=_KEPT)

    def __len__(self) -> int:
        return len(self._seen)

    def __iter__(self) -> Iterator[SeenRequest]:
        return iter(tuple(self._seen))

    def __getitem__(self, index: int) -> SeenRequest:
        return self._seen[index]

    def add(self, request: SeenRequest) -> None:
        """Note a request."""
        self._seen.append(request)
        self._changed.notify()

    def matching(self, predicate: Callable[[SeenRequest], bool]) -> list[SeenRequest]:
        """The requests that `predicate` picks, oldest first."""
        return [request for request in self._seen if predicate(request)]

    def clear(self) -> None:
        """Forget what was seen so far."""
        self._seen.clear()
