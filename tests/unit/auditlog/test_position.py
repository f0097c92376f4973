"""A position as text: what a checkpoint keeps."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.auditlog import LogPosition
from exporter.auditlog.position import ORIGIN, digest

_SINCE = "2026-11-22T11:35:18.742136"
POSITION = LogPosition(digest(b"head"), 4, 1_000, _SINCE)


@pytest.mark.parametrize("position", [POSITION, ORIGIN])
def test_text_gives_the_position_back(position: LogPosition) -> None:
    assert LogPosition.from_text(position.to_text()) == position
    assert "\n" not in position.to_text()


def test_heads_are_told_apart_by_all_of_their_bytes() -> None:
    assert digest(b"head") != digest(b"heaD") != digest(b"head ")


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", "{}", "junk", '"\ud800"', "[" * 100_000, '{"head":"","offset":0}'],
)
def test_junk_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no position"):
        LogPosition.from_text(text)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("offset", -1),
        ("offset", 1.5),
        ("offset", 3),
        ("offset", None),
        ("head_bytes", -1),
        ("head_bytes", 2**40),
        ("head", 5),
        ("since", "yesterday"),
    ],
)
def test_a_position_that_cannot_be_is_refused(field: str, value: object) -> None:
    fields: dict[str, Any] = json.loads(POSITION.to_text())
    with pytest.raises(ValueError, match=r"is no position|Invalid isoformat"):
        LogPosition.from_text(json.dumps({**fields, field: value}))


@given(st.text())
def test_any_text_is_a_position_or_refused(text: str) -> None:
    try:
        LogPosition.from_text(text)
    except ValueError:
        return
    assert json.loads(text)
