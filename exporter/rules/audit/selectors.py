# SPDX-License-Identifier: Apache-2.0
"""Conditions that are decided once for all requests of one kind."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from exporter.audit.record import AuditRecord
from exporter.audit.users import UserClass
from exporter.rules.audit.language import FAILURE
from exporter.rules.selectors import Names, SelectorError

_CODE = re.compile(r"[1-5](?:[0-9]{2}|xx)")
_WORDS = {"ok": (100, FAILURE - 1), "failed": (FAILURE, 599)}
_ANY = "*"


class About(NamedTuple):
    """What requests of one kind have in common."""

    verb: str
    group: str
    resource: str
    subresource: str
    code: int
    user_class: UserClass
    """Of who really asks."""
    impersonated: bool

    @classmethod
    def of(cls, record: AuditRecord) -> About:
        """Of a request's record."""
        return cls(
            record.verb,
            record.group,
            record.resource,
            record.subresource,
            record.code,
            record.user_class,
            record.impersonated,
        )


class Words:
    """Words of a closed set; all of them where none is written."""

    def __init__(self, meant: Iterable[str], whole: Sequence[str]) -> None:
        self._meant = frozenset(meant) or frozenset(whole)
        self.written = tuple(sorted(self._meant))

    def __contains__(self, word: str) -> bool:
        return word in self._meant

    covers = __contains__


class Codes:
    """HTTP codes; any, and none at all, where none is written. Raises ``SelectorError``."""

    def __init__(self, written: Iterable[str | int]) -> None:
        self.written = tuple(str(code) for code in written) or (_ANY,)
        self._ranges = [_range(code) for code in self.written]

    def __contains__(self, code: int) -> bool:
        return any(first <= code <= last for first, last in self._ranges)

    def covers(self, written: str) -> bool:
        """Whether all codes that a word stands for are among these."""
        least, most = _range(written)
        return any(first <= least and most <= last for first, last in self._ranges)


def _range(written: str) -> tuple[int, int]:
    if written == _ANY:
        return 0, 599
    if written in _WORDS:
        return _WORDS[written]
    if not _CODE.fullmatch(written):
        raise SelectorError(f"{written!r} is no code: write 403, 4xx, ok or failed")
    return int(written.replace("xx", "00")), int(written.replace("xx", "99"))


class Resources:
    """Resources and subresources, as an audit policy writes them. Raises ``SelectorError``."""

    def __init__(self, written: Iterable[str]) -> None:
        self.all = True
        """Whether requests without a resource are meant too."""
        self.written: tuple[str, ...] = tuple(written)
        self._pairs: set[tuple[str, str]] = set()
        for text in self.written:
            resource, slash, subresource = text.partition("/")
            self.all = False
            parts = (resource, subresource) if slash else (resource,)
            if any(_ANY in part and part != _ANY for part in parts):
                raise SelectorError(f"{text!r}: * stands for a whole name")
            if slash and not (resource and subresource):
                raise SelectorError(f"{text!r} is no resource/subresource")
            self._pairs.add((resource, subresource))
        if not self.written:
            self.written = ("", _ANY)

    @property
    def named(self) -> frozenset[str] | None:
        """The resources that are named; None where there can be others."""
        names = frozenset(resource for resource, _ in self._pairs)
        return None if self.all or _ANY in names else names

    def has(self, resource: str, subresource: str) -> bool:
        """Whether requests about it are meant."""
        pairs = self._pairs
        if self.all or (resource, subresource) in pairs:
            return True
        if not resource:
            return False
        if (_ANY, "") in pairs:
            return True
        return bool(subresource) and ((resource, _ANY) in pairs or (_ANY, subresource) in pairs)

    def covers(self, written: str) -> bool:
        """Whether everything that a written resource stands for is among these."""
        if self.all or (written and (_ANY, "") in self._pairs):
            return True
        resource, _, subresource = written.partition("/")
        if (resource, subresource) in self._pairs:
            return True
        return _ANY not in (resource, subresource) and self.has(resource, subresource)


@dataclass(frozen=True, slots=True)
class Selector:
    """Of a condition set, what can be decided so."""

    verbs: Words
    groups: Names
    resources: Resources
    classes: Words
    codes: Codes

    def selects(self, about: About) -> bool:
        """Whether such requests are meant, as far as can be said."""
        return (
            self.resources.has(about.resource, about.subresource)
            and about.verb in self.verbs
            and about.group in self.groups
            and about.code in self.codes
            and (
                about.user_class in self.classes
                or (about.impersonated and UserClass.IMPERSONATED in self.classes)
            )
        )

    def combinations(self) -> Iterable[tuple[str, str, str, str, str]]:
        """Verb, group, resource, class, code: each as it is written, in every combination."""
        return itertools.product(
            self.verbs.written,
            self.groups.written,
            self.resources.written,
            self.classes.written,
            self.codes.written,
        )

    def covers(self, combination: tuple[str, str, str, str, str]) -> bool:
        """Whether all requests of a combination are among those of this one."""
        verb, group, resource, class_, code = combination
        return (
            self.verbs.covers(verb)
            and self.groups.covers(group)
            and self.resources.covers(resource)
            and self.classes.covers(class_)
            and self.codes.covers(code)
        )
