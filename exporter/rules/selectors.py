# SPDX-License-Identifier: Apache-2.0
"""Which events a rule is for: names that are exact, or have a ``*`` at one end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class SelectorError(ValueError):
    """A name that cannot be matched."""


class Names:
    """A set of names. Raises ``SelectorError``."""

    def __init__(self, written: Iterable[str]) -> None:
        self.written = tuple(written)
        self.exact = frozenset(name for name in self.written if "*" not in name)
        self.any = "*" in self.written
        wild = [name for name in self.written if "*" in name and name != "*"]
        for name in wild:
            if name.count("*") > 1 or not (name.startswith("*") or name.endswith("*")):
                raise SelectorError(f"{name!r}: one * stands at the beginning or at the end")
        self._starts = tuple(name[:-1] for name in wild if name.endswith("*"))
        self._ends = tuple(name[1:] for name in wild if name.startswith("*"))

    @property
    def is_exact(self) -> bool:
        """Whether it has no ``*``."""
        return not (self.any or self._starts or self._ends)

    def __contains__(self, name: str) -> bool:
        return (
            self.any
            or name in self.exact
            or name.startswith(self._starts)
            or name.endswith(self._ends)
        )

    def covers(self, written: str) -> bool:
        """Whether everything that a written name stands for is in this set."""
        if "*" not in written or self.any:
            return written in self
        if written.endswith("*"):
            return written[:-1].startswith(self._starts)
        return written[1:].endswith(self._ends)


@dataclass(frozen=True, slots=True)
class Selector:
    """The events of a rule."""

    components: Names
    kinds: Names
    reasons: Names
    types: Names

    def selects(self, type_: str, component: str, kind: str, reason: str) -> bool:
        """Whether such an event is meant."""
        return (
            reason in self.reasons
            and kind in self.kinds
            and component in self.components
            and type_ in self.types
        )

    def combinations(self) -> Iterable[tuple[str, str, str, str]]:
        """Type, component, kind, reason: each as it is written, in every combination."""
        for reason in self.reasons.written:
            for kind in self.kinds.written:
                for component in self.components.written:
                    for type_ in self.types.written:
                        yield type_, component, kind, reason

    def covers(self, combination: tuple[str, str, str, str]) -> bool:
        """Whether all events of a combination are among those of this one."""
        type_, component, kind, reason = combination
        return (
            self.reasons.covers(reason)
            and self.kinds.covers(kind)
            and self.components.covers(component)
            and self.types.covers(type_)
        )
