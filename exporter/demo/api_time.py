# SPDX-License-Identifier: Apache-2.0
"""Times and durations in the spellings that Kubernetes components use.

Everywhere in the demo `now` is a float of seconds since 1970, UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime

_SECOND, _MINUTE, _HOUR = 1000, 60_000, 3_600_000


def seconds(now: float) -> str:
    """metav1.Time: `2026-11-22T11:40:54Z`, cut down to the second."""
    return datetime.fromtimestamp(int(now), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def microseconds(now: float) -> str:
    """metav1.MicroTime: `2026-11-22T11:40:54.317000Z`."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def go_duration(duration: float) -> str:
    """A duration in seconds as a current kubelet prints it, in whole milliseconds.

    `317ms`, `30.543s`, `1m2.5s`, `1h0m3s`, `0s`: units are Go's, trailing zeros are dropped.
    """
    total = round(duration * 1000)
    if total == 0:
        return "0s"
    if total < _SECOND:
        return f"{total}ms"
    hours, rest = divmod(total, _HOUR)
    minutes, rest = divmod(rest, _MINUTE)
    text = f"{rest / _SECOND:.3f}".rstrip("0").rstrip(".") + "s"
    if hours or minutes:
        text = f"{minutes}m{text}"
    return f"{hours}h{text}" if hours else text
