# SPDX-License-Identifier: Apache-2.0
"""The file: SQLite, one transaction a commit, in which all stands or nothing.

Whoever opens it holds it: a second process is refused. A file that is damaged, of something else,
or of another exporter's cluster or scopes is set aside under a name of its own, and a new one is
begun.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from exporter.checkpoint.state import Cut, Held, Marks, Restored, RestoredLedger, amount_of
from exporter.events.entries import BYTES

_APPLICATION_ID = 0x6B656D31  # "kem1": the file is ours
_SCHEMA_VERSION = 2
_SCHEMA = """
CREATE TABLE about (what TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE ledger (
    scope TEXT NOT NULL, key BLOB NOT NULL, entry BLOB NOT NULL, ended INTEGER NOT NULL,
    PRIMARY KEY (scope, key)
) WITHOUT ROWID;
CREATE TABLE scope (
    name TEXT PRIMARY KEY, since REAL NOT NULL, evicted_up_to REAL NOT NULL, clock REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE held (family TEXT NOT NULL, labels TEXT NOT NULL, amount TEXT NOT NULL);
CREATE TABLE scraper (name TEXT PRIMARY KEY) WITHOUT ROWID;
"""
# What a commit may give back to the file system; a page has 4 kB.
_FREED_PAGES = 256


class CheckpointError(Exception):
    """The file cannot be used; the message says why."""


class HeldError(CheckpointError):
    """Another process has it open."""


class UnusableFileError(CheckpointError):
    """What it holds cannot be used: it may be set aside, and a new one begun."""


class Store:
    """One open checkpoint, for one thread at a time."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection

    def load(self, about: str) -> Restored:
        """What is in it; nothing but a seed where nothing was ever committed.

        ``about`` says which cluster and scopes it is of; where it is of others, or cannot be read,
        ``UnusableFileError``.
        """
        try:
            return self._load(about)
        except sqlite3.OperationalError as error:  # a disk that does not answer says nothing of it
            raise CheckpointError(f"cannot be read: {error}") from error
        except (sqlite3.Error, ValueError, TypeError) as error:
            raise UnusableFileError(f"cannot be read: {error}") from error

    def commit(self, cut: Cut) -> None:
        """Write a moment, whole or not at all; raises ``CheckpointError``."""
        try:
            with self._connection as transaction:
                transaction.execute("BEGIN IMMEDIATE")
                _write(transaction, cut)
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

    def _load(self, about: str) -> Restored:
        rows = dict(self._connection.execute("SELECT what, value FROM about"))
        if not rows:
            rows = {"about": about, "seed": str(secrets.randbits(64))}
            with self._connection as transaction:
                transaction.executemany("INSERT INTO about VALUES (?, ?)", rows.items())
        if rows["about"] != about:
            raise UnusableFileError(f"is of {rows['about']}, not of {about}")
        scopes = self._connection.execute("SELECT name, since, evicted_up_to, clock FROM scope")
        ledgers = {
            name: RestoredLedger(Marks(*map(float, marks)), self._entries(name))
            for name, *marks in scopes.fetchall()
        }
        held = [
            Held(family, tuple(map(str, json.loads(labels))), amount_of(json.loads(amount)))
            for family, labels, amount in self._connection.execute("SELECT * FROM held")
        ]
        scrapers = [name for (name,) in self._connection.execute("SELECT name FROM scraper")]
        return Restored(int(rows["seed"]), ledgers, held, scrapers)

    def _entries(self, scope: str) -> Sequence[tuple[bytes, int, bool]]:
        query = "SELECT key, entry, ended FROM ledger WHERE scope = ?"
        return [
            (key, int.from_bytes(entry), bool(ended))
            for key, entry, ended in self._connection.execute(query, (scope,))
        ]


def opened(path: Path) -> Store:
    """The store at ``path``, made where there is none.

    Raises ``UnusableFileError`` for a file that is damaged or not ours, ``CheckpointError`` for a
    place that cannot be written, or a file that another process holds.
    """
    try:
        connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise CheckpointError(f"cannot be opened: {error}") from error
    try:
        _prepare(connection)
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
    return Store(path, connection)


def set_aside(path: Path) -> Path:
    """Move a file that cannot be used out of the way, in place of the last one; its new name."""
    aside = path.with_name(path.name + ".unusable")
    path.replace(aside)
    for suffix in ("-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    return aside


def _prepare(connection: sqlite3.Connection) -> None:
    """Ours alone, sound, of this schema, and one sync of the disk for each commit."""
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("BEGIN IMMEDIATE")  # or another process has it
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    owner = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    connection.execute("COMMIT")
    if tables and owner != _APPLICATION_ID:
        raise UnusableFileError("is no checkpoint, but another program's database")
    if tables and version != _SCHEMA_VERSION:
        raise UnusableFileError(f"has schema {version}, this version reads {_SCHEMA_VERSION}")
    if tables:
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise UnusableFileError(f"is damaged: {found}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA journal_size_limit = {4 * 1024 * 1024}")
    if not tables:
        script = (
            f"PRAGMA application_id = {_APPLICATION_ID}; PRAGMA user_version = {_SCHEMA_VERSION};"
        )
        connection.executescript(f"BEGIN; {_SCHEMA} {script} COMMIT;")


def _write(transaction: sqlite3.Connection, cut: Cut) -> None:
    for scope, changes in cut.changes.items():
        if changes.whole:
            transaction.execute("DELETE FROM ledger WHERE scope = ?", (scope,))
        gone = [(scope, key) for key, entry in changes.entries.items() if entry is None]
        transaction.executemany("DELETE FROM ledger WHERE scope = ? AND key = ?", gone)
        transaction.executemany(
            "INSERT OR REPLACE INTO ledger VALUES (?, ?, ?, ?)",
            (
                (scope, key, (~entry if entry < 0 else entry).to_bytes(BYTES), entry < 0)
                for key, entry in changes.entries.items()
                if entry is not None
            ),
        )
    transaction.executemany(
        "INSERT OR REPLACE INTO scope VALUES (?, ?, ?, ?)",
        [
            (name, marks.since, marks.evicted_up_to, marks.clock)
            for name, marks in cut.marks.items()
        ],
    )
    transaction.execute("DELETE FROM held")
    transaction.executemany("INSERT INTO held VALUES (?, ?, ?)", map(_row, cut.held))
    transaction.execute("DELETE FROM scraper")
    transaction.executemany("INSERT INTO scraper VALUES (?)", [(name,) for name in cut.scrapers])


def _row(held: Held) -> tuple[str, str, str]:
    return held.family, json.dumps(held.labels), json.dumps(held.amount)
