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


def key_function(parts: Sequence[Expression]) -> KeyOf:
    """Makes the keys of events, of these parts."""
    attributes = [part.attribute for part in parts]
    if not attributes or not all(attributes):
        texts = [part.text for part in parts]
        return lambda record, groups: tuple([_short(text(record, groups)) for text in texts])
    if len(attributes) == 1:
        field: Callable[[EventRecord], str] = attrgetter(attributes[0])
        return lambda record, _groups: _short(field(record))
    fields: Callable[[EventRecord], tuple[str, ...]] = attrgetter(*attributes)

    def of_fields(record: EventRecord, _groups: Groups) -> Key:
        key = fields(record)  # one call for all of them
        for text in key:
            if len(text) > LONGEST_NAME:
                return tuple(map(_short, key))
        return key

    return of_fields


def _short(text: str) -> str:
    """Of what is longer than a name can be, the hash."""
    if len(text) <= LONGEST_NAME:
        return text
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
