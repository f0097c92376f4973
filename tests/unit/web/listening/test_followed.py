"""Files that others exchange while we run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from exporter.web.listening import FileError, Followed, read_file
from exporter.web.listening.files import _MAX_BYTES

Notes = list[tuple[str, str]]


def swap(folder: Path, generation: str, content: str) -> None:
    """As the kubelet does: a folder for each generation, a link to it that is exchanged."""
    (folder / generation).mkdir()
    (folder / generation / "file").write_text(content)
    link = folder / "..new"
    link.symlink_to(generation)
    link.replace(folder / "..data")


def following(path: Path, notes: Notes) -> Followed[str]:
    def read() -> str:
        text = path.read_text()
        if text == "half":
            raise FileError("half a file")
        return text

    return Followed(
        [("an-option", path)], read, note=lambda level, message, _: notes.append((level, message))
    )


@pytest.mark.parametrize("linked", [False, True], ids=["in place", "by link"])
async def test_a_change_is_read_and_what_did_not_change_is_not(
    tmp_path: Path, linked: bool
) -> None:
    def write(content: str) -> None:
        if linked:
            swap(tmp_path, content, content)
        else:
            (tmp_path / "file").write_text(content)

    notes: Notes = []
    write("one")
    if linked:
        (tmp_path / "file").symlink_to("..data/file")
    followed = following(tmp_path / "file", notes)
    await followed.load()
    await followed.look()
    assert (followed.value, notes) == ("one", [])
    write("two")
    await followed.look()
    await followed.look()
    assert (followed.value, notes) == ("two", [("info", "files have changed and were read anew")])


async def test_what_cannot_be_used_leaves_the_old_and_is_said_once(tmp_path: Path) -> None:
    """Each time anew: half a file, none at all, and then a whole one."""
    path, notes = tmp_path / "file", Notes()
    path.write_text("one")
    followed = following(path, notes)
    await followed.load()
    path.write_text("half")
    await followed.look()
    path.unlink()
    await followed.look()
    assert followed.value == "one"
    assert notes == [("error", "half a file; what was read before stays in use")]
    path.write_text("two")
    await followed.look()
    assert followed.value == "two"
    path.write_text("half")
    await followed.look()
    assert [level for level, _ in notes] == ["error", "info", "error"]


async def test_going_back_to_the_old_content_ends_the_trouble(tmp_path: Path) -> None:
    path, notes = tmp_path / "file", Notes()
    path.write_text("one")
    followed = following(path, notes)
    await followed.load()
    for content in ("half", "one", "half"):
        path.write_text(content)
        await followed.look()
    assert followed.value == "one"
    assert [level for level, _ in notes] == ["error", "error"]


async def test_a_failure_that_nobody_foresaw_ends_nothing(tmp_path: Path) -> None:
    """It is said without its words, which can be those of the file; the next change is read."""
    path, notes = tmp_path / "file", Notes()

    def read() -> str:
        if (text := path.read_text()) == "odd":
            raise ValueError("odd")
        return text

    followed = Followed(
        [("an-option", path)], read, note=lambda level, message, _: notes.append((level, message))
    )
    path.write_text("one")
    await followed.load()
    path.write_text("odd")
    for _ in range(2):
        await followed.look()
        assert followed.value == "one"
    assert notes == [
        ("error", "--an-option: cannot be read (ValueError); what was read before stays in use")
    ]
    path.write_text("two")
    await followed.look()
    assert followed.value == "two"


def test_a_path_that_can_be_none_is_an_error() -> None:
    with pytest.raises(FileError, match=r"^--an-option: a\x00b: embedded null"):
        read_file("an-option", Path("a\0b"))


async def test_a_pipe_is_an_error() -> None:
    """What was read of it is gone, and the next look would find an empty file."""
    reading, writing = os.pipe()
    try:
        os.write(writing, b"one")
        os.close(writing)
        with pytest.raises(FileError, match=r"^--an-option: /dev/fd/\d+: no regular file$"):
            await following(Path(f"/dev/fd/{reading}"), []).load()
    finally:
        os.close(reading)


async def test_what_cannot_be_used_at_first_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"^--an-option: .*/file: No such file or directory$"):
        await following(tmp_path / "file", []).load()


def test_a_file_of_any_length_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * (_MAX_BYTES + 1))
    with pytest.raises(FileError, match="longer than"):
        read_file("an-option", path)
