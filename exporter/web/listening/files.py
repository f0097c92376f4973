# SPDX-License-Identifier: Apache-2.0
"""Certificates and tokens in files, which others exchange while we run.

Kubernetes swaps a symbolic link above them, other tools write them in place, one after the
other: so their content is looked at, not their time, and what cannot be used may be half written.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Generic, NoReturn, TypeVar

from exporter.notes import Note

T = TypeVar("T")
LOOK_SECONDS = 5.0
"""How long a change can go unseen."""
_MAX_BYTES = 1 << 20


class FileError(Exception):
    """A file cannot be used. The message names option and file, and nothing of what is in it."""


def read_file(option: str, path: Path) -> bytes:
    """What is in it; raises ``FileError``, also for what is far too long, and for what can be read
    once: a pipe is empty when it is looked at again, and an empty file asks for nothing.
    """
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            raise FileError(f"--{option}: {path}: no regular file")
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise FileError(f"--{option}: {path}: {reason}") from None
    except ValueError as error:  # of a path that no file can have
        raise FileError(f"--{option}: {path}: {error}") from None
    if len(content) > _MAX_BYTES:
        raise FileError(f"--{option}: {path}: longer than {_MAX_BYTES} bytes")
    return content


class Followed(Generic[T]):
    """What ``read`` makes of files (option to path), made anew when one of them has changed.

    Where ``files`` is called for them, it may read one to know the others. Both run in a thread
    and raise ``FileError``: at ``load`` that is the caller's, later the old value stays, which is
    said once.
    """

    def __init__(
        self,
        files: Iterable[tuple[str, Path]] | Callable[[], Iterable[tuple[str, Path]]],
        read: Callable[[], T],
        *,
        note: Note,
    ) -> None:
        self._files = files if callable(files) else tuple(files)
        self._read = read
        self._note = note
        self._values: list[T] = []
        self._content = b""
        self._failing = False
        self._options: tuple[str, ...] = ()

    @property
    def value(self) -> T:
        """The last that could be used. There is none before ``load``."""
        return self._values[0]

    async def load(self) -> None:
        """Read for the first time."""
        self._content, self._values = await asyncio.to_thread(self._looked)

    async def follow(self, seconds: float = LOOK_SECONDS) -> NoReturn:
        """Look every so many seconds, for ever."""
        while True:
            await asyncio.sleep(seconds)
            await self.look()

    async def look(self) -> None:
        """Read anew if there is something new."""
        try:
            content, values = await asyncio.to_thread(self._looked)
        except FileError as error:
            self._fail(str(error))
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, the next change must be seen
            self._fail(f"{', '.join(self._options)}: cannot be read ({type(error).__name__})")
            return
        self._failing = False
        if values:
            self._content, self._values = content, values
            fields: dict[str, object] = {"options": ", ".join(self._options)}
            self._note("info", "files have changed and were read anew", fields)

    def _fail(self, problem: str) -> None:
        if not self._failing:
            self._failing = True
            self._note("error", f"{problem}; what was read before stays in use", {})

    def _looked(self) -> tuple[bytes, list[T]]:
        """What identifies the content, and what it makes, if it is not what we have."""
        # Taken before it is read: what changes in between is seen at the next look.
        content = self._identity()
        return content, [] if content == self._content else [self._read()]

    def _identity(self) -> bytes:
        # Of a key nothing but this is kept.
        whole = hashlib.sha256()
        files = tuple(self._files() if callable(self._files) else self._files)
        # Of a file that another one names, the other one's.
        self._options = tuple(dict.fromkeys(f"--{option.partition(':')[0]}" for option, _ in files))
        for option, path in files:
            whole.update(hashlib.sha256(read_file(option, path)).digest())
        return whole.digest()
