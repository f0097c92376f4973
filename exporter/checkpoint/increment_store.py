# SPDX-License-Identifier: Apache-2.0
"""The file of the increments: what came once, was counted, and was shown to no scraper.

Beside the file of the events, for it is of no cluster's list and outlives what that is set aside
for. Rows are written one by one, since a batch touches few series.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from exporter.audit.identities import Remembered
from exporter.checkpoint.database import Database, Schema
from exporter.checkpoint.increments import IncrementsCut, Row
from exporter.checkpoint.state import amount_of

_value = msgspec.json.decode
_SCHEMA = Schema(
    0x6B656D61,  # "kema"
    1,
    """
CREATE TABLE about (what TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE increment (
    family TEXT NOT NULL, labels TEXT NOT NULL, amount TEXT NOT NULL, PRIMARY KEY (family, labels)
) WITHOUT ROWID;
CREATE TABLE identity (source TEXT NOT NULL, generation INTEGER NOT NULL, identities BLOB NOT NULL);
CREATE TABLE scraper (name TEXT PRIMARY KEY) WITHOUT ROWID;
""",
)


@dataclass(frozen=True, slots=True)
class Increment:
    """What another process left behind."""

    seed: int
    """Of the identities."""
    rows: Sequence[Row]
    identities: Sequence[Remembered]
    position: str
    scrapers: Iterable[str]


class IncrementStore(Database):
    """One open file of increments."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, _SCHEMA)

    def load(self) -> Increment:
        """What is in it; nothing but a seed where nothing was ever committed."""
        with self.reading() as connection:
            return _load(connection)

    def commit(self, cut: IncrementsCut) -> None:
        """Write a moment, whole or not at all; raises ``CheckpointError``."""
        with self.writing() as transaction:
            _write(transaction, cut)


def _load(connection: sqlite3.Connection) -> Increment:
    about = dict(connection.execute("SELECT what, value FROM about"))
    if not about:
        about = {"seed": str(secrets.randbits(64)), "position": ""}
        with connection as transaction:
            transaction.executemany("INSERT INTO about VALUES (?, ?)", about.items())
    rows = [
        Row(family, tuple(map(str, _value(labels))), amount_of(_value(amount)))
        for family, labels, amount in connection.execute("SELECT * FROM increment")
    ]
    identities = [
        Remembered(source, int(generation), bytes(found))
        for source, generation, found in connection.execute("SELECT * FROM identity")
    ]
    scrapers = [name for (name,) in connection.execute("SELECT name FROM scraper")]
    return Increment(int(about["seed"]), rows, identities, about["position"], scrapers)


def _write(transaction: sqlite3.Connection, cut: IncrementsCut) -> None:
    if cut.whole:
        transaction.execute("DELETE FROM increment")
    transaction.executemany(
        "DELETE FROM increment WHERE family = ? AND labels = ?",
        [(row.family, _text(row.labels)) for row in cut.rows if row.amount is None],
    )
    transaction.executemany(
        "INSERT OR REPLACE INTO increment VALUES (?, ?, ?)",
        [
            (row.family, _text(row.labels), _text(row.amount))
            for row in cut.rows
            if row.amount is not None
        ],
    )
    transaction.executemany("INSERT INTO identity VALUES (?, ?, ?)", cut.identities)
    for source, oldest in cut.oldest.items():
        transaction.execute(
            "DELETE FROM identity WHERE source = ? AND generation < ?", (source, oldest)
        )
    transaction.execute("UPDATE about SET value = ? WHERE what = 'position'", (cut.position,))
    if cut.scrapers is not None:
        transaction.execute("DELETE FROM scraper")
        transaction.executemany(
            "INSERT INTO scraper VALUES (?)", [(name,) for name in cut.scrapers]
        )


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()
