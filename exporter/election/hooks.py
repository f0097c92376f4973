# SPDX-License-Identifier: Apache-2.0
"""Whom a candidate tells what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hooks:
    """Called in the middle of the candidate's work: they do not wait and do not fail."""

    on_started_leading: Callable[[str], None] = lambda _payload: None
    """With the payload of the Lease that was taken: the last one that a leader published."""
    on_stopped_leading: Callable[[], None] = lambda: None
    on_observed: Callable[[str], None] = lambda _payload: None
    """A standby has read a new version of the Lease, with this payload."""
    on_published: Callable[[str], None] = lambda _payload: None
    """The Lease was written, with this payload, which ``publish`` was given."""
