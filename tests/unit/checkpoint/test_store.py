"""The file: what was committed is there, whole; what cannot be used is said and set aside."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest

from exporter.checkpoint.beginning import begin
from exporter.checkpoint.database import CheckpointError, UnusableFileError
from exporter.checkpoint.state import Held, Marks, Restored
from exporter.checkpoint.store import Store
from tests.unit.checkpoint.cuts import ABOUT, KEY, OTHER, cut

Notes = list[tuple[str, str, dict[str, object]]]
BIG = (1 << 146) - 1
"""The largest entry there can be."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where nothing is yet."""
    return tmp_path / "checkpoint.db"


def reopened(store: Store) -> tuple[Store, Restored]:
    """As the next process finds it."""
    store.close()
    again = Store(store.path)
    return again, again.load(ABOUT)


def begun(path: Path, about: str = ABOUT) -> tuple[Store | None, Restored | None, Notes]:
    """How a process begins, and what it says."""
    notes: Notes = []
    store, restored = begin(
        path, Store, lambda store: store.load(about), lambda *note: notes.append(note)
    )
    return store, restored, notes


def entries(restored: Restored, scope: str = "") -> list[tuple[bytes, int, bool]]:
    """Of a ledger."""
    return sorted(restored.ledgers[scope].entries)


def test_a_new_file_holds_nothing_but_a_seed(path: Path) -> None:
    """Which stays the same."""
    store = Store(path)
    first = store.load(ABOUT)
    assert (first.ledgers, list(first.held), list(first.scrapers)) == ({}, [], [])
    store, again = reopened(store)
    assert again.seed == first.seed != 0
    store.close()


def test_what_was_committed_is_found_again(path: Path) -> None:
    """Entries, living and ended, marks, held amounts and scrapers, to the last bit."""
    store = Store(path)
    store.load(ABOUT)
    held = (
        Held("kube_events_total", ('a"\n\ud800', ""), 3),
        Held("kube_wait_seconds", (), [0, 2, 1, 0.1]),
    )
    store.commit(cut({KEY: BIG, OTHER: ~7}, *held))
    store, restored = reopened(store)
    assert entries(restored) == [(KEY, BIG, False), (OTHER, 7, True)]
    assert restored.ledgers[""].marks == Marks(5.0, 2.5, 60.0)
    assert [each.what for each in restored.held] == [each.what for each in held]
    assert list(restored.scrapers) == ["10.0.0.1 Prometheus"]
    store.close()


def test_a_commit_changes_what_it_names(path: Path) -> None:
    """Entries are replaced or go; what was held before is held no more."""
    store = Store(path)
    store.load(ABOUT)
    store.commit(cut({KEY: 1, OTHER: 2}, Held("kube_events_total", (), 3)))
    store.commit(cut({KEY: ~4, OTHER: None}))
    store, restored = reopened(store)
    assert entries(restored) == [(KEY, 4, True)]
    assert list(restored.held) == []
    store.close()


def test_a_whole_ledger_replaces_all_of_its_scope(path: Path) -> None:
    """And nothing of another's."""
    store = Store(path)
    store.load(ABOUT)
    store.commit(cut({KEY: 1}, scope="shop"))
    store.commit(cut({KEY: 1}, scope="bank"))
    store.commit(cut({OTHER: 2}, whole=True, scope="shop"))
    store, restored = reopened(store)
    assert entries(restored, "shop") == [(OTHER, 2, False)]
    assert entries(restored, "bank") == [(KEY, 1, False)]
    store.close()


def test_a_commit_that_fails_leaves_the_last_one(path: Path) -> None:
    """All of it or nothing."""
    store = Store(path)
    store.load(ABOUT)
    store.commit(cut({KEY: 1}))
    bad = cut({KEY: 2})
    bad.scrapers = ["twice", "twice"]
    with pytest.raises(CheckpointError, match="UNIQUE"):
        store.commit(bad)
    store, restored = reopened(store)
    assert entries(restored) == [(KEY, 1, False)]
    store.close()


def test_what_is_forgotten_gives_its_room_back(path: Path) -> None:
    """The file grows smaller again, some of it with each commit."""
    store = Store(path)
    store.load(ABOUT)
    keys = [number.to_bytes(16) for number in range(20_000)]
    store.commit(cut(dict.fromkeys(keys, 1)))
    store.close()
    large = path.stat().st_size
    store = Store(path)
    store.load(ABOUT)
    store.commit(cut(dict.fromkeys(keys)))
    store.commit(cut({}))
    store.close()
    assert path.stat().st_size < large / 4


