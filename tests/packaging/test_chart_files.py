"""The files of the Helm chart as they are; tests/envtest has what an API server makes of them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from exporter.config.options import BY_NAME
from tests.chart.files import SET_BY_VALUES
from tests.chart.values import CHART, schema, values
from tests.envtest.charted import PROFILES, values_file

# Values that are empty in values.yaml: what may be in them is in the schema alone.
_OPEN = {"config", "web.config"}
_TEMPLATES = "".join(path.read_text() for path in sorted((CHART / "templates").iterdir()))


def test_every_value_has_a_comment() -> None:
    """Of its own, which is a sentence."""
    described = values()
    assert len(described) > 90
    assert [each.name for each in described if not each.comment.endswith((".", "..."))] == []
    assert "secretName" in {each.path[-1] for each in described}


def test_values_and_schema_know_the_same() -> None:
    """Both ways, at each level; nothing else may be there."""
    described = values()
    sections = {each.path for each in described if each.section} | {()}
    open_ = set()
    for path, part in _parts(schema(), ()):
        if path in sections:
            keys = {each.path[-1] for each in described if each.path[:-1] == path}
            assert (path, part["properties"].keys()) == (path, keys)
        else:
            open_.add(".".join(path))
        assert (path, part["additionalProperties"]) == (path, False)
    assert {each for each in open_ if "[]" not in each} == _OPEN


def _parts(part: dict[str, Any], path: tuple[str, ...]) -> list[tuple[tuple[str, ...], Any]]:
    """(path, schema) of each object of known keys."""
    if "properties" not in part:
        items = part.get("items")
        return _parts(items, (*path, "[]")) if items and items.get("properties") else []
    found = [(path, part)]
    for key, below in part["properties"].items():
        found += _parts(below, (*path, key))
    return found


def test_each_option_is_a_value_or_can_be_given() -> None:
    """Not both: of two places one would win in silence."""
    assert BY_NAME.keys() >= SET_BY_VALUES
    given = schema()["properties"]["config"]["properties"].keys()
    assert given == BY_NAME.keys() - SET_BY_VALUES
    flags = set(re.findall(r"--([a-z][a-z.-]+)", _TEMPLATES)) & BY_NAME.keys()
    assert flags <= SET_BY_VALUES


def test_each_right_says_why_it_is_there() -> None:
    """In a comment above it."""
    lines = _TEMPLATES.splitlines()
    told = [lines[at - 1] for at, line in enumerate(lines) if line.startswith("- apiGroups")]
    assert len(told) == 8
    assert [line for line in told if not line.startswith("# ")] == []


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_says_what_it_is_for(name: str) -> None:
    """They are examples too."""
    first, second, *_ = values_file(name).read_text(encoding="utf-8").splitlines()
    assert first == "---"
    assert second.startswith("# ")
