# SPDX-License-Identifier: Apache-2.0
"""One entry of the ledger: what is known of an event, in one int.

Tuples and objects cost three times as much memory.

    resourceVersion 64 | ended minute 26 | uid hash 24 | old client 1 | occurrences 31
"""

from __future__ import annotations

from zlib import crc32

from exporter.events.record import EventRecord

OCCURRENCES = (1 << 31) - 1
_OLD_CLIENT = 1 << 31
_UID_SHIFT = 32
_UID = (1 << 24) - 1
_ENDED_SHIFT = 56
_ENDED = (1 << 26) - 1
VERSION_SHIFT = 82
_CLEAR_ENDED = ~(_ENDED << _ENDED_SHIFT)
_BELOW_VERSION = (1 << VERSION_SHIFT) - 1

_MINUTE = 60.0
BYTES = 19
"""An entry as bytes."""


def as_living(entry: int) -> int:
    """The same without its end."""
    return entry & _CLEAR_ENDED


def as_ended(entry: int, now: float) -> int:
    """The same, ended now; ``now`` is in seconds of any clock that does not go back."""
    return (entry & _CLEAR_ENDED) | (int(now / _MINUTE) & _ENDED) << _ENDED_SHIFT


def end_of(entry: int) -> int:
    """The minute of its end."""
    return entry >> _ENDED_SHIFT & _ENDED


def ended_before(entry: int, now: float) -> bool:
    """Whether its end was in a minute before that of ``now``."""
    return entry >> _ENDED_SHIFT & _ENDED < int(now / _MINUTE)


def with_version(entry: int, version: int) -> int:
    """The same at another resourceVersion; at 0 any is newer."""
    return (entry & _BELOW_VERSION) | version << VERSION_SHIFT


def advance(entry: int, record: EventRecord) -> tuple[int, int]:
    """New occurrences of a name that is known, and its state from now on."""
    previous = entry & OCCURRENCES
    state = state_of(record, entry & _OLD_CLIENT)
    occurrences = state & OCCURRENCES
    if occurrences > previous:
        return occurrences - previous, state
    same_uid = (entry ^ state) >> _UID_SHIFT & _UID == 0
    ended_series = record.series_count and occurrences == previous
    return (0 if same_uid or ended_series else occurrences), state


def state_of(record: EventRecord, old_client: int) -> int:
    """An entry as this version says it is; ``old_client`` is the flag it had so far."""
    occurrences = record.series_count
    if occurrences:
        if occurrences == 1:
            old_client = _OLD_CLIENT
        if old_client and occurrences < OCCURRENCES:
            occurrences += 1
    else:
        occurrences = record.count or 1
    uid = crc32(record.uid.encode()) & _UID
    return occurrences | old_client | uid << _UID_SHIFT | record.resource_version << VERSION_SHIFT
