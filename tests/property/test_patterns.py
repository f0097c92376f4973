"""No pattern that is accepted runs away, and what a pattern is read as is what Python makes of it.

Work is counted in steps of a matcher of our own that backtracks as Python's does. It takes a few
million a second, so texts are shorter than the longest message; growth shows the power.
"""

from __future__ import annotations

import re

import pytest
from hypothesis import event, given, settings, target
from hypothesis import strategies as st

from exporter.rules.patterns import UnsafePatternError, compile_pattern
from exporter.rules.patterns.pieces import tree
from exporter.rules.patterns.syntax import scan
from tests.property.backtracking import Matcher, Run

LETTERS = "abc "
LONG = 160
MOST_STEPS = 1_000_000

atoms = st.sampled_from(
    ["a", "b", "c", " ", "ab", "a a", ".", "[ab]", "[^a]", "[^ ]", r"\w", r"\S", "[a-c]", r"\x61"]
)
quantifiers = st.sampled_from(
    ["", "", "", "*", "+", "*", "+", "*?", "+?", "?", "??", "{2}", "{0,2}", "{1,3}", "{2,}", "{18}"]
)


def _grouped(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    branches = st.lists(inner, min_size=1, max_size=3)
    return branches.map("|".join).map("({})".format)


def _sequences(part: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(st.tuples(part, quantifiers).map("".join), min_size=1, max_size=4).map("".join)


bodies = st.recursive(_sequences(atoms), lambda inner: _sequences(atoms | _grouped(inner)))
patterns = st.tuples(st.sampled_from(["", "^", "^"]), bodies, st.sampled_from(["", "$", "!"])).map(
    "".join
)
words = st.text(LETTERS, min_size=1, max_size=4)


def _accepted(pattern: str) -> re.Pattern[str] | None:
    try:
        compiled = compile_pattern(pattern)
    except UnsafePatternError:
        event("refused")
        return None
    event("accepted")
    return compiled


def _searches(pattern: str, head: str, word: str) -> tuple[Run, Run]:
    """Of a text of this word over and over, and of one twice as long."""
    matcher = Matcher(pattern)
    times = LONG // 2 // len(word)
    short, long = (head + word * n + "\n" for n in (times, 2 * times))
    return matcher.search(short, MOST_STEPS), matcher.search(long, MOST_STEPS)


@settings(max_examples=200, deadline=None)
@given(patterns, st.just("") | words, words)
def test_the_cost_of_accepted_patterns_is_quadratic_at_most(
    pattern: str, head: str, word: str
) -> None:
    """The steps over a text of one word over and over are few for each instruction and pair of
    places; if they are many for a text, those for one twice as long are about four times as many.
    """
    if _accepted(pattern) is None:
        return
    short, long = _searches(pattern, head, word)
    target(long.steps, label="steps")
    assert long.steps <= 2 * len(Matcher(pattern)) * (LONG + len(head)) ** 2
    if long.steps > LONG**2 and short.found == long.found:
        assert long.steps <= 6 * short.steps


@pytest.mark.parametrize(
    ("pattern", "word"),
    [
        ("^.*a.*b.*c", "ab"),
        ("a.*b.*c", "ab"),
        (r"\w+\w+\w+!", "a"),
        ("^(?:[a-z]+ ?){4}!", "ab"),
        ("(a+)+!", "a"),
        ("^(?:a|a)*!", "a"),
        ("^(?:a|aa)+!", "a"),
    ],
)
def test_refused_patterns_do_run_away(pattern: str, word: str) -> None:
    """What is refused for its cost takes, over a text twice as long, more than six times as many
    steps, or has no end at all.
    """
    with pytest.raises(UnsafePatternError):
        compile_pattern(pattern)
    short, long = _searches(pattern, "", word)
    assert long.steps > 6 * short.steps or short.steps == MOST_STEPS


@settings(max_examples=300, deadline=None)
@given(patterns, st.text(LETTERS + "!", max_size=12))
def test_a_pattern_is_read_as_python_reads_it(pattern: str, text: str) -> None:
    """The pieces, run by the counting matcher, find what Python's compiled pattern finds."""
    compiled = _accepted(pattern)
    if compiled is not None:
        found = Matcher(pattern).search(text, most_steps=1_000_000).found
        assert found == bool(compiled.search(text))


classes = [r"\d", r"\W", r"\s", r"\S", r"\]", r"\n", r"\x41", r"\-"]
ranges = ["0-9", "a-f", "K-z", "!-~", "à-ü"]
members = st.sampled_from([*classes, *ranges, *"akS-_^éµ٣€\u017f"])
others = st.sampled_from("aAfFzZkKsSiI3_ µμ٣é€\u212a\u017f\u0131\u0130\u2003\x1c\x85\u0345")


@settings(max_examples=500)
@given(
    st.sampled_from(["", "^"]),
    st.lists(members, min_size=1, max_size=4).map("".join),
    st.sampled_from(["", "(?i)"]),
    st.characters() | others,
)
def test_sets_are_never_too_small(negated: str, inside: str, flags: str, character: str) -> None:
    """A character that a set of Python's takes is in the set that we reckon with."""
    pattern = f"{flags}[{negated}{inside}]"
    try:
        compiled = compile_pattern(pattern)
    except UnsafePatternError:
        return
    (taken,) = tree(scan(pattern)).sets
    (bit,) = tree(scan(re.escape(character))).sets
    if compiled.fullmatch(character):
        assert taken & bit


groups = ["(", ")", "(?:", "(?P<n>", "(?P=n)", "(?i)", "(?i:", "(?-s:", "(?=", "(?<", "(?>", "(?#"]
repeats = ["{2}", "{,3}", "{2,1}", "{1,}", "{5000}"]
escapes = [r"\d", r"\b", r"\1", r"\x4", r"\Z"]
forms = st.sampled_from([*groups, *repeats, *escapes, "[^", "&&", *r"ab[]\*+?{}|.^$-:,é"])
syntax = st.lists(forms, max_size=12).map("".join)


@settings(max_examples=1000)
@given(syntax | st.text(max_size=20))
def test_any_text_is_accepted_or_refused_in_words(pattern: str) -> None:
    """Whatever is written for a pattern, it compiles or the error says what is wrong with it."""
    try:
        outcome = compile_pattern(pattern).pattern
    except UnsafePatternError as error:
        outcome = str(error)
    assert outcome == pattern or len(outcome) > 15
