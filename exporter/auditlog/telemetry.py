# SPDX-License-Identifier: Apache-2.0
"""What the follower of a log has read and missed: plain numbers, read by the self-metrics."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Gap(StrEnum):
    """Why lines may never have been read: a closed set, it is a label value."""

    ROTATED_AWAY = "rotated_away"
    """A backup was deleted, and we had not read it to its end, or cannot know that we had."""
    TRUNCATED = "truncated"
    """The file was cut off, or a backup is damaged: what stood behind our position is gone."""


@dataclass(slots=True)
class LogTelemetry:
    """Of one log. Bytes are uncompressed."""

    readable: bool = False
    """Whether it is there and may be read. In the moment of a rotation it stays as it was."""
    reason: str = ""
    """Of the last trouble, which may be over."""
    position_bytes: int = 0
    """Within the file that is being read."""
    size_bytes: int = 0
    """Of the current file."""
    backlog_bytes: int = 0
    """Unread, later backups included; as it was when the directory was last looked at."""
    bytes: int = 0
    """Read, in total."""
    rotations: int = 0
    """Files that were read to their end and followed by another."""
    gaps: dict[str, int] = field(default_factory=lambda: {gap.value: 0 for gap in Gap})
    overlong: int = 0
    """Lines beyond any size an API server writes, passed over."""