def test_a_second_process_is_refused(path: Path) -> None:
    """It runs from a baseline, says why, and touches nothing."""
    store = Store(path)
    store.load(ABOUT)
    second, restored, notes = begun(path)
    assert (second, restored) == (None, None)
    assert [(level, fields["reason"]) for level, _, fields in notes] == [
        ("error", "is held by another process")
    ]
    store.commit(cut({KEY: 1}))
    store.close()


@pytest.mark.parametrize("place", ["missing/checkpoint.db", ""])
def test_a_place_that_cannot_be_written_is_said(tmp_path: Path, place: str) -> None:
    """A folder that is not there, or a folder itself: a baseline, and nothing is kept."""
    store, restored, notes = begun(tmp_path / place)
    assert (store, restored) == (None, None)
    (note,) = notes
    assert note[:2] == ("error", "no checkpoint, starting from a baseline and keeping nothing")
    assert "unable to open" in str(note[2]["reason"])


def junk(path: Path) -> None:
    """No database at all."""
    path.write_bytes(b"not a database" * 100)


def foreign(path: Path) -> None:
    """Another program's database."""
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE things (name TEXT)")
    other.close()


def newer(path: Path) -> None:
    """One of a version to come."""
    Store(path).close()
    with sqlite3.connect(path) as later:
        later.execute("PRAGMA user_version = 99")
    later.close()


def torn(path: Path) -> None:
    """One of which a part was overwritten."""
    store = Store(path)
    store.load(ABOUT)
    store.commit(cut({number.to_bytes(16): 1 for number in range(5000)}))
    store.close()
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(b"\xff" * 8192)


def cut_short(path: Path) -> None:
    """One whose end is missing."""
    torn(path)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 3)


def of_another(path: Path) -> None:
    """Another cluster's."""
    store = Store(path)
    store.load("another cluster")
    store.close()


def nonsense(path: Path) -> None:
    """Ours, with a value that we never wrote."""
    store = Store(path)
    store.load(ABOUT)
    store.commit(cut({KEY: 1}, Held("kube_events_total", (), 3)))
    store._connection.execute("UPDATE held SET labels = 'no json'")
    store.close()


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (junk, "is damaged or no checkpoint: file is not a database"),
        (foreign, "is no checkpoint, but another program's database"),
        (newer, "has schema 99, this version reads 2"),
        (torn, "damaged"),
        (cut_short, "damaged"),
        (of_another, "is of another cluster, not of a cluster"),
        (nonsense, "cannot be read"),
    ],
)
def test_what_cannot_be_used_is_set_aside(path: Path, spoil: Any, reason: str) -> None:
    """Kept for whoever wants to look, and the exporter runs with a new one, twice in a row too."""
    for _ in range(2):
        spoil(path)
        spoiled = path.stat().st_size
        store, restored, notes = begun(path)
        assert store is not None
        assert restored is not None
        assert restored.ledgers == {}
        ((level, message, fields),) = notes
        assert (level, message) == ("error", "checkpoint set aside, starting from a baseline")
        assert reason in str(fields["reason"])
        aside = Path(str(fields["kept_as"]))
        assert aside.stat().st_size == spoiled
        store.commit(cut({KEY: 1}))
        store.close()
        path.unlink()
    assert len(list(path.parent.iterdir())) == 1


def test_a_file_that_vanishes_is_an_error_of_the_commit(path: Path) -> None:
    """Such as a disk that is full: said by the caller, survived."""
    store = Store(path)
    store.load(ABOUT)
    store._connection.execute("PRAGMA max_page_count = 12")
    with pytest.raises(CheckpointError, match="full"):
        store.commit(cut({number.to_bytes(16): 1 for number in range(5000)}))
    store.commit(cut({KEY: 1}))
    store.close()


def test_an_unusable_file_is_an_error_with_its_reason(path: Path) -> None:
    """For whoever opens it without `begin`."""
    junk(path)
    with pytest.raises(UnusableFileError, match="not a database"):
        Store(path)


@pytest.mark.parametrize("suffix", ["", "-wal"])
def test_a_new_file_is_for_its_owner_alone(path: Path, suffix: str) -> None:
    """Its log too: they have the names that labels have. The umask can take, not give."""
    store = Store(path)
    store.commit(cut({KEY: 1}))
    mode = path.with_name(path.name + suffix).stat().st_mode
    store.close()
    assert stat.S_IMODE(mode) == 0o600


def test_the_mode_of_a_file_that_is_there_is_left_alone(path: Path) -> None:
    """Somebody may have chosen it."""
    Store(path).close()
    path.chmod(0o640)
    Store(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
