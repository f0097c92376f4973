from __future__ import annotations

from pathlib import Path

import pytest

from exporter.web.listening import FileError
from exporter.web.webhook.tokens import Tokens, followed_tokens


async def tokens_of(path: Path) -> Tokens:
    followed = followed_tokens(path, lambda *_: None)
    await followed.load()
    return followed.value


async def test_each_line_is_a_token(tmp_path: Path) -> None:
    """Blank lines, Windows' line ends and spaces around it are none of it."""
    path = tmp_path / "tokens"
    path.write_bytes(b"\n one \r\n\ntwo")
    tokens = await tokens_of(path)
    assert tokens.allow("Bearer one")
    assert tokens.allow("bearer two")


@pytest.mark.parametrize(
    "credentials",
    ["", "one", "Bearer", "Bearer ", "Bearer onet", "Basic one", "Bearer o ne", "Bearer \udcff"],
)
def test_other_credentials_are_not_allowed(credentials: str) -> None:
    assert not Tokens([b"one"]).allow(credentials)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "no token in it"),
        (b" \n\n", "no token in it"),
        (b"secret\nsecret token", "line 2: one token a line, no spaces"),
        (b"s\xc3\xa4cret", "line 1: one token a line, no spaces"),
        (None, "No such file or directory"),
    ],
    ids=["empty", "blank", "space", "not ASCII", "missing"],
)
async def test_a_file_without_good_tokens_is_an_error_that_names_it(
    tmp_path: Path, content: bytes | None, problem: str
) -> None:
    """And does not show what is in it."""
    path = tmp_path / "tokens"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(FileError) as raised:
        await tokens_of(path)
    assert str(raised.value) == f"--audit.webhook.token-file: {path}: {problem}"
