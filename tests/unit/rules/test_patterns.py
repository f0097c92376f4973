"""Which patterns rules may use, and what is said of the others."""

from __future__ import annotations

import re

import pytest

from exporter.rules.patterns import LONGEST_PATTERN, UnsafePatternError, compile_pattern

IMAGE = '"(?P<image>[^"]+)"'

ACCEPTED = {
    "text": "no such host",
    "two words with one meaning": "(?i)too ?many ?requests|rate limit",
    "a start and two fields": f"^Failed to pull image {IMAGE}: (?P<error>.*)$",
    "fields that their ends close": r'^a="[^"]*", b="[^"]*", c="[^"]*", d=\S+ e=\S+$',
    "words between blanks": r"^\S+ \S+ \S+ \S+$",
    "two that share a text": "^.*violates (?P<rest>.*)!",
    "one that may begin anywhere, with an end": r"\d{1,19} bytes",
    "one that begins where a word does": r"\b\d+ bytes",
    "one that the pattern ends with": r"(?i)exit code:? \d+",
    "a long word before one that takes all": "Failed to pull image .* not found",
    "two words that are not far apart": "error.{0,200}timeout",
    "a line of several": r"(?m)^\w+ failed:",
    "text before one that takes all": "Error: (?P<error>.*)$",
    "all that follows, after two": "^.*exceeded [^,]*, used (?P<rest>.*)$",
    "two that take turns": "^[^a]*a[^b]*b",
    "one after the other": "^a*b*c*d*!",
    "repeats of repeats that are few": "^(?:(?:a{1,10}b{1,10}){1,10}c?)!",
    "a list": "^(?:[^,]+, )*[^,]+$",
    "words of a list": "(?:foo|far|bar)+",
    "branches that later characters tell apart": "^(?:failed to call|failed to create)* x",
    "a loop in a loop that ends in one way": "^(?:a+b)*c",
    "four numbers": r"^(?:\d{1,3}\.){3}\d{1,3}$",
    "a digest": "sha256:[0-9a-f]{64}",
    "an optional ending": "^Back-off(?:: (?P<error>.*))?$",
    "disjoint in one case only": "^(?:a+A+b+)!",
    "flags": r"(?i)(?m)^\w+ (?-s:.)(?i:x)(?s:.)",
    "escapes": r"\A\d\D\s\S\w\W\b\B\n\t\x41\.[\]\-\d]$",
    "letters of other languages": r"^[0-9hmsuµμn.]+ é+",
    "plain braces": "a{b} {} }",
    "nothing": "",
    "empty branches": "^(?:a|) ()b",
}

REFUSED_FOR_SYNTAX = [
    ("a(", "missing ), unterminated subpattern at position 1"),
    ("a**", "multiple repeat at position 2"),
    (r"\q", r"'\\q' at position 0 is not known to both"),
    ("a(?=b)", "'(?=' at position 1 looks ahead; write what follows as part"),
    ("a(?!b)", "'(?!' at position 1 looks ahead; put a rule or row before"),
    ("(?<=a)b", "'(?<=' at position 0 looks behind; write what stands before"),
    ("(?<!a)b", "'(?<!' at position 0 looks behind; put a rule or row before"),
    (r"(a)\1", r"'\\1' at position 3 refers back to a group"),
    ("(?P<n>a)(?P=n)", "'(?P=' at position 8 refers back to a group"),
    ("a++", "'++' at position 1 is possessive; leave the last + out"),
    ("a{2}+", "'{2}+' at position 1 is possessive"),
    ("(?>a)", "'(?>' at position 0 is an atomic group; write (?:...)"),
    ("(a)?(?(1)b|c)", "'(?(' at position 4 is a condition; write the two cases as a choice"),
    ("(?x) a", "'(?x)' at position 0 has flags that RE2 has not"),
    ("(?a)a", "'(?a)' at position 0 has flags"),
    ("(?L)a", "'(?L)' at position 0 has flags"),
    ("(?u:a)", "'(?u:' at position 0 has flags"),
    ("(?#why)a", "'(?#' at position 0 is a comment"),
    ("(?<n>a)", "'(?<' at position 0 is not known to both"),
    ("a{1001}", "'{1001}' at position 1 repeats more than 1000 times"),
    ("(?:a{100}b){11}", "'{11}' at position 11 repeats, with the repeats inside, more than 1000"),
    ("a{,3}", "'{,3}' at position 1 is plain text in RE2; write {0,3}"),
    (r"a\Z", r"'\\Z' at position 1 is Python's alone; write $"),
    (r"\u00b5", r"'\\u' at position 0 is Python's alone; write the character itself"),
    ("[[:digit:]]", "'[[:digit:]' at position 0 is read otherwise"),
    ("[a&&b]", "'[a&&b]' at position 0 is read otherwise"),
    ("[" + "".join(map(chr, range(0x10000, 0x10011))) + "]", "has more than 16 characters beyond"),
    ("[]", "'[' at position 0 opens a set that nothing closes"),
    ("a[b", "'[' at position 1 opens a set that nothing closes"),
    ("a" * (LONGEST_PATTERN + 1), "the pattern has 1001 characters, more than 1000"),
    ("(" * 499 + ")" * 499, "too deep"),
]

