"""``check`` tries the checkpoint's file, and makes none."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.checkpoint.store import Store
from exporter.cli import main


def said(path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Its line about the checkpoint; there is no cluster to ask."""
    main(["check", "--kubeconfig", "/nowhere", "--checkpoint.path", str(path)])
    (line,) = [each for each in capsys.readouterr().out.splitlines() if "checkpoint" in each]
    return line


def test_a_file_that_is_not_there_can_be_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the exporter; not by this."""
    path = tmp_path / "c.db"
    assert said(path, capsys) == f"ok    checkpoint: {path} can be made"
    assert not path.exists()


def test_a_file_of_ours_is_fine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also while an exporter has it."""
    path = tmp_path / "c.db"
    store = Store(path)
    assert said(path, capsys) == (
        f"ok    checkpoint: {path} is held by another process, such as the exporter"
    )
    store.close()
    assert said(path, capsys) == f"ok    checkpoint: {path}"


def test_what_cannot_be_used_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder that is not there, and a file that is something else."""
    path = tmp_path / "missing" / "c.db"
    assert said(path, capsys) == f"FAIL  checkpoint: {path} cannot be made in {path.parent}"
    path = tmp_path / "notes.txt"
    path.write_text("remember the milk\n" * 100)
    assert said(path, capsys).startswith(f"FAIL  checkpoint: {path} is damaged or no checkpoint")
    assert path.read_text().startswith("remember")
