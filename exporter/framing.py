# SPDX-License-Identifier: Apache-2.0
"""Lines out of a byte stream that may be cut anywhere.

Invariant: any way of cutting the same bytes gives the same lines, whatever their size.
"""

from __future__ import annotations

# etcd refuses requests over 1.5 MiB by default, and what is stored as protobuf is a few times
# that as JSON; clusters that allow more exist. A stream that never sends a line break must
# not take the process' memory with it.
MAX_LINE_BYTES = 64 * 1024 * 1024


class LineSplitter:
    """Cuts fed bytes after line breaks; holds what has no line break yet.

    A line over ``limit`` bytes is dropped up to its line break and counted in
    ``overlong``.
    """

    def __init__(self, limit: int = MAX_LINE_BYTES) -> None:
        self.overlong = 0
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0
        self._dropping = False

    def feed(self, data: bytes) -> bytes:
        """All lines that ``data`` completes, in one block; each with its line break.

        They are not taken apart here: decoding many lines at once is cheaper.
        """
        end = data.rfind(b"\n") + 1
        if not end:
            self._hold(data)
            return b""
        rest = data[end:]
        if self._dropping:
            block = data[data.index(b"\n") + 1 : end]
            self.overlong += 1
            self._dropping = False
        elif self._parts:
            # One copy, not two: at full speed they are felt.
            block = b"".join((*self._parts, memoryview(data)[:end]))
        else:
            block = data[:end]
        self._parts.clear()
        self._size = 0
        if len(block) > self._limit:
            block = self._without_overlong(block)
        if rest:
            self._hold(rest)
        return block

    @property
    def pending(self) -> bool:
        """Whether a line has begun and not ended: at the end of a stream, a truncated frame."""
        return bool(self._parts) or self._dropping

    def _hold(self, rest: bytes) -> None:
        if self._dropping or not rest:
            return
        self._parts.append(rest)
        self._size += len(rest)
        if self._size > self._limit:
            self._parts.clear()
            self._dropping = True

    def _without_overlong(self, block: bytes) -> bytes:
        lines = [line + b"\n" for line in block.split(b"\n")[:-1]]
        kept = [line for line in lines if len(line) <= self._limit + 1]
        self.overlong += len(lines) - len(kept)
        return b"".join(kept)
