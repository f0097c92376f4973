"""What a search may cost: of a pattern alone, and of a cause table with all its rows."""

from __future__ import annotations

import pytest

from exporter.rules.language import EachCause
from exporter.rules.loading import built_in
from exporter.rules.patterns import MOST_STEPS, compile_pattern, most_steps
from exporter.rules.problems import RuleError
from exporter.rules.reading import read_rule_file
from tests.unit.rules.observing import rules

# A fifth of what is allowed, or a little more.
FIFTH = "|".join(f"word{number}" for number in range(36))


def test_the_rows_of_a_table_count_together() -> None:
    """Each is a pattern that may be used, and all of them are tried on one text."""
    assert 0.2 < most_steps(FIFTH) / MOST_STEPS < 0.25
    row = f"{{cause: c%d, pattern: '{FIFTH}'}}"
    few, many = (", ".join(row % number for number in range(rows)) for rows in (4, 5))
    rules(f"causes: {{why: [{few}]}}")
    for table in (f"[{many}]", f"{{each: true, rows: [{many}]}}"):
        with pytest.raises(RuleError) as caught:
            rules(f"causes: {{why: {table}}}")
        said = str(caught.value)
        assert said.startswith("test.yaml: causes: why: its rows together, c0 the most, can take")
        assert said.endswith("begin patterns with ^, or divide the table")


def test_the_built_in_catalogue_has_room() -> None:
    """No pattern of it comes near to what is allowed, and no table reaches three quarters."""
    files = [read_rule_file(name, text) for name, text in built_in()]
    messages = [rule.message for file in files for rule in file.rules if rule.message]
    tables = [
        [row.pattern for row in (table.rows if isinstance(table, EachCause) else table)]
        for file in files
        for table in file.causes.values()
    ]
    patterns = [*messages, *(pattern for table in tables for pattern in table)]
    assert len([pattern for pattern in patterns if most_steps(pattern) < 50_000]) > 200
    assert max(map(most_steps, patterns)) < 0.35 * MOST_STEPS
    assert max(sum(map(most_steps, table)) for table in tables) < 0.7 * MOST_STEPS


@pytest.mark.parametrize(
    ("pattern", "steps"),
    [
        # Each place is tried as the start, and there is one after the last character.
        ("a", 2049 + 1),
        ("^a", 2049 + 1 + 1),
        # Of this word one try begins where another is under way.
        ("ab", 2 * 2049 + 1),
        # At each place a choice and a character, at each once more what follows.
        ("^a*b", 2049 + 2 * 2049 + 2049 + 1),
        # What the pattern ends with is gone through once.
        ("a.*", 2049 + 2 * 2049 + 1),
    ],
)
def test_steps_are_what_one_can_count(pattern: str, steps: int) -> None:
    """Of patterns so short that the worst message is known, over 2,048 characters."""
    compile_pattern(pattern)
    assert most_steps(pattern) == steps
