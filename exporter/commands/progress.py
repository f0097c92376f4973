# SPDX-License-Identifier: Apache-2.0
"""How far a command has read its input."""

from __future__ import annotations

from typing import TextIO

_LEAST_BYTES = 8 * 1024 * 1024
_BAR = 40


class Progress:
    """A bar on a terminal, for input long enough to be waited for; ``total`` is in bytes, 0
    where nobody knows.
    """

    def __init__(self, total: int, stream: TextIO) -> None:
        self._total = total
        self._stream = stream
        self._shown = total >= _LEAST_BYTES and stream.isatty()
        self._filled = -1

    def at(self, position: int) -> None:
        """So many of the bytes are read."""
        if not self._shown:
            return
        filled = _BAR * position // self._total
        if filled != self._filled:
            self._filled = filled
            bar = "#" * filled + "." * (_BAR - filled)
            self._stream.write(f"\rreplaying [{bar}] {100 * position // self._total:3d} %")
            self._stream.flush()

    def finish(self) -> None:
        """All are read."""
        if self._shown:
            self.at(self._total)
            self._stream.write("\n")
