# SPDX-License-Identifier: Apache-2.0
"""What is asked of the API server, and with which parameters."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

PAGE_SIZE = 500
# client-go tools/cache: a watch asks for a random 5 to 10 minutes, so that the watches
# of a fleet do not end together.
MIN_WATCH_SECONDS = 300.0
MAX_WATCH_SECONDS = 600.0
JSON = "application/json"


class Phase(Enum):
    """What the next answer belongs to."""

    LIST = "list"
    STREAM = "stream"
    WATCH = "watch"


def accepted_type(phase: Phase, *, metadata_only: bool) -> str:
    """The Accept header: whole objects, or no more than their metadata.

    As client-go's metadata client asks, of servers since 1.15. A list has a type of its own;
    a watch, a streamed list too, is of single objects. Whole ones are taken from those who
    do not know better: metadata stands in them as well.
    """
    if not metadata_only:
        return JSON
    name = "PartialObjectMetadataList" if phase is Phase.LIST else "PartialObjectMetadata"
    return f"{JSON};as={name};g=meta.k8s.io;v=v1,{JSON}"


@dataclass(frozen=True, slots=True)
class Request:
    """What to ask, after ``wait`` seconds; ``renew_credentials``: the last ones were refused."""

    phase: Phase
    params: dict[str, str]
    wait: float
    renew_credentials: bool


def list_page(token: str) -> dict[str, str]:
    """One page of a list; ``token`` is the continue token, ``""`` for the first page."""
    params = {"limit": str(PAGE_SIZE)}
    if token:
        params["continue"] = token
    return params


def streamed_list(seconds: float) -> dict[str, str]:
    """A list that is streamed and turns into a watch (KEP-3157), for ``seconds`` in all.

    Without a resourceVersion it is as fresh as a list can be. It has an end mark only
    because bookmarks are allowed.
    """
    return {
        **_watch(seconds),
        "sendInitialEvents": "true",
        "resourceVersionMatch": "NotOlderThan",
    }


def watch(version: str, seconds: float) -> dict[str, str]:
    """A watch of what came after ``version``, for ``seconds``."""
    return {**_watch(seconds), "resourceVersion": version}


def _watch(seconds: float) -> dict[str, str]:
    return {
        "watch": "1",
        "allowWatchBookmarks": "true",
        "timeoutSeconds": str(max(int(seconds), 1)),
    }
