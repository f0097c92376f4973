"""No pattern that is accepted runs away, and what a pattern is read as is what Python makes of it.

Work is counted in steps of a matcher of our own that backtracks as Python's does. It takes a few
million a second, so texts are shorter than the longest message: what a pattern is said to cost at
the most holds for texts of any length, and so is held against short ones.
"""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, event, example, given, settings, target
from hypothesis import strategies as st

from exporter.rules.patterns import MOST_STEPS, UnsafePatternError, compile_pattern, most_steps
from exporter.rules.patterns.cost import cost_of
from exporter.rules.patterns.loops import check_loops
from exporter.rules.patterns.pieces import Piece, tree
from exporter.rules.patterns.syntax import scan
from tests.property.backtracking import Matcher, Run

LETTERS = "abc "
LONG = 160
MANY_STEPS = 1_000_000
# Of a pattern with its repeats written out: the matcher has to go through them.
LARGE = 2_000

sets = [".", "[ab]", "[^a]", "[^ ]", r"\w", r"\S", "[a-c]", r"\x61"]
atoms = st.sampled_from(["a", "b", "c", " ", "ab", "aba", "a a", "abab", *sets])
counted = ["{2}", "{0,2}", "{1,3}", "{2,}", "{18}", "{0,20}"]
quantifiers = st.sampled_from(["", "", "", "*", "+", "*", "+", "*?", "+?", "?", "??", *counted])


def _grouped(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    branches = st.lists(inner, min_size=1, max_size=3)
    return branches.map("|".join).map("({})".format)


def _sequences(part: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(st.tuples(part, quantifiers).map("".join), min_size=1, max_size=4).map("".join)


bodies = st.recursive(_sequences(atoms), lambda inner: _sequences(atoms | _grouped(inner)))
starts = st.sampled_from(["", "", "^", "^", r"\b", "(?m)^"])
patterns = st.tuples(starts, bodies, st.sampled_from(["", "$", "!", "!"])).map("".join)
words = st.text(LETTERS, min_size=1, max_size=4)


def _accepted(pattern: str) -> re.Pattern[str] | None:
    try:
        compiled = compile_pattern(pattern)
    except UnsafePatternError:
        event("refused")
        return None
    event("accepted")
    return compiled


def _piece(pattern: str) -> Piece:
    """A pattern that compiles and has no ambiguous loop; what it costs is not looked at."""
    try:
        piece = tree(scan(pattern))
        check_loops(pattern, piece)
        re.compile(pattern)
    except (UnsafePatternError, re.error):
        assume(False)
    assume(piece.size <= LARGE)
    return piece


texts = st.one_of(
    st.text(LETTERS + "\n", max_size=40),
    # A word over and over, after something else and before something else.
    st.tuples(st.just("") | words, words, st.integers(1, 30), st.sampled_from("!a\n")).map(
        lambda parts: parts[0] + parts[1] * parts[2] + parts[3]
    ),
    # One word after the other, each a few times.
    st.lists(st.tuples(words, st.integers(1, 9)), max_size=8).map(
        lambda parts: "".join(word * times for word, times in parts)
    ),
)


@settings(max_examples=500, deadline=None)
@given(patterns, texts)
# Each costs more than is reckoned if one of the rules of ``arrivals`` is left out.
@example("^[ab]*[bc][bc]c.*!", "bbccc c ccaabaaac  ca  aabaca")
@example(r"\b\w*\w*!", "aaa")
@example("^a*[ab]*c.*.*.*!", "abcabacaabaaccbccaabaacbcccbcccccabbaaaa")
@example("[ab]*b*c[bc]*[bc]*!", "abbabababbbabcbcccbbcbcbcccbccccbcbbbccb")
@example("ab.*!", "abababababababab")
def test_no_search_costs_more_than_is_reckoned(pattern: str, text: str) -> None:
    """Whatever the text, the steps of a search are at most what the pattern is said to cost over
    texts of its length, be the pattern one that is accepted or one that is not.
    """
    reckoned = cost_of(pattern, _piece(pattern), len(text)).steps
    steps = Matcher(pattern).search(text, MANY_STEPS).steps
    target(steps / reckoned, label="of what is reckoned")
    assert steps <= reckoned


@settings(max_examples=100, deadline=None)
@given(patterns)
def test_a_longer_text_never_costs_less(pattern: str) -> None:
    """So what holds for the longest message holds for each."""
    piece = _piece(pattern)
    reckoned = [cost_of(pattern, piece, length).steps for length in (0, 1, 10, 100, 2048)]
    assert reckoned == sorted(reckoned)


@pytest.mark.parametrize(
    ("pattern", "word"),
    [
        (r"\d{1,19} bytes", "1"),
        ("(?:a|b|c){16}!", "ab"),
        ("^.*(?:secret|claim) [^ ]* not found", "secret "),
        ("a" * 400 + "b", "a"),
        (r"^(?:\w+ ?: )*\w+$", "a"),
        (r"\b(?:\w{1,9}-){1,5}!", "a-"),
    ],
)
def test_patterns_that_are_accepted_keep_to_it_on_the_longest_message(
    pattern: str, word: str
) -> None:
    """Each over a text that is made to hurt it."""
    compile_pattern(pattern)
    text = word * (2048 // len(word))
    assert Matcher(pattern).search(text, 2 * MOST_STEPS).steps <= most_steps(pattern) <= MOST_STEPS


def _searches(pattern: str, word: str) -> tuple[Run, Run]:
    """Of a text of this word over and over, and of one twice as long."""
    matcher = Matcher(pattern)
    times = LONG // 2 // len(word)
    short, long = (word * n + "\n" for n in (times, 2 * times))
    return matcher.search(short, MANY_STEPS), matcher.search(long, MANY_STEPS)


@pytest.mark.parametrize(
    ("pattern", "word"),
    [
        ("^.*a.*b", "a"),
        (r"\w+!", "a"),
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
    """What is refused for repeats that share a text takes, over a text twice as long, nearly four
    times as many steps or more, or has no end at all.
    """
    with pytest.raises(UnsafePatternError):
        compile_pattern(pattern)
    short, long = _searches(pattern, word)
    assert long.steps > 3.8 * short.steps or short.steps == MANY_STEPS


@pytest.mark.parametrize(
    ("pattern", "word"),
    [
        (".*" + "a" * 990 + "b", "a"),
        (".*(?:" + "|".join(f"a{number}" for number in range(150)) + ")!", "a"),
        ("(?:(?:a{1,10}){1,10}){1,10}!", "a"),
        ("^(?:.{0,15},){0,15}!", ","),
        ("^.{0,999}.{0,999}!", "a"),
        ("a" * 700 + "b", "a"),
        ("a?" * 30 + "b", "a"),
        ("^a*a*bc*c*d", "a"),
    ],
)
def test_what_is_refused_for_its_work_would_take_it(pattern: str, word: str) -> None:
    """More steps than are allowed, over a message of one word over and over."""
    with pytest.raises(UnsafePatternError):
        compile_pattern(pattern)
    text = word * 700 + "b" + "c" * 1300 if "c*c*" in pattern else word * 2048
    assert Matcher(pattern).search(text[:2048], MOST_STEPS).steps == MOST_STEPS


@settings(max_examples=300, deadline=None)
@given(patterns, st.text(LETTERS + "!", max_size=12))
def test_a_pattern_is_read_as_python_reads_it(pattern: str, text: str) -> None:
    """The pieces, run by the counting matcher, find what Python's compiled pattern finds."""
    compiled = _accepted(pattern)
    if compiled is not None:
        found = Matcher(pattern).search(text, MANY_STEPS).found
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
