# SPDX-License-Identifier: Apache-2.0
"""The file of the events: ledgers, and what no scraper was shown of them.

It is of one cluster and its scopes; that of others is set aside.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from exporter.checkpoint.database import Database, Schema, UnusableFileError
from exporter.checkpoint.state import Cut, Held, Marks, Restored, RestoredLedger, amount_of
from exporter.events.entries import BYTES

_APPLICATION_ID = 0x6B656D31  # "kem1": the file is ours
_SCHEMA = Schema(
    _APPLICATION_ID,
    2,
    """
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
""",
)


class Store(Database):
    """One open checkpoint."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, _SCHEMA)

    def load(self, about: str) -> Restored:
        """What is in it; nothing but a seed where nothing was ever committed.

        ``about`` says which cluster and scopes it is of; where it is of others, or cannot be read,
        ``UnusableFileError``.
        """
        with self.reading() as connection:
            return _load(connection, about)

    def commit(self, cut: Cut) -> None:
        """Write a moment, whole or not at all; raises ``CheckpointError``."""
        with self.writing() as transaction:
            _write(transaction, cut)


def _load(connection: sqlite3.Connection, about: str) -> Restored:
    rows = dict(connection.execute("SELECT what, value FROM about"))
    if not rows:
        rows = {"about": about, "seed": str(secrets.randbits(64))}
        with connection as transaction:
            transaction.executemany("INSERT INTO about VALUES (?, ?)", rows.items())
    if rows["about"] != about:
        raise UnusableFileError(f"is of {rows['about']}, not of {about}")
    scopes = connection.execute("SELECT name, since, evicted_up_to, clock FROM scope")
    ledgers = {
        name: RestoredLedger(Marks(*map(float, marks)), _entries(connection, name))
        for name, *marks in scopes.fetchall()
    }
    held = [
        Held(family, tuple(map(str, json.loads(labels))), amount_of(json.loads(amount)))
        for family, labels, amount in connection.execute("SELECT * FROM held")
    ]
    scrapers = [name for (name,) in connection.execute("SELECT name FROM scraper")]
    return Restored(int(rows["seed"]), ledgers, held, scrapers)


def _entries(connection: sqlite3.Connection, scope: str) -> Sequence[tuple[bytes, int, bool]]:
    query = "SELECT key, entry, ended FROM ledger WHERE scope = ?"
    return [
        (key, int.from_bytes(entry), bool(ended))
        for key, entry, ended in connection.execute(query, (scope,))
    ]


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
