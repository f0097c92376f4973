# SPDX-License-Identifier: Apache-2.0
"""Expressions: what a rule writes where a label or a value stands, compiled once.

$name            a field of the event, or a named group of the rule's message pattern (of an audit
                 rule: a field of the request, or a named group of one of its patterns)
function($name)  one of a closed set, or a cause table
anything else    itself
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from operator import attrgetter
from typing import Any, NamedTuple, Protocol

from exporter.config.loading import nearest
from exporter.events.record import EventRecord, container_of
from exporter.rules.functions import duration, quantity, registry

OTHER = "other"
ELAPSED = "$elapsed"
_SHORT = 64
_REMEMBERED = 1024


# The fields of a record, by the names that rules use for them.
ATTRIBUTES: Mapping[str, str] = {
    "namespace": "object_namespace",
    "name": "object_name",
    "uid": "object_uid",
    "kind": "kind",
    "reason": "reason",
    "type": "type",
    "component": "component",
    "node": "host",
    "field_path": "field_path",
    "message": "message",
}
FIELDS: Mapping[str, Callable[[EventRecord], str]] = {
    **{name: attrgetter(attribute) for name, attribute in ATTRIBUTES.items()},
    "container": lambda record: container_of(record.field_path),
}
# What all events with the same label values in the widest family have in common.
_IDENTITY = frozenset({"namespace", "kind", "reason", "type", "component"})
_TEXTS: Mapping[str, Callable[[str], str]] = {
    "registry": registry,
    "lower": str.lower,
}
_NUMBERS: Mapping[str, Callable[[str], float | None]] = {
    "duration": duration,
    "quantity": quantity,
}
FUNCTIONS = frozenset({*_TEXTS, *_NUMBERS})
"""Their names; a cause table has another one."""
_EXPRESSION = re.compile(r"\$(\w+)\Z|(\w+)\(\s*\$(\w+)\s*\)\Z")


class Groups(Protocol):
    """The named groups of a message: a match, or nothing at all."""

    def __getitem__(self, name: str, /) -> str | Any:
        """The group's text; None where it took no part."""


Text = Callable[[Any, Groups], str]
"""Of a record that has the fields which the expression names."""
Texts = Callable[[Any, Groups], Sequence[str]]
Number = Callable[[Any, Groups], float | None]


class Fields(NamedTuple):
    """What expressions can read of a kind of records."""

    readers: Mapping[str, Callable[[Any], str]]
    endless: Mapping[str, str]
    """Those that have another value for each object: what to do without them as a label."""
    of_groups: str
    """What has named groups."""
    attributes: Mapping[str, str] = {}
    """Of the record, where a field is nothing else."""
    identity: frozenset[str] = frozenset()
    """Those that all records have in common which are looked up together."""


EVENT_FIELDS = Fields(
    FIELDS,
    {
        "name": "the name of the object travels as the exemplar",
        "uid": "the object is told by its name, which travels as the exemplar",
        "message": "a cause table makes one of few values of it",
    },
    "the message",
    ATTRIBUTES,
    _IDENTITY,
)


class ExpressionError(ValueError):
    """An expression that means nothing."""


@dataclass(frozen=True)
class CauseTable:
    """A compiled cause table."""

    rows: tuple[tuple[str, re.Pattern[str]], ...]
    each: bool = False

    @property
    def values(self) -> tuple[str, ...]:
        """Every cause it can name."""
        return tuple(dict.fromkeys((*(cause for cause, _ in self.rows), OTHER)))

    def first(self, text: str) -> str:
        """The cause of the first row that is found."""
        # Of short texts, such as reasons and field paths, there are few.
        return self._remembered(text) if len(text) <= _SHORT else self._first(text)

    @cached_property
    def _remembered(self) -> Callable[[str], str]:
        return lru_cache(_REMEMBERED)(self._first)

    def _first(self, text: str) -> str:
        for cause, pattern in self.rows:
            if pattern.search(text):
                return cause
        return OTHER

    def every(self, text: str) -> Sequence[str]:
        """The causes of all rows that are found, each once."""
        found = dict.fromkeys(cause for cause, pattern in self.rows if pattern.search(text))
        return tuple(found) or (OTHER,)


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled label or key expression; ``every`` stands where it gives several texts."""

    text: Text
    values: tuple[str, ...] | None
    """All it can give; None where nobody knows."""
    source: Text | None = None
    """What it reads of the event; None where the event's identity alone tells what it gives."""
    of_message: bool = False
    """Whether it reads the message alone."""
    every: Texts | None = None
    attribute: str = ""
    """Of the record, where it is that, or a function of that, and nothing else."""
    function: Callable[[str], str] | None = None
    """Of the attribute; None where it is as it stands."""


class Scope:
    """What expressions of one rule can name: its groups, and the cause tables of all files.

    ``known`` has the fields of which the rule itself tells all values.
    """

    def __init__(
        self,
        groups: Collection[str],
        tables: Mapping[str, CauseTable],
        fields: Fields = EVENT_FIELDS,
        known: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.fields = fields
        self._groups = groups
        self._tables = tables
        self._known = known or {}

    def label(self, written: str) -> Expression:
        """Text for a label or a key; raises ``ExpressionError``."""
        function, name = self._parsed(written)
        if not name:
            return Expression(lambda _record, _groups: written, (written,))
        source = self._source(name)
        reads = None if name in self.fields.identity and name not in self._groups else source
        of_message = name in self._groups or name == "message"
        attribute = "" if name in self._groups else self.fields.attributes.get(name, "")
        if not function:
            values = tuple(self._known.get(name, ())) if name not in self._groups else ()
            return Expression(source, values or None, reads, of_message, attribute=attribute)
        if function in _TEXTS:
            compute = _TEXTS[function]
            return Expression(
                lambda r, g: compute(source(r, g)),
                None,
                reads,
                of_message,
                attribute=attribute,
                function=compute,
            )
        table = self._tables.get(function)
        if table is None:
            known = [*_TEXTS, *self._tables]
            raise ExpressionError(
                f"no function or cause table {function!r}{nearest(function, known)}"
            )
        if table.each:
            each = table.every
            every: Texts = lambda r, g: each(source(r, g))  # noqa: E731 - as the lines around it
            return Expression(source, table.values, reads, of_message, every)
        first = table.first
        return Expression(
            lambda r, g: first(source(r, g)),
            table.values,
            reads,
            of_message,
            attribute=attribute,
            function=first,
        )

    def value(self, written: str) -> Number:
        """A number; raises ``ExpressionError``."""
        function, name = self._parsed(written)
        compute = _NUMBERS.get(function)
        if compute is None:
            known = ", ".join(f"{number}($x)" for number in _NUMBERS)
            raise ExpressionError(f"is {ELAPSED}, {known}; not {written!r}")
        source = self._source(name)
        return lambda r, g: compute(source(r, g))

    def _parsed(self, written: str) -> tuple[str, str]:
        parsed = _EXPRESSION.match(written)
        if parsed is None:
            if "$" in written or "(" in written:
                raise ExpressionError(f"{written!r} is no $name and no function($name)")
            return "", ""
        return parsed[2] or "", parsed[1] or parsed[3]

    def _source(self, name: str) -> Text:
        if name in self._groups:
            return lambda _record, groups: groups[name] or ""
        field = self.fields.readers.get(name)
        if field is None:
            known = [f"${known}" for known in (*self._groups, *self.fields.readers)]
            raise ExpressionError(
                f"${name} is neither a field nor a group of {self.fields.of_groups}"
                f"{nearest('$' + name, known)}"
            )
        return lambda record, _groups: field(record)
