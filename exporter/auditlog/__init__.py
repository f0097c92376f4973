# SPDX-License-Identifier: Apache-2.0
"""Follows the API server's audit log: files that grow, rotate, are compressed and go away.

``position`` (a place in the log, as a checkpoint keeps it), ``succession`` (which file follows
which) and ``telemetry`` are pure. ``files`` and ``directory`` look at the disk, ``track`` reads one
file, ``finding`` knows where a position is by now, ``tape`` reads all files as if they were one:
these block, and run in a thread. ``wakeups`` waits for changes; ``follower`` is the loop around it
all. The room does not know what is on a line, but for the time that orders files.
"""

from exporter.auditlog.follower import LogFollower, Read, Take
from exporter.auditlog.position import LogPosition
from exporter.auditlog.telemetry import Gap, LogTelemetry

__all__ = ["Gap", "LogFollower", "LogPosition", "LogTelemetry", "Read", "Take"]
