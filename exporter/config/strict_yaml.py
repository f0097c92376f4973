# SPDX-License-Identifier: Apache-2.0
"""YAML without its traps: a key stands once, and what looks like a time stays text."""

from __future__ import annotations

import re
from typing import Any

import yaml

_TIMESTAMP = "tag:yaml.org,2002:timestamp"
_MERGE = "tag:yaml.org,2002:merge"

_BRACKETS = re.compile(r"[\[\]{}]")
_MAX_DEPTH = 100


class YamlError(ValueError):
    """A text that is no YAML; the message is one line and says where."""


# Whoever reads a time wants it as it is written.
_RESOLVERS = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class _Merging(yaml.constructor.SafeConstructor):
    """``<<`` as YAML 1.1 has it: a mapping's own keys win, then what is merged first.

    PyYAML 6.0.4 lets what is merged last win, and forgets what a merged mapping overrides.
    """

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """What is merged into the mapping becomes its own; each key stands once."""
        pairs: dict[object, tuple[yaml.Node, yaml.Node]] = {}
        merged: list[yaml.MappingNode] = []
        for key, value in node.value:
            if key.tag == _MERGE:
                merged += _mappings(value)
            else:
                pairs[_identity(key)] = key, value
        for mapping in merged:
            self.flatten_mapping(mapping)
            for key, value in mapping.value:
                pairs.setdefault(_identity(key), (key, value))
        node.value = list(pairs.values())


def _mappings(merged: yaml.Node) -> list[yaml.MappingNode]:
    found: list[yaml.MappingNode] = []
    for each in merged.value if isinstance(merged, yaml.SequenceNode) else [merged]:
        if not isinstance(each, yaml.MappingNode):
            raise YamlError(_at(each.start_mark, "only mappings can be merged with <<"))
        found.append(each)
    return found


def _identity(key: yaml.Node) -> object:
    return (key.tag, key.value) if isinstance(key, yaml.ScalarNode) else key


class _Loader(_Merging, yaml.SafeLoader):
    yaml_implicit_resolvers = _RESOLVERS


class _FastLoader(_Merging, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Ten times as fast, where it was built; but it recurses on the stack of C."""

    yaml_implicit_resolvers = _RESOLVERS


def parse(text: str) -> Any:
    """The one document of a text, None where it is empty; raises ``YamlError``."""
    if _depth(text) <= _MAX_DEPTH:
        try:
            return _parsed(_FastLoader, text)
        except YamlError:
            pass  # what is wrong is said in the words of the other
    return _parsed(_Loader, text)


def _parsed(kind: type[yaml.SafeLoader], text: str) -> Any:
    try:
        loader = kind(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            # Before it is constructed: that writes into the nodes what is merged with <<.
            _refuse_twins(node, set())
            return loader.construct_document(node)
        finally:
            loader.dispose()
    except YamlError:
        raise
    except yaml.MarkedYAMLError as error:
        raise YamlError(_at(error.problem_mark, error.problem or str(error.context))) from error
    except yaml.YAMLError as error:
        raise YamlError(" ".join(str(error).split())) from error
    except RecursionError:
        raise YamlError("is nested too deeply") from None
    except (ValueError, OverflowError, LookupError, AttributeError) as error:
        # Of scalars that look like a number and are none.
        raise YamlError(f"holds a value that cannot be read: {error}") from error


def _refuse_twins(node: yaml.Node, visited: set[int]) -> None:
    """YAML forbids a key that stands twice in a mapping; the parser takes the last."""
    if id(node) in visited:
        return
    visited.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_twins(item, visited)
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise YamlError(_at(key.start_mark, f"the key {key.value!r} stands twice"))
                seen.add(key.value)
            _refuse_twins(value, visited)


def _depth(text: str) -> int:
    """How deep its brackets are nested at the most, those in quotes included."""
    depth = deepest = 0
    for bracket in _BRACKETS.findall(text):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _at(mark: yaml.Mark | None, problem: str) -> str:
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}" if mark else problem
