"""values.yaml of the Helm chart as its readers see it: each value with the comment above it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

CHART = Path(__file__).resolve().parents[2] / "deploy" / "helm" / "kube-event-metrics"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Value:
    """One value. A section has others in it, and no default of its own."""

    path: tuple[str, ...]
    comment: str
    default: Any
    section: bool

    @property
    def name(self) -> str:
        """As `helm --set` takes it."""
        return ".".join(self.path)

    @property
    def shown(self) -> str:
        """The default, for a table."""
        return "" if self.section else f"`{json.dumps(self.default)}`"


def schema() -> Json:
    """values.schema.json as it stands."""
    read: Json = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    return read


def values() -> list[Value]:
    """All values, in the order of the file. What is in a value that the schema knows as a whole,
    such as `resources`, is part of its default.
    """
    text = (CHART / "values.yaml").read_text(encoding="utf-8")
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    assert isinstance(root, yaml.MappingNode)
    return list(_walk(root, yaml.safe_load(text), schema(), (), text.splitlines()))


def _walk(
    node: yaml.MappingNode, data: Json, known: Json, above: tuple[str, ...], lines: list[str]
) -> Iterator[Value]:
    for key, value in node.value:
        path = (*above, key.value)
        default = data[key.value]
        part = known.get("properties", {}).get(key.value, {})
        section = isinstance(default, dict) and bool(default) and "properties" in part
        yield Value(path, _comment(lines, key.start_mark.line), default, section)
        if section:
            yield from _walk(value, default, part, path, lines)


def _comment(lines: list[str], at: int) -> str:
    """What stands in the lines above one, up to the first that is no comment of its depth."""
    indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
    found: list[str] = []
    for line in reversed(lines[:at]):
        if not line.startswith(f"{indent}# "):
            break
        found.insert(0, line.removeprefix(f"{indent}# "))
    return " ".join(found)
