# SPDX-License-Identifier: Apache-2.0
"""What can be asked about a Lease."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verb(StrEnum):
    """In the words of RBAC."""

    GET = "get"
    CREATE = "create"
    UPDATE = "update"

    @property
    def method(self) -> str:
        """The HTTP method."""
        return {"get": "GET", "create": "POST", "update": "PUT"}[self]

    @property
    def writes(self) -> bool:
        """Whether it changes the Lease."""
        return self is not Verb.GET


@dataclass(frozen=True, slots=True)
class Request:
    """What to ask."""

    verb: Verb
    path: str
    body: bytes
    started: float
    """When it was given out, on the candidate's clock."""
    timeout: float
    """Seconds from then on, until it is given up."""
    payload: str | None
    """What it publishes, where that is not what stands there."""
    renew_credentials: bool
    """Whether the last ones were refused."""

    def overtaken(self, status: int) -> bool:
        """Whether this answer says that the Lease is not the one that was written over."""
        return self.verb.writes and (status == 409 or (status == 404 and self.verb is Verb.UPDATE))
