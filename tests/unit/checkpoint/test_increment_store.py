"""The file of the increments: what was committed is there, what is damaged is set aside."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.audit.identities import Remembered
from exporter.checkpoint.beginning import begin
from exporter.checkpoint.database import HeldError, UnusableFileError
from exporter.checkpoint.increment_store import IncrementStore
from exporter.checkpoint.increments import IncrementsCut, Row
from exporter.checkpoint.store import Store

A = Row("kube_audit_requests_total", ("get", 'q"\n'), 3)
B = Row("kube_audit_request_duration_seconds", ("get", "pods"), [1, 0, 2, 0.5])
NOTHING: dict[str, int] = {}


def cut(
    *rows: Row,
    whole: bool = False,
    identities: tuple[Remembered, ...] = (),
    oldest: dict[str, int] = NOTHING,
    position: str = "",
    scrapers: tuple[str, ...] | None = None,
) -> IncrementsCut:
    return IncrementsCut(1, [], rows, whole, identities, oldest, position, scrapers)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "c.db.audit"


def test_a_new_file_holds_nothing_but_a_seed(path: Path) -> None:
    """Which stays the same."""
    store = IncrementStore(path)
    first = store.load()
    assert (first.rows, first.identities, first.position, first.scrapers) == ([], [], "", [])
    store.close()
    again = IncrementStore(path)
    assert again.load().seed == first.seed != 0
    again.close()


def test_what_was_committed_is_found_again(path: Path) -> None:
    """Amounts of both kinds, identities, the position, scrapers."""
    store = IncrementStore(path)
    known = Remembered("log", 4, b"12345678")
    store.load()
    store.commit(cut(A, B, identities=(known,), position="there", scrapers=("one",)))
    store.close()
    again = IncrementStore(path)
    kept = again.load()
    assert sorted(kept.rows, key=lambda row: row.family) == [B, A]
    assert (kept.identities, kept.position, kept.scrapers) == ([known], "there", ["one"])
    again.close()


def test_a_row_takes_the_place_of_the_one_before_and_ends_with_nothing(path: Path) -> None:
    """Rows of which nothing is said stay; what is whole leaves none of another process'."""
    store = IncrementStore(path)
    store.load()
    store.commit(cut(A, B))
    store.commit(cut(Row(A.family, A.labels, 5)))
    assert {row.amount for row in store.load().rows if row.family == A.family} == {5}
    store.commit(cut(Row(A.family, A.labels, None)))
    assert store.load().rows == [B]
    store.commit(cut(A, whole=True))
    assert store.load().rows == [A]
    store.close()


def test_identities_go_with_their_generation(path: Path) -> None:
    """Of their own source."""
    store = IncrementStore(path)
    store.load()
    old, new, other = (Remembered(*key, b"8 bytes.") for key in (("a", 1), ("a", 2), ("b", 1)))
    store.commit(cut(identities=(old, new, other)))
    store.commit(cut(oldest={"a": 2, "b": 1}))
    assert store.load().identities == [new, other]
    store.close()


def test_a_second_process_is_refused(path: Path) -> None:
    """One counts, and writes what it counted."""
    store = IncrementStore(path)
    with pytest.raises(HeldError):
        IncrementStore(path)
    store.close()


def test_the_file_of_the_events_is_another(path: Path) -> None:
    """Neither takes the other's for its own."""
    IncrementStore(path).close()
    with pytest.raises(UnusableFileError, match="another program's"):
        Store(path)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE about SET value = 'x' WHERE what = 'seed'",
        "DELETE FROM about WHERE what = 'seed'",
        "DELETE FROM about WHERE what = 'position'",
        "INSERT INTO increment VALUES ('f', '[', '1')",
        "INSERT INTO increment VALUES ('f', '[]', '-1')",
        "INSERT INTO increment VALUES ('f', '[]', 'null')",
    ],
)
def test_what_cannot_be_read_is_set_aside(path: Path, damage: str) -> None:
    """With an error, and a new file is begun."""
    store = IncrementStore(path)
    store.load()
    store._connection.execute(damage)
    store.close()
    said: list[str] = []
    file, kept = begin(
        path, IncrementStore, IncrementStore.load, lambda _level, text, _fields: said.append(text)
    )
    assert said == ["checkpoint set aside, starting from a baseline"]
    assert file is not None
    assert kept is not None
    assert kept.rows == []
    file.close()
