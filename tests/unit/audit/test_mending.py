"""JSON made fit to be read: what is kept, and what is not."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from exporter.audit.mending import DEEPEST, mended

# Text may hold anything that matters to a reader of JSON: quotes, brackets, backslashes.
_TEXT = st.text(alphabet=st.sampled_from('a"\\[]{}:,u\n\u00e4'), max_size=8)
_TREES = st.recursive(
    st.none() | st.integers() | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=20,
)


def shallow(tree: Any, depth: int) -> Any:
    """A second way: arrays and objects below ``depth`` levels are null."""
    if not isinstance(tree, dict | list):
        return tree
    if not depth:
        return None
    if isinstance(tree, dict):
        return {key: shallow(value, depth - 1) for key, value in tree.items()}
    return [shallow(value, depth - 1) for value in tree]


def levels(tree: Any, depth: int) -> Any:
    for level in range(depth):
        tree = [tree, "]"] if level % 2 else {'"}': tree, "b": "{"}
    return tree


@given(_TREES)
def test_what_is_not_deep_stays_as_it_is(tree: object) -> None:
    """Whatever stands in its texts."""
    if shallow(tree, DEEPEST) == tree:
        assert json.loads(mended(json.dumps(tree).encode())) == tree


@given(_TREES, st.integers(0, DEEPEST + 5), st.integers(0, 3))
def test_what_is_too_deep_is_null(tree: object, around: int, more: int) -> None:
    """At exactly the level where it would be too deep, on both sides of it."""
    whole = [levels(tree, around), levels(tree, more), "tail"]
    assert json.loads(mended(json.dumps(whole).encode())) == shallow(whole, DEEPEST)


def test_halves_of_pairs_are_replaced_and_nothing_else() -> None:
    """A backslash that is escaped begins no escape."""
    assert mended(rb'"\ud83d\ude00 \uDFFF \\ud800 \u00e4 \n"') == (
        rb'"\ufffd\ufffd \ufffd \\ud800 \u00e4 \n"'
    )


def test_what_is_damaged_stays_damaged() -> None:
    """Nothing is closed, or said twice, that was not."""
    assert mended(b"[" * 50) == b"[" * DEEPEST + b"null"
    assert mended(b"[" * 50 + b"]" * 17) == b"[" * DEEPEST + b"null"
    assert mended(b"[" * 50 + b"]" * 19) == b"[" * DEEPEST + b"null]"
    assert mended(b'["a') == b'["a'


@given(st.binary())
def test_anything_is_taken(data: bytes) -> None:
    """And mended again it stays as it is."""
    assert mended(mended(data)) == mended(data)