REFUSED_LOOPS = [
    ("(a+)+", "'(a+)+' at position 0 repeats what can take one text in several ways"),
    ("x(?:a|a)*", "'a' at position 4 and 'a' at position 6 may begin alike"),
    (r"(\w*)*", "a round may be empty"),
    ("(a?)*", "a round may be empty"),
    ("(a|aa)+", "'a' at position 1 and 'aa' at position 3 may begin alike"),
    ("(?:.*,)*", "'.*' at position 3 may go on or stop"),
    (r"(?:\w+\s?)+", r"'\\w+' at position 3 may go on or stop"),
    ("(?:a{1,2})*", "'(?:a{1,2})' at position 0 may go on or stop"),
    ("(a+){20}", "'(a+)' at position 0 may go on or stop"),
]

REFUSED_REPEATS = [
    (".*.*.*!", "'.*' at position 0, '.*' at position 2, '.*' at position 4: these repeats"),
    (r"\d+\d+\d+x", "to the power of 4); begin the pattern with ^, or"),
    ("^.*a.*b", "'.*' at position 1, '.*' at position 4: these repeats"),
    ("^.*a.*b.*c", "'.*' at position 1, '.*' at position 4, '.*' at position 7: these"),
    ("^.*a.*b.*c", "to the power of 3); let a repeat not take the character that ends it"),
    ("a.*b.*c", "with every place of the message tried as the start"),
    (r"\d+ bytes", r"'\\d+' at position 0: this repeat can go over a text too often, with every"),
    (r"(?:\w+,)+!", r"'(?:\\w+,)+' at position 0: this repeat can go over a text too often"),
    ("(?m)^.*a.*b", "with every place of the message tried as the start"),
    (r"^(?:\S+ ?){3}!", r"'\\S+' at position 4, ' ?' at position 7: these repeats"),
    ("^(?:[ab]b)*[ab]*b*!", "'(?:[ab]b)*' at position 1, '[ab]*' at position 11, 'b*' at"),
    ("^(?:x|.*a).*b(?:y|.*c)!", "'.*' at position 6, '.*' at position 10, '.*' at position 18"),
    ("^a*a*bc*c*d", "'a*' at position 1, 'c*' at position 6, 'c*' at position 8: these"),
    ("(?i)^a+A+a+!", "'a+' at position 5, 'A+' at position 7, 'a+' at position 9"),
    (r"(?i)^K+[\u212a]*k+!".replace(r"\u212a", "\u212a"), "these repeats can share a text"),
    (".*" + "a" * 990, "'.*' at position 0: this repeat can go over a text too often"),
    ("^.*a.{0,5}b.*!", "'.*' at position 1, '.*' at position 11: these repeats"),
]

