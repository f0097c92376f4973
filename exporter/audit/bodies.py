# SPDX-License-Identifier: Apache-2.0
"""What is read only when a rule asks for it: lists of names, and the body of a request, which is as
the client wrote it, and so anything.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import msgspec

from exporter.audit.mending import REFUSALS, mended

_DECODER = msgspec.json.Decoder()
_TEXTS = msgspec.json.Decoder(list[str])


def texts_of(written: msgspec.Raw) -> Sequence[str]:
    """The texts of a list; none where it is no such list."""
    if not written:
        return ()
    try:
        return _TEXTS.decode(written)
    except REFUSALS:
        return ()


def decoded(body: msgspec.Raw) -> object:
    """What JSON makes of it; None where there is none, or nobody can read it.

    The line around it was read: it is whole. A number that no float or integer can hold must not
    hide the rest of it, and reads as the text it is written as.
    """
    if not body:
        return None
    try:
        return _DECODER.decode(body)
    except REFUSALS:
        pass
    try:
        return json.loads(mended(bytes(body)), parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return None
