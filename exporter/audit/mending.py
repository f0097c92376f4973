# SPDX-License-Identifier: Apache-2.0
"""JSON that the API server takes and our decoder does not, made fit to be read.

The body of a request stands in its audit event as the client wrote it, and Go reads what msgspec
refuses even where it only passes over it: half of a surrogate pair, and a nesting of up to 10 000
levels. Nobody may hide a request, or the others in the same batch, by what is in its body.
"""

from __future__ import annotations

import re

import msgspec

REFUSALS = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)
"""What msgspec raises at what it cannot decode."""
DEEPEST = 32
"""Levels that are kept. Nothing that is read lies deeper than six."""
# Any escape, so that an escaped backslash is not taken for the beginning of one.
_ESCAPE = re.compile(rb"\\(?:u[dD][89a-fA-F][0-9a-fA-F]{2}|.)", re.DOTALL)
# A string without an end goes to the end: looked for again behind each of its quotes, it would
# cost the square of its length.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[{]+|[\]}]+', re.DOTALL)
_HALF_LENGTH = len(rb"\ud800")
_OPENING = b"[{"


def mended(data: bytes) -> bytes:
    """The same JSON without surrogates, invalid UTF-8 and deep levels; damaged stays damaged.

    Costs about as much as reading it in Python: for what could not be read as it is.
    """
    if b"\\u" in data:
        data = _ESCAPE.sub(_without_surrogate, data)
    return _shallow(data.decode("utf-8", "replace").encode())


def _without_surrogate(escape: re.Match[bytes]) -> bytes:
    text = escape[0]
    return rb"\ufffd" if len(text) == _HALF_LENGTH else text


def _shallow(data: bytes) -> bytes:
    """Arrays and objects below ``DEEPEST`` are ``null``."""
    kept: list[bytes] = []
    depth = begin = 0
    for token in _TOKEN.finditer(data):
        run = token[0]
        if run[:1] == b'"':
            continue
        before = depth
        depth += len(run) if run[0] in _OPENING else -len(run)
        if before <= DEEPEST < depth:
            kept += data[begin : token.start() + DEEPEST - before], b"null"
        elif depth <= DEEPEST < before:
            begin = token.start() + before - DEEPEST
    if not kept:
        return data
    if depth <= DEEPEST:
        kept.append(data[begin:])
    return b"".join(kept)