REFUSED_WORK = [
    ("^.{0,999}.{0,999}.{0,999}!", "'.{0,999}' at position 17, '!' at position 25"),
    ("a?" * 20 + "b", "tried too often (more than 1,000,000 steps over a message of 2,048"),
    ("^(?:a|a){20}b", "'a' at position 6"),
    ("^(?:(?:)?|(?:)?){16}!", "'(?:(?:)?|(?:)?)' at position 1"),
    ("a" * 900 + "b", "begin the pattern with ^, let branches begin differently"),
    ("|".join(f"x{number}" for number in range(200)), "divide it into several rules or rows"),
    ("^.*(?:" + "|".join(f"x{number}" for number in range(200)) + ")!", "tried too often"),
    ("^(?:.{0,15},){0,15}!", "'.{0,15}' at position 4"),
    ("(?:(?:a{1,10}){1,10}){1,10}!", "give repeats fewer rounds"),
    (
        "(?:a{9}b{9}c{9}){37}!",
        "'a{9}' at position 3, 'b{9}' at position 7, 'c{9}' at position 11: tried",
    ),
    (
        "^(?:" + "[ab]{9}c" * 30 + "){100}!",
        "with its repeats written out, more than 20,000: write +",
    ),
]


@pytest.mark.parametrize("pattern", ACCEPTED.values(), ids=ACCEPTED)
def test_patterns_of_bounded_cost_are_accepted(pattern: str) -> None:
    """Patterns whose cost is quadratic at most are compiled as they are written."""
    assert compile_pattern(pattern).pattern == pattern


@pytest.mark.parametrize(("pattern", "said"), REFUSED_FOR_SYNTAX)
def test_what_re2_would_not_read_alike_is_refused(pattern: str, said: str) -> None:
    """What does not compile, or is not of the syntax that Python and RE2 share, is an error that
    says where and what.
    """
    with pytest.raises(UnsafePatternError, match=re.escape(said)):
        compile_pattern(pattern)


@pytest.mark.parametrize(("pattern", "said"), REFUSED_LOOPS)
def test_loops_with_several_ways_inside_are_refused(pattern: str, said: str) -> None:
    """A repeat whose rounds can take one text in several ways is an error that names the piece."""
    with pytest.raises(UnsafePatternError, match=re.escape(said)):
        compile_pattern(pattern)


@pytest.mark.parametrize(("pattern", "said"), REFUSED_REPEATS)
def test_repeats_that_share_a_text_are_refused(pattern: str, said: str) -> None:
    """Where the message can be split between repeats, the search for a start included, in more
    ways than can be tried, it is an error that names each.
    """
    with pytest.raises(UnsafePatternError, match=re.escape(said)):
        compile_pattern(pattern)


@pytest.mark.parametrize(("pattern", "said"), REFUSED_WORK)
def test_much_work_at_each_place_is_refused(pattern: str, said: str) -> None:
    """Choices, words, branches and counted repeats that multiply are an error that names some."""
    with pytest.raises(UnsafePatternError, match=re.escape(said)):
        compile_pattern(pattern)


@pytest.mark.parametrize(
    ("refused", "rewritten"),
    [
        (r"\d+\d+\d+x", r"^\d{3,}x"),
        (r"\d+\d+\d+x", r"\d{3,99}x"),
        ("a.*b.*c", "^a[^b]*b.*c"),
        ("^.*: .*: .*!", "^[^:]*: [^:]*: .*!"),
        ("error.*timeout", "^.*error.{0,99}timeout"),
        ("(a|aa)+!", r"\ba+!"),
        (r"^(?:\w+\s?)+!", r"^(?:\w+\s)*\w*!"),
        ("^used: .*?, limited: .*?, left: .*?;", r"^used: \S+, limited: \S+, left: [^;]*;"),
    ],
)
def test_what_is_refused_can_be_written_safely(refused: str, rewritten: str) -> None:
    """A pattern with too many ways becomes accepted by the means that the errors name."""
    with pytest.raises(UnsafePatternError):
        compile_pattern(refused)
    assert compile_pattern(rewritten).pattern == rewritten


def test_a_dot_is_any_character() -> None:
    """Messages have several lines: a ``.`` takes line ends too."""
    assert compile_pattern("^a.b$").search("a\nb")
