# SPDX-License-Identifier: Apache-2.0
"""YAML without its traps: a key stands once, and what looks like a time stays text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml
from yaml.constructor import ConstructorError, SafeConstructor

_TIMESTAMP = "tag:yaml.org,2002:timestamp"
_MERGE = "tag:yaml.org,2002:merge"
_VALUE = "tag:yaml.org,2002:value"
_TEXT = "tag:yaml.org,2002:str"
_BRACKETS = re.compile(r"[\[\]{}]")
_MAX_DEPTH = 100


class YamlError(ValueError):
    """A text that is no YAML; the message is one line and says where."""


class TwinError(YamlError):
    """A key that stands twice in a mapping."""

    def __init__(self, keys: tuple[str, ...], mark: yaml.Mark) -> None:
        super().__init__(_at(mark, f"the key {keys[-1]!r} stands twice"))
        self.keys = keys
        """It and those of the mappings around it, the outermost first."""
        self.line = mark.line + 1
        """Where it stands again."""


# Whoever reads a time wants it as it is written.
_RESOLVERS = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class _Merging(SafeConstructor):
    """Reads ``<<`` as YAML says: a key's own value counts, then that of the first mapping with it.

    PyYAML 6.0.4 does not: it takes keys for the same that are one object, and for others the last.
    """

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Put what is merged with ``<<`` in its place."""
        merged: dict[object, tuple[yaml.Node, yaml.Node]] = {}
        own: dict[object, tuple[yaml.Node, yaml.Node]] = {}
        for key, value in node.value:
            if key.tag == _VALUE:  # =, which is text wherever a key is
                key.tag = _TEXT
            if key.tag != _MERGE:
                own[_identity(key)] = key, value
                continue
            for source in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                if not isinstance(source, yaml.MappingNode):
                    problem = "only mappings can be merged with <<"
                    raise ConstructorError(None, None, problem, source.start_mark)
                self.flatten_mapping(source)
                for pair in source.value:
                    merged.setdefault(_identity(pair[0]), pair)
        node.value = list((merged | own).values())


def _identity(key: yaml.Node) -> object:
    return (key.tag, key.value) if isinstance(key, yaml.ScalarNode) else id(key)


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


def lines(text: str, depth: int) -> Iterator[tuple[tuple[str | int, ...], int]]:
    """Where the keys and items of a text that can be parsed stand, so many levels deep."""
    node = yaml.compose(text, _FastLoader if _depth(text) <= _MAX_DEPTH else _Loader)
    return _lines(node, (), depth)


def _lines(
    node: yaml.Node | None, path: tuple[str | int, ...], depth: int
) -> Iterator[tuple[tuple[str | int, ...], int]]:
    if depth and isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            own = (*path, str(key.value))
            yield own, key.start_mark.line + 1
            yield from _lines(value, own, depth - 1)
    elif depth and isinstance(node, yaml.SequenceNode):
        for place, item in enumerate(node.value):
            yield (*path, place), item.start_mark.line + 1
            yield from _lines(item, (*path, place), depth - 1)


def _parsed(kind: type[yaml.SafeLoader], text: str) -> Any:
    try:
        loader = kind(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            # Before it is constructed: that writes into the nodes what is merged with <<.
            _refuse_twins(node, (), set())
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


def _refuse_twins(node: yaml.Node, keys: tuple[str, ...], visited: set[int]) -> None:
    """YAML forbids a key that stands twice in a mapping; the parser takes the last."""
    if id(node) in visited:
        return
    visited.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_twins(item, keys, visited)
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            own = (*keys, str(key.value))
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise TwinError(own, key.start_mark)
                seen.add(key.value)
            _refuse_twins(value, own, visited)


def _depth(text: str) -> int:
    """How deep its brackets are nested at the most, those in quotes included."""
    depth = deepest = 0
    for bracket in _BRACKETS.findall(text):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _at(mark: yaml.Mark | None, problem: str) -> str:
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}" if mark else problem
