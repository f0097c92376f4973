from __future__ import annotations

import pytest

from exporter.config.strict_yaml import YamlError, parse


@pytest.mark.parametrize("text", ["2026-01-01T12:00:00Z", "2026-01-01", "2024-13-45"])
def test_times_stay_text(text: str) -> None:
    """Whoever writes a time without quotes means what is written."""
    assert parse(f"a: {text}") == {"a": text}


def test_other_values_have_their_type() -> None:
    """Numbers, truth and nothing are what YAML says."""
    assert parse("[1, 2.5, true, null, x, '1']") == [1, 2.5, True, None, "x", "1"]


def test_any_word_can_be_a_key() -> None:
    """Those that mean something to YAML elsewhere too."""
    assert parse("{=: 1, '<<': 2, 'on': 3}") == {"=": 1, "<<": 2, "on": 3}


def test_empty_text_is_nothing() -> None:
    """A file of comments alone is no error of its own."""
    assert parse("# nothing here\n") is None


def test_what_is_merged_can_be_overridden() -> None:
    """That is what `<<` is for, at any depth, and no key stands twice by it."""
    text = "- &a {x: 1, y: 1}\n- &b {<<: *a, x: 2}\n- {<<: *b, y: 3}\n- *b"
    assert parse(text) == [{"x": 1, "y": 1}, {"x": 2, "y": 1}, {"x": 2, "y": 3}, {"x": 2, "y": 1}]


def test_of_several_that_are_merged_the_first_counts() -> None:
    """As YAML says, however long the keys' names are."""
    text = "- &a {x: 1, label: 1}\n- &b {x: 2, label: 2, y: 2}\n- {<<: [*a, *b], z: 3}"
    assert parse(text)[2] == {"x": 1, "label": 1, "y": 2, "z": 3}


def test_only_mappings_can_be_merged() -> None:
    """A text, or a list that holds one, is an error that says where."""
    with pytest.raises(YamlError, match=r"line 1, column 13: only mappings"):
        parse("- {<<: [{}, x]}")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\nb: 2\na: 3", "line 3, column 1: the key 'a' stands twice"),
        ("- {a: {b: 1, b: 2}}", "line 1, column 14: the key 'b' stands twice"),
        ("a: [1", "line 1, column 6: expected ',' or ']', but got '<stream end>'"),
        ("a: 1\n---\nb: 2", "line 2, column 1: but found another document"),
        ("? [a]\n: 1", "line 1, column 3: found unhashable key"),
        ("a: {<<: 5}", "line 1, column 9: only mappings can be merged with <<"),
        ("a: &a {<<: *a}", "is nested too deeply"),
        ("a: *b", "line 1, column 4: found undefined alias 'b'"),
        ("a: !!int x", "holds a value that cannot be read: "),
        ("[" * 5000, "is nested too deeply"),
        ("\x00", "unacceptable character"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(text: str, problem: str) -> None:
    """With its place, where there is one."""
    with pytest.raises(YamlError) as caught:
        parse(text)
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)
