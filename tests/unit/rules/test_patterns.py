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
    "one that may begin anywhere": r"\d+ bytes",
    "text before one that takes all": "Error: (?P<error>.*)$",
    "all that follows, after two": "^.*exceeded .*, used (?P<rest>.*)$",
    "a list": "^(?:[^,]+, )*[^,]+$",
    "words of a list": "(?:foo|far|bar)+",
    "branches that later characters tell apart": "(?:failed to call|failed to create)* x",
    "a loop in a loop that ends in one way": "(?:a+b)*c",
    "four numbers": r"^(?:\d{1,3}\.){3}\d{1,3}$",
    "a digest": "sha256:[0-9a-f]{64}",
    "an optional ending": "^Back-off(?:: (?P<error>.*))?$",
    "disjoint in one case only": "(?:a+A+b+)!",
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

REFUSED_CHAINS = [
    (".*.*.*!", "'.*' at position 0, '.*' at position 2: these repeats"),
    (r"\d+\d+\d+x", "to the power of 3); begin the pattern with ^, or let"),
    ("^.*a.*b.*c", "'.*' at position 1, '.*' at position 4, '.*' at position 7: these"),
    ("a.*b.*c", "with every place of the message tried as the start"),
    ("(?m)^.*a.*b", "with every place of the message tried as the start"),
    (r"^(?:\S+ ?){3}!", r"'\\S+' at position 4, '\\S+' at position 4, '\\S+' at position 4"),
    ("^(?:[ab]b)*[ab]*b*!", "'(?:[ab]b)*' at position 1, '[ab]*' at position 11, 'b*' at"),
    ("^(?:x|.*a).*b(?:y|.*c)!", "'.*' at position 6, '.*' at position 10, '.*' at position 18"),
    ("^.{0,999}.{0,999}.{0,999}!", "these repeats can share a text"),
    ("(?i)^a+A+a+!", "'a+' at position 5, 'A+' at position 7, 'a+' at position 9"),
    (r"(?i)^K+[\u212a]*k+!".replace(r"\u212a", "\u212a"), "these repeats can share a text"),
]

REFUSED_CHOICES = [
    ("a?" * 20 + "b", "which makes 524288 ways through the same text"),
    ("^(?:a|a){16}b", "'(?:a|a)' at position 1: choices that the next characters do not settle"),
    ("^.*a.{0,5}b.*!", "'.{0,5}' at position 4: choices"),
    ("^(?:(?:)?|(?:)?){16}!", "choices that the next characters do not settle"),
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


@pytest.mark.parametrize(("pattern", "said"), REFUSED_CHAINS)
def test_three_loops_that_share_a_text_are_refused(pattern: str, said: str) -> None:
    """More than two repeats that can share a text, the search for a start included, are an error
    that names each.
    """
    with pytest.raises(UnsafePatternError, match=re.escape(said)):
        compile_pattern(pattern)


@pytest.mark.parametrize(("pattern", "said"), REFUSED_CHOICES)
def test_many_ways_without_a_loop_are_refused(pattern: str, said: str) -> None:
    """Choices that multiply the ways through one text are an error that names some of them."""
    with pytest.raises(UnsafePatternError, match=re.escape(said)):
        compile_pattern(pattern)


@pytest.mark.parametrize(
    ("refused", "rewritten"),
    [
        (r"\d+\d+\d+x", r"\d{3,}x"),
        ("a.*b.*c", "^a.*b.*c"),
        ("^.*: .*: .*!", "^[^:]*: [^:]*: .*!"),
        ("(a|aa)+!", "a+!"),
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
