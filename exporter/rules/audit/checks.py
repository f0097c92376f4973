# SPDX-License-Identifier: Apache-2.0
"""Conditions that look at each request: its names, and its body where one is asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from exporter.audit.bodies import decoded
from exporter.audit.record import AuditRecord
from exporter.rules.audit.paths import Path, texts_at
from exporter.rules.expressions import Groups
from exporter.rules.patterns import LONGEST_MESSAGE

FOUND: Mapping[str, str] = {}
"""It holds, and names no group."""
_ASK_IN_BODY = frozenset({"delete", "deletecollection"})
_DRY_RUN: Path = ("dryRun", "[]")


class Look:
    """A request that is looked at; its body is decoded once, if at all."""

    __slots__ = ("_body", "_read", "record")

    def __init__(self, record: AuditRecord) -> None:
        self.record = record
        self._body: object = None
        self._read = False

    def body(self) -> object:
        """What the client sent; None where the policy's level has none."""
        if not self._read:
            self._read = True
            self._body = decoded(self.record.body)
        return self._body

    def dry_run(self) -> bool:
        """Whether nothing is stored. Who deletes can ask so in the body too."""
        record = self.record
        if record.dry_run or record.verb not in _ASK_IN_BODY or not record.body:
            return record.dry_run
        return "All" in texts_at(self.body(), _DRY_RUN)


class Check(Protocol):
    """One condition."""

    def find(self, look: Look, /) -> Groups | None:
        """The named groups of what it found; None where it does not hold."""


class Search:
    """A pattern that is safe on texts of some length, and what it finds in longer ones.

    Whoever makes a text longer must not be excepted for what stands at its beginning; and nobody
    hides behind a long text otherwise: it is searched as far as it can be.
    """

    __slots__ = ("_excepts", "short")

    def __init__(self, pattern: re.Pattern[str], *, excepts: bool) -> None:
        self.short = pattern.search
        """For texts of no more than ``LONGEST_MESSAGE``."""
        self._excepts = excepts

    def __call__(self, text: str) -> re.Match[str] | None:
        """The first match."""
        if len(text) <= LONGEST_MESSAGE:
            return self.short(text)
        return None if self._excepts else self.short(text[:LONGEST_MESSAGE])


@dataclass(frozen=True, slots=True)
class TextCheck:
    """A pattern that is found in a text of the request."""

    search: Search
    read: Callable[[AuditRecord], str]

    def find(self, look: Look) -> Groups | None:
        """There is one text, nearly always a short one."""
        text = self.read(look.record)
        return self.search.short(text) if len(text) <= LONGEST_MESSAGE else self.search(text)


@dataclass(frozen=True, slots=True)
class EachTextCheck:
    """A pattern that is found in one of several texts."""

    search: Search
    read: Callable[[AuditRecord], Iterable[str]]

    def find(self, look: Look) -> Groups | None:
        """In the first that has it."""
        return next(filter(None, map(self.search, self.read(look.record))), None)


@dataclass(frozen=True, slots=True)
class BodyCheck:
    """Values, or a pattern, at one of some places of the body."""

    paths: Sequence[Path]
    values: frozenset[str]
    search: Search | None

    def find(self, look: Look) -> Groups | None:
        """At the first place that has it."""
        body = look.body()
        for path in self.paths if body is not None else ():
            for text in texts_at(body, path):
                if self.search is None:
                    if text in self.values:
                        return FOUND
                elif found := self.search(text):
                    return found
        return None
