# SPDX-License-Identifier: Apache-2.0
"""Lines out of a byte stream that may be cut anywhere.

Invariant: any way of cutting the same bytes gives the same lines, whatever their size.
"""

from __future__ import annotations

# etcd refuses requests over 1.5 MiB by default, so no object is near this; a stream
# that never sends a line break must not take the process' memory with it.
MAX_LINE_BYTES = 16 * 1024 * 1024


class LineSplitter:
    """Cuts fed bytes at line breaks; holds what has no line break yet.

    A line over ``limit`` bytes is dropped up to its line break and counted in
    ``overlong``.
    """

    def __init__(self, limit: int = MAX_LINE_BYTES) -> None:
        self.overlong = 0
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0
        self._dropping = False

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that ``data`` completes, without their line breaks."""
        lines = data.split(b"\n")
        rest = lines.pop()
        if lines and (self._parts or self._dropping):
            lines[0] = b"".join((*self._parts, lines[0]))
            self._parts.clear()
            self._size = 0
            if self._dropping or len(lines[0]) > self._limit:
                del lines[0]
                self.overlong += 1
                self._dropping = False
        if len(data) > self._limit:
            whole = [line for line in lines if len(line) <= self._limit]
            self.overlong += len(lines) - len(whole)
            lines = whole
        if rest:
            self._hold(rest)
        return lines

    @property
    def pending(self) -> bool:
        """Whether a line has begun and not ended: at the end of a stream, a truncated frame."""
        return bool(self._parts) or self._dropping

    def _hold(self, rest: bytes) -> None:
        if self._dropping:
            return
        self._parts.append(rest)
        self._size += len(rest)
        if self._size > self._limit:
            self._parts.clear()
            self._dropping = True
