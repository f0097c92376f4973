"""Rule files with all sorts of mistakes in them: whatever they are, all of it is told, in words."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from exporter.config.strict_yaml import parse
from exporter.rules.loading import load
from exporter.rules.problems import RuleError
from exporter.rules.review import review
from tests.docs.markdown import DOCS

GOOD = parse((DOCS / "examples" / "rules.yaml").read_text("utf-8"))
JUNK = [None, 0, True, "", "x", "$name", "$nothing", "(a+)+", "*a*", [], ["x"], [5], {}, {"x": "y"}]
# A step into the file, and what becomes of it there.
steps = st.lists(st.integers(0, 9), min_size=1, max_size=5)
slips = st.tuples(steps, st.sampled_from(["drop", "rename", "junk", "twice"]), st.integers(0, 99))


def mistaken(data: Any, path: list[int], slip: str, number: int) -> None:
    """Make a mistake at a place of the file, as deep as it goes."""
    step, *rest = path
    keys = list(data) if isinstance(data, dict) else list(range(len(data)))
    if not keys:
        return
    key = keys[step % len(keys)]
    if rest and isinstance(data[key], dict | list) and data[key]:
        mistaken(data[key], rest, slip, number)
    elif slip == "drop":
        del data[key]
    elif slip == "junk":
        data[key] = copy.deepcopy(JUNK[number % len(JUNK)])
    elif isinstance(data, list):
        data.append(copy.deepcopy(data[key]))
    elif slip == "rename":
        data[f"{key}s"] = data.pop(key)
    else:
        data[f"other{number}"] = copy.deepcopy(data[key])


def loading_of(file: tuple[str, str]) -> str:
    """What loading it says; ``""`` where it can be used."""
    try:
        load([file], lambda: 0.0)
    except RuleError as error:
        return str(error)
    return ""


@settings(max_examples=300, deadline=None)
@given(st.lists(slips, max_size=6))
@example([([0, 0], "drop", 0), ([3, 0], "rename", 0), ([3, 0], "rename", 0)])
def test_the_review_of_files_finds_what_their_loading_finds(
    mistakes: list[tuple[list[int], str, int]],
) -> None:
    """It says that a file cannot be used where loading it is an error, and that error is among
    those it tells; each names the file, and none is told twice.
    """
    data = copy.deepcopy(GOOD)
    for path, slip, number in mistakes:
        mistaken(data, path, slip, number)
    file = ("own.yaml", json.dumps(data, indent=1))
    found = review([], [file])
    fatal = [str(finding) for finding in found.findings if finding.fatal]
    assert (problem := loading_of(file)) in fatal or not (problem or fatal)
    assert all(finding.where.startswith("own.yaml") for finding in found.findings)
    assert len(set(fatal)) == len(fatal)
