# SPDX-License-Identifier: Apache-2.0
"""Bearer tokens: who has one of them may send."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from pathlib import Path

from exporter.notes import Note
from exporter.web.listening import FileError, Followed, read_file

TOKEN_FILE = "audit.webhook.token-file"  # noqa: S105 - the option's name


class Tokens:
    """Knows tokens again, and keeps none: only what they hash to."""

    def __init__(self, tokens: Sequence[bytes]) -> None:
        self._known = [_hashed(token) for token in tokens]

    def allow(self, credentials: str) -> bool:
        """Whether it is ``Bearer`` and one of them; takes as long for a token that nearly fits."""
        scheme, _, token = credentials.partition(" ")
        given = _hashed(token.strip().encode("utf-8", "surrogateescape"))
        fits = False
        for known in self._known:
            fits |= hmac.compare_digest(given, known)
        return fits and scheme.lower() == "bearer"


def followed_tokens(path: Path, note: Note) -> Followed[Tokens]:
    """The tokens of a file: one a line, so that the next can be there before the last is gone."""
    return Followed([(TOKEN_FILE, path)], lambda: read_tokens(path), note=note)


def read_tokens(path: Path) -> Tokens:
    """Of a file, one a line; raises ``FileError``."""
    tokens = []
    for number, line in enumerate(read_file(TOKEN_FILE, path).splitlines(), 1):
        token = line.strip()
        if any(not 0x20 < character < 0x7F for character in token):
            raise FileError(f"--{TOKEN_FILE}: {path}: line {number}: one token a line, no spaces")
        if token:
            tokens.append(token)
    if not tokens:
        raise FileError(f"--{TOKEN_FILE}: {path}: no token in it")
    return Tokens(tokens)


def _hashed(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()
