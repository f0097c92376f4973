# SPDX-License-Identifier: Apache-2.0
"""A file: SQLite, one transaction a commit, in which all stands or nothing.

Whoever opens it holds it: a second process is refused. A file that is damaged, or of something
else, can be set aside under a name of its own, and a new one be begun.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# What a commit may give back to the file system; a page has 4 kB.
_FREED_PAGES = 256


class CheckpointError(Exception):
    """The file cannot be used; the message says why."""


class HeldError(CheckpointError):
    """Another process has it open."""


class UnusableFileError(CheckpointError):
    """What it holds cannot be used: it may be set aside, and a new one begun."""


@dataclass(frozen=True, slots=True)
class Schema:
    """Of what kind a file is."""

    application_id: int
    version: int
    tables: str


class Database:
    """One open file, for one thread at a time; made where there is none.

    Raises ``UnusableFileError`` for a file that is damaged or of another schema,
    ``CheckpointError`` for a place that cannot be written, or a file that another process holds.
    """

    def __init__(self, path: Path, schema: Schema) -> None:
        self.path = path
        self._connection = _opened(path, schema)

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """To read all that is in it. What cannot be read raises ``UnusableFileError``."""
        try:
            yield self._connection
        except sqlite3.OperationalError as error:  # a disk that does not answer says nothing of it
            raise CheckpointError(f"cannot be read: {error}") from error
        except (sqlite3.Error, ValueError, TypeError, LookupError) as error:
            raise UnusableFileError(f"cannot be read: {error}") from error

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """To write a moment, whole or not at all; raises ``CheckpointError``."""
        try:
            with self._connection as transaction:
                transaction.execute("BEGIN IMMEDIATE")
                yield transaction
            # A script: it is stepped to its end, where execute() would free one page.
            self._connection.executescript(f"PRAGMA incremental_vacuum({_FREED_PAGES})")
        except (sqlite3.Error, ValueError, TypeError, OverflowError) as error:
            raise CheckpointError(str(error)) from error

    def size(self) -> int:
        """Bytes of the file and of its log."""
        total = 0
        for path in (self.path, self.path.with_name(self.path.name + "-wal")):
            with contextlib.suppress(OSError):
                total += path.stat().st_size
        return total

    def close(self) -> None:
        """Give it back."""
        self._connection.close()


def set_aside(path: Path) -> Path:
    """Move a file that cannot be used out of the way, in place of the last one; its new name."""
    aside = path.with_name(path.name + ".unusable")
    path.replace(aside)
    for suffix in ("-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    return aside


def _opened(path: Path, schema: Schema) -> sqlite3.Connection:
    # A new one is for its owner alone: labels have names of namespaces, and of users if asked for.
    # SQLite gives its log the same mode; what is in the way, it says itself.
    with contextlib.suppress(OSError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise CheckpointError(f"cannot be opened: {error}") from error
    try:
        _prepare(connection, schema)
    except sqlite3.OperationalError as error:
        connection.close()
        if "locked" in str(error):
            raise HeldError("is held by another process") from error
        raise CheckpointError(f"cannot be used: {error}") from error
    except sqlite3.Error as error:
        connection.close()
        raise UnusableFileError(f"is damaged or no checkpoint: {error}") from error
    except UnusableFileError:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, schema: Schema) -> None:
    """Ours alone, sound, of this schema, and one sync of the disk for each commit."""
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("BEGIN IMMEDIATE")  # or another process has it
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    owner = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    connection.execute("COMMIT")
    if tables and owner != schema.application_id:
        raise UnusableFileError("is no checkpoint, but another program's database")
    if tables and version != schema.version:
        raise UnusableFileError(f"has schema {version}, this version reads {schema.version}")
    if tables:
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise UnusableFileError(f"is damaged: {found}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA journal_size_limit = {4 * 1024 * 1024}")
    if not tables:
        connection.executescript(
            f"BEGIN; {schema.tables} PRAGMA application_id = {schema.application_id};"
            f" PRAGMA user_version = {schema.version}; COMMIT;"
        )
