# SPDX-License-Identifier: Apache-2.0
"""Bounds for label values that other people choose.

Reasons, components and kinds come from any controller in the cluster, and some put a
uuid in them. A value is kept as written up to 256 bytes and up to a number of distinct
values a label; past that it is shown as one overflow value, and counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

OVERFLOW = "__overflow__"
MAX_VALUE_BYTES = 256
# Distinct values a label. A large cluster has hundreds of reasons and components, and
# thousands of namespaces; what is beyond is a controller that writes names where
# constants belong.
DEFAULT_LIMIT = 2_000
LIMITS: Mapping[str, int] = {"namespace": 20_000, "workload_name": 20_000, "type": 16}
_NONE: frozenset[str] = frozenset()
# An absent field and our own word take no room.
_FREE = frozenset({"", OVERFLOW})


class LabelBounds:
    """The distinct values in use, by label name, over all families."""

    def __init__(self, limits: Mapping[str, int] = LIMITS, default: int = DEFAULT_LIMIT) -> None:
        self.overflowed: dict[str, int] = {}
        """Look-ups of label sets that gave the overflow value, by label name."""
        self._limits = limits
        self._default = default
        self._values: dict[str, set[str]] = {}

    def used(self, name: str) -> int:
        """Distinct values of a label that living series have."""
        return len(self._values.get(name, ()))

    def limit(self, name: str) -> int:
        """Most distinct values of a label."""
        return self._limits.get(name, self._default)

    def bound(self, names: tuple[str, ...], values: tuple[str, ...]) -> tuple[str, ...]:
        """The label values to show: as they are, or the overflow value in their place.

        They take no room before a series is born with them (``admit``).
        """
        bounded = values
        for position, (name, value) in enumerate(zip(names, values, strict=True)):
            if not self._fits(name, value):
                bounded = (*bounded[:position], OVERFLOW, *bounded[position + 1 :])
                self.overflowed[name] = self.overflowed.get(name, 0) + 1
        return bounded

    def admit(self, names: tuple[str, ...], values: tuple[str, ...]) -> None:
        """A series with these bounded values is born: they are in use."""
        for name, value in zip(names, values, strict=True):
            if value not in _FREE:
                self._values.setdefault(name, set()).add(value)

    def retain(self, in_use: Iterable[tuple[tuple[str, ...], Iterable[tuple[str, ...]]]]) -> None:
        """Forget the values that no living series has: (label names, their series' values)."""
        kept: dict[str, set[str]] = {}
        for names, rows in in_use:
            columns = [kept.setdefault(name, set()) for name in names]
            for row in rows:
                for column, value in zip(columns, row, strict=True):
                    column.add(value)
        self._values = {name: column - _FREE for name, column in kept.items()}

    def _fits(self, name: str, value: str) -> bool:
        known = self._values.get(name, _NONE)
        if value in known or value in _FREE:
            return True
        if len(known) >= self.limit(name):
            return False
        return len(value) * 4 <= MAX_VALUE_BYTES or (
            len(value.encode("utf-8", "replace")) <= MAX_VALUE_BYTES
        )
