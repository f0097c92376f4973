# SPDX-License-Identifier: Apache-2.0
"""What YAML holds, to the types that it should have; what is wrong is told with its key."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import inspect

from exporter.config.loading import nearest

# What msgspec says of a key, and where: "Object contains unknown field `x` - at `$.samples[0]`".
_UNKNOWN = re.compile(r"unknown field `(.*?)`")
_PLACE = re.compile(r"(?s)(.*?)(?: - at (`key` in )?`\$\.?(.*)`)?\Z")
_STEP = re.compile(r"\[[^]]*\]|[^.\[]+")


class TypedError(ValueError):
    """A value that is not of its type.

    ``key`` is where, such as ``samples[0].family``, and ``""`` for all of it. Of a key that is not
    known, ``place`` is what it stands in, and ``unknown`` the key itself.
    """

    def __init__(self, problem: str, place: str, unknown: str = "") -> None:
        self.problem = problem
        self.place = place
        self.unknown = unknown
        self.key = f"{place}.{unknown}".strip(".")
        super().__init__(f"{self.key}: {problem}" if self.key else problem)


def converted(value: Any, type_: Any) -> Any:
    """The value as this type; raises ``TypedError``."""
    try:
        return msgspec.convert(value, type_)
    except (msgspec.ValidationError, RecursionError) as error:
        said = _PLACE.match(str(error))
        problem, place = (said[1], said[3] or "") if said else (str(error), "")
        if said and said[2]:  # YAML reads no, on and 1 as something else
            problem = "a key is no text; put it between quotes"
        unknown = _UNKNOWN.search(problem)
        if unknown:
            problem = f"no such key{nearest(unknown[1], _keys_at(place, type_))}"
        raise TypedError(problem, place, unknown[1] if unknown else "") from error


def without(value: Any, error: TypedError) -> Any:
    """The value without the key that is not known; nothing of the old one is changed."""
    copy = above = _copied(value)
    for step in _STEP.findall(error.place):
        key: Any = int(step[1:-1]) if step.startswith("[") else step
        above[key] = _copied(above[key])
        above = above[key]
    del above[error.unknown]
    return copy


def _copied(value: Any) -> Any:
    return value.copy() if isinstance(value, dict | list) else value


def _keys_at(place: str, type_: Any) -> Iterable[str]:
    """The keys that can stand at a place of a type, such as ``samples[0]``."""
    types = _members(inspect.type_info(type_))
    for step in _STEP.findall(place):
        types = [found for one in types for found in _inside(one, step)]
    return [
        field.encode_name
        for one in types
        if isinstance(one, inspect.StructType)
        for field in one.fields
    ]


def _inside(type_: inspect.Type, step: str) -> list[inspect.Type]:
    if isinstance(type_, inspect.StructType):
        found = [field.type for field in type_.fields if field.encode_name == step]
    elif isinstance(type_, inspect.ListType):
        found = [type_.item_type]
    elif isinstance(type_, inspect.DictType):
        found = [type_.value_type]
    else:
        found = []
    return [member for one in found for member in _members(one)]


def _members(type_: inspect.Type) -> list[inspect.Type]:
    """The types of which a value has one, without what is said of them."""
    if isinstance(type_, inspect.Metadata):
        return _members(type_.type)
    if isinstance(type_, inspect.UnionType):
        return [member for one in type_.types for member in _members(one)]
    return [type_]
