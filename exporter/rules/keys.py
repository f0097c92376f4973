# SPDX-License-Identifier: Apache-2.0
"""The key of a pair: what tells it from the other pairs of its lifecycle."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Sequence
from operator import attrgetter

from exporter.events.record import LONGEST_NAME, EventRecord
from exporter.rules.expressions import Expression, Groups

Key = Hashable
"""A text, or several: only that it is the same each time matters."""
KeyOf = Callable[[EventRecord, Groups], Key]


class _Part:
    """One part of a key. What is read of the record directly costs no call of ours."""

    __slots__ = ("field", "function", "text")

    def __init__(self, expression: Expression) -> None:
        self.text = expression.text
        attribute = expression.attribute
        self.field: Callable[[EventRecord], str] | None = None
        if attribute:
            self.field = attrgetter(attribute)
        self.function = expression.function

    def of(self, record: EventRecord, groups: Groups) -> str:
        if self.field is None:
            return _short(self.text(record, groups))
        text = self.field(record)
        return _short(text if self.function is None else self.function(text))


def key_function(parts: Sequence[Expression]) -> KeyOf:
    """Makes the keys of events, of these parts."""
    made = [_Part(part) for part in parts]
    if len(made) == 1:
        return made[0].of
    if not made or any(part.field is None or part.function for part in made):
        return lambda record, groups: tuple([part.of(record, groups) for part in made])
    fields: Callable[[EventRecord], tuple[str, ...]] = attrgetter(*[p.attribute for p in parts])

    def of_fields(record: EventRecord, _groups: Groups) -> Key:
        key = fields(record)  # one call for all of them
        for text in key:
            if len(text) > LONGEST_NAME:
                return tuple([_short(text) for text in key])
        return key

    return of_fields


def _short(text: str) -> str:
    """Of what is longer than a name can be, the hash."""
    if len(text) <= LONGEST_NAME:
        return text
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
