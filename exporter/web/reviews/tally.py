# SPDX-License-Identifier: Apache-2.0
"""How often the API server was asked and what it said, and what became of the requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What the API server is asked; a label value, as the two below."""

    TOKEN = "token"  # noqa: S105 - the name of a question
    ACCESS = "access"


class Result(StrEnum):
    """What it said."""

    ALLOWED = "allowed"
    DENIED = "denied"
    ERROR = "error"


class Outcome(StrEnum):
    """What became of a request."""

    ALLOWED = "allowed"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    UNAVAILABLE = "unavailable"
    """The API server could not be asked, or too much waited to be asked."""


@dataclass(slots=True)
class Tally:
    """All of it stands at 0 from the start."""

    reviews: dict[tuple[Kind, Result], int] = field(
        default_factory=lambda: dict.fromkeys(((k, r) for k in Kind for r in Result), 0)
    )
    requests: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(Outcome, 0))
